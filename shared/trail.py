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
from sqlalchemy import BindParameter, Uuid, event, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import operators
from sqlalchemy.sql.dml import UpdateBase

from shared import clock, driver
from shared.bulk import ROWS
from shared.ids import new_id

PLUMBING = frozenset({"event", "delivery", "idempotency_key", "trail_entry", "trail_waiting", "trail_link"})
"""Written along with what they belong to. On their own they are a change only when a person makes it."""
STATED = frozenset(
    {"role", "is_active", "vendor_id", "lead_id", "state", "is_paused", "outcome", "specialist_id", "scopes"}
)
"""Columns whose new value is entered too: they say who may do what, and hold no words."""
MAX_LISTED = 200
"""How many rows one change names; of more, it says how many there were."""


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


def note_change(session: AsyncSession, table: str, row_id: UUID, columns: Iterable[str]) -> None:
    """What a function of the database changed: nobody else would notice."""
    change = {"table": table, "change": "changed", "columns": sorted(columns)}
    _note(session.sync_session, change, [row_id])


async def write(session: AsyncSession, key: bytes) -> None:
    """Enters what the transaction did, if it did anything that counts. One statement."""
    await session.flush()
    note = session.info
    actor, is_command = note.get("actor"), note.get("is_command", False)
    # Whoever sends a delivery round again has changed something; the queue's own moves are none.
    own = PLUMBING - {"delivery"} if actor or is_command else PLUMBING
    changes = [change for change in _told(note) if change["table"] not in own]
    reads = note.get("reads", [])
    if not changes and not reads:
        return
    kind = "command" if is_command or (actor is None and "action" not in note) else "worker"
    if actor is not None:
        kind = "service" if actor.role == "service" else "person"
    entry = {
        "id": new_id(), "entered_at": clock.now(), "actor_kind": kind,
        "actor_id": actor.id if actor else None, "action": note.get("action", "command"),
        "route": note.get("route"), "changes": changes, "reads": reads,
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


def _told(note: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was noted, as it is entered."""
    told = []
    for change, ids in note.get("changes", {}).values():
        more = {"more": len(ids) - MAX_LISTED} if len(ids) > MAX_LISTED else {}
        told.append(change | {"ids": list(ids)[:MAX_LISTED]} | more)
    return told


# ---- Noticing ---------------------------------------------------------------------------------------


def watch(session: AsyncSession) -> None:
    """From here on, what is flushed and what is executed is noted."""
    event.listen(session.sync_session, "before_flush", _note_flush)
    event.listen(session.sync_session, "do_orm_execute", _note_statement)


def _note(session: Session, change: dict[str, Any], ids: Iterable[Any]) -> None:
    """Equal changes of a table's rows are one, with all their ids."""
    noted = session.info.setdefault("changes", {})
    _, known = noted.setdefault(orjson.dumps(change), (change, {}))
    known.update(dict.fromkeys(str(one) for one in ids if one is not None))


def _note_flush(session: Session, *_: Any) -> None:
    for kind, rows in (("added", session.new), ("changed", session.dirty), ("removed", session.deleted)):
        for row in rows:
            state: Any = inspect(row)
            touched = [
                column.key for column in state.mapper.column_attrs
                if kind == "added" or state.attrs[column.key].history.has_changes()
            ]  # fmt: skip
            if kind == "changed" and not touched:
                continue
            table = state.mapper.local_table
            to = {name: getattr(row, name) for name in touched if name in STATED}
            columns = touched if kind == "changed" else []
            _note(session, _change(table, kind, columns, to), [getattr(row, _naming(table))])


def _note_statement(execution: ORMExecuteState) -> Any:
    statement: Any = execution.statement  # what it says is not part of its public face
    if not isinstance(execution.statement, UpdateBase):
        return None
    result: Any = execution.invoke_statement()
    if getattr(getattr(result, "raw", result), "rowcount", None) == 0:
        return result  # nothing was there to be changed, or all was there already
    table = statement.table
    to: Mapping[str, Any] = {}
    columns: Iterable[str] = ()
    if statement.is_insert:
        rows = _inserted(statement, execution.parameters)
        # Of what was there already nothing tells whether it was changed.
        kind = "added" if statement._post_values_clause is None else "written"
        ids = [row.get(_naming(table)) for row in rows]
        to = rows[0] if len(rows) == 1 else {}
    elif statement.is_update:
        to = _read(statement._values or {})
        kind, columns, ids = "changed", to, _asked_for(statement, _naming(table))
    else:
        kind, ids = "removed", _asked_for(statement, _naming(table))
    _note(execution.session, _change(table, kind, columns, to), ids)
    return result


def _change(table: Any, kind: str, columns: Iterable[str], to: Mapping[str, Any]) -> dict[str, Any]:
    change: dict[str, Any] = {"table": table.name, "change": kind}
    if columns:
        change["columns"] = sorted(columns)
    if stated := {name: _plain(to[name]) for name in sorted(STATED & to.keys()) if _is_plain(to[name])}:
        change["to"] = stated
    return change


def _naming(table: Any) -> str:
    """The column that says which row it is: its own id, else the last id in its key (whose it is)."""
    key = [column for column in table.primary_key.columns if isinstance(column.type, Uuid)]
    names = [column.name for column in key] or [column.name for column in table.primary_key.columns]
    return "id" if "id" in names else names[-1]


def _inserted(statement: Any, parameters: Any) -> list[dict[str, Any]]:
    """The rows that an INSERT names, by column; none where a SELECT keeps them to itself."""
    if (rows := statement.get_execution_options().get(ROWS)) is not None:
        return list(rows)
    if parameters:
        return list(parameters) if isinstance(parameters, list) else [parameters]
    given = [row for rows in statement._multi_values for row in rows]
    return [_read(row) for row in given or [statement._values or {}]]


def _asked_for(statement: Any, name: str) -> list[Any]:
    """The ids that a WHERE asks for by `=` or `IN`; none where it asks in another way."""
    found: list[Any] = []
    for condition in statement._where_criteria:
        for one in getattr(condition, "clauses", [condition]):
            left, right = getattr(one, "left", None), getattr(one, "right", None)
            if getattr(left, "key", None) != name or str(getattr(left, "table", "")) != statement.table.name:
                continue
            if one.operator in (operators.eq, operators.in_op) and isinstance(right, BindParameter):
                given: Any = right.value
                found += given if one.operator is operators.in_op else [given]
    return found


def _read(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Column → value of a statement's VALUES or SET; an expression stays one."""
    return {
        str(getattr(column, "key", column)): given.value if isinstance(given, BindParameter) else given
        for column, given in values.items()
    }


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | UUID | list)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value
