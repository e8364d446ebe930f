"""The audit trail: each transaction that changed something, or read what people wrote or who they are, leaves
one entry, written just before it commits. Nobody has to remember to: `Database.transaction` does it.

Deliveries of help desks are not entered when they come in: the inbox is their record. What the worker
makes of them is.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import event, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql.dml import UpdateBase

from shared import clock, driver
from shared.ids import new_id

PLUMBING = frozenset({"event", "delivery", "idempotency_key", "trail_entry", "trail_waiting", "trail_link"})
"""Written along with what they belong to. On their own they are a change only when a person makes it."""
STATED = frozenset(
    {"role", "is_active", "vendor_id", "lead_id", "state", "is_paused", "outcome", "specialist_id", "scopes"}
)
"""Columns whose new value is entered too: they say who may do what, and hold no words."""
MAX_LISTED = 200
"""How many rows one entry names; of more, it says how many there were."""


def note_read(session: AsyncSession, action: str, ids: Iterable[UUID], purpose: str | None = None) -> None:
    """What this transaction shows is personal: entered when it ends. `purpose`: the reader's own words."""
    note = session.sync_session.info
    note.setdefault("reads", []).append({"action": action, "ids": [str(one) for one in ids]})
    if purpose:
        note["purpose"] = purpose


FIELDS = (
    "id", "entered_at", "actor_kind", "actor_id", "action", "route", "changes", "reads", "purpose",
    "request_id",
)  # fmt: skip
"""What an entry says: all of it is under its MAC."""
ENTRIES = "trail entries"
"""What the key of the MACs is for (`crypto.key_for`)."""


def content(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as it is marked, linked and exported: plain JSON, the same before and after it was stored."""
    return {name: _plain(entry[name]) for name in FIELDS}


def mac_of(key: bytes, told: Mapping[str, Any]) -> bytes:
    """HMAC-SHA256 of what `content` told."""
    said = orjson.dumps({name: told.get(name) for name in FIELDS}, option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, said, hashlib.sha256)


async def write(session: AsyncSession, key: bytes) -> None:
    """Enters what the transaction did, if it did anything that counts. One statement."""
    await session.flush()
    note = session.info
    actor = note.get("actor")
    own = PLUMBING - {"delivery"} if actor else PLUMBING
    changes = [one for one in note.get("changes", []) if one["table"] not in own]
    reads = note.get("reads", [])
    if not changes and not reads:
        return
    kind = "command" if actor is None and "action" not in note else "worker"
    if actor is not None:
        kind = "service" if actor.role == "service" else "person"
    entry = {
        "id": new_id(), "entered_at": clock.now(), "actor_kind": kind,
        "actor_id": actor.id if actor else None, "action": note.get("action", "command"),
        "route": note.get("route"), "changes": _shortened(changes), "reads": reads,
        "purpose": note.get("purpose"),
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
    }  # fmt: skip
    values = entry | {name: orjson.dumps(entry[name]).decode() for name in ("changes", "reads")}
    mac = mac_of(key, content(entry))
    await driver.execute(session, _WRITE, *(values[name] for name in FIELDS), mac)


_WRITE = """
    WITH new AS (
        INSERT INTO trail_entry
            (id, entered_at, actor_kind, actor_id, action, route, changes, reads, purpose, request_id, mac)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8::text::jsonb, $9, $10, $11)
    )
    INSERT INTO trail_waiting (entry_id) VALUES ($1)
"""


def _shortened(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(changes) <= MAX_LISTED:
        return changes
    rest = len(changes) - MAX_LISTED
    return [*changes[:MAX_LISTED], {"table": "", "id": None, "change": "written", "more": rest}]


# ---- Noticing ---------------------------------------------------------------------------------------


def watch(session: AsyncSession) -> None:
    """From here on, what is flushed and what is executed is noted."""
    event.listen(session.sync_session, "before_flush", _note_flush)
    event.listen(session.sync_session, "do_orm_execute", _note_statement)


def _note_flush(session: Session, *_: Any) -> None:
    for change, rows in (("added", session.new), ("changed", session.dirty), ("removed", session.deleted)):
        for row in rows:
            state: Any = inspect(row)
            touched = [
                column.key for column in state.mapper.column_attrs
                if change == "added" or state.attrs[column.key].history.has_changes()
            ]  # fmt: skip
            if change == "changed" and not touched:
                continue
            to = {name: _plain(getattr(row, name)) for name in touched if name in STATED}
            note: dict[str, Any] = {
                "table": state.mapper.local_table.name,
                "id": _plain(getattr(row, "id", None)),
                "change": change,
            }
            if change == "changed":
                note["columns"] = sorted(touched)
            if to:
                note["to"] = to
            session.info.setdefault("changes", []).append(note)


def _note_statement(execution: ORMExecuteState) -> None:
    statement = execution.statement
    if isinstance(statement, UpdateBase):
        note = {"table": str(statement.table), "id": None, "change": "written"}
        notes = execution.session.info.setdefault("changes", [])
        if note not in notes:
            notes.append(note)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value
