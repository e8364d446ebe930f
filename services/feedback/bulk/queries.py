"""Every statement of the bulk room. Straight to the driver: at tens of thousands of rows a second,
what stands between costs more than the database does."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import outbox
from shared.db import Database
from shared.events import SUBSCRIBERS, BulkReceived
from shared.ids import new_id
from shared.models.feedback import InboxRow

Columns = tuple[list[UUID], list[str], list[bytes]]
"""Inbox ids, each once; source keys; bodies"""

_STORE = (
    """
    WITH told AS (
        SELECT * FROM unnest($3::uuid[], $4::text[], $5::bytea[])
        WITH ORDINALITY AS told (id, source_key, body, place)
    ),
    new AS (
        INSERT INTO inbox (id, connection_id, source_key, headers, body, body_sha256, received_at, is_held)
        SELECT told.id, $1, told.source_key, '{}', told.body, sha256(told.body), $2, false FROM told
        ON CONFLICT DO NOTHING
        RETURNING id
    ),
    together AS (
        SELECT (told.place - 1) / $6::integer + 1 AS number, jsonb_agg(new.id) AS ids
        FROM new JOIN told ON told.id = new.id
        GROUP BY number
    ),
    due AS (
        SELECT ($7::uuid[])[number] AS event_id, ($8::uuid[])[number] AS delivery_id,
            jsonb_build_object('inbox_ids', ids) AS payload
        FROM together
    ),
"""
    + outbox.PUBLISH_DUE.format(type="$9::text", handler="$10::text", at="$2")
    + """
    SELECT id FROM new
"""
)
(_HANDLER,) = SUBSCRIBERS[BulkReceived]


async def store_lines(
    db: Database, connection_id: UUID, columns: Columns, at: datetime, *, together: int
) -> set[UUID]:
    """Commits the lines that are not here yet, with one event for every so many of them. Returns the
    ids that are new."""
    groups = (len(columns[0]) - 1) // together + 1
    new_ids = [new_id() for _ in range(groups)], [new_id() for _ in range(groups)]
    kind = BulkReceived.__name__
    rows = await db.fetch(_STORE, connection_id, at, *columns, together, *new_ids, kind, _HANDLER)
    return {row[0] for row in rows}


async def list_inbox(session: AsyncSession, inbox_ids: Sequence[UUID]) -> Sequence[InboxRow]:
    statement = select(InboxRow).where(col(InboxRow.id).in_(inbox_ids)).order_by(col(InboxRow.id))
    return (await session.scalars(statement)).all()
