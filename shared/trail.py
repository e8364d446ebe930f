"""The audit trail: each transaction that changed something, or read what people wrote or who they are, leaves
one entry, written just before it commits. Nobody has to remember to: `Database.transaction` does it.

Deliveries of help desks are not entered when they come in: the inbox is their record. What the worker
makes of them is.
"""

from collections.abc import Iterable
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


def note_change(session: AsyncSession, table: str, row_id: UUID, columns: Iterable[str]) -> None:
    """What a function of the database changed: nobody else would notice."""
    note = {"table": table, "id": str(row_id), "change": "changed", "columns": sorted(columns)}
    session.sync_session.info.setdefault("changes", []).append(note)


async def write(session: AsyncSession) -> None:
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
    await driver.execute(
        session, _WRITE, new_id(), clock.now(), kind, actor.id if actor else None,
        note.get("action", "command"), note.get("route"), orjson.dumps(_shortened(changes)).decode(),
        orjson.dumps(reads).decode(), note.get("purpose"),
        structlog.contextvars.get_contextvars().get("request_id"),
    )  # fmt: skip


_WRITE = """
    WITH new AS (
        INSERT INTO trail_entry
            (id, entered_at, actor_kind, actor_id, action, route, changes, reads, purpose, request_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8::text::jsonb, $9, $10)
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
    return str(value) if isinstance(value, UUID) else value
