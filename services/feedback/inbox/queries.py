"""Every statement of the inbox."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import driver, outbox
from shared.db import Database
from shared.events import SUBSCRIBERS, WebhookReceived
from shared.ids import new_id
from shared.models.feedback import Connection, InboxRow

Row = tuple[UUID, UUID, int, str, str, bytes, bytes]
"""(inbox id, connection id, its revision, source key, headers as JSON, body, its hash)"""

_STORE = (
    """
    WITH told AS (
        SELECT *
        FROM unnest(
            $1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::bytea[], $7::bytea[],
            $8::uuid[], $9::uuid[]
        ) AS told (id, connection_id, revision, source_key, headers, body, sha256, event_id, delivery_id)
    ),
    new AS (
        INSERT INTO inbox (id, connection_id, source_key, headers, body, body_sha256, received_at, is_held)
        SELECT told.id, told.connection_id, source_key, told.headers::jsonb, body, sha256, $10, false
        FROM told
        JOIN connection ON connection.id = told.connection_id AND connection.revision = told.revision
        ON CONFLICT DO NOTHING
        RETURNING id
    ),
    due AS (
        SELECT told.event_id, told.delivery_id, jsonb_build_object($12::text, new.id) AS payload
        FROM new JOIN told ON told.id = new.id
    ),
"""
    + outbox.PUBLISH_DUE.format(type="$11::text", handler="$13::text", at="$10")
    + """
    SELECT id FROM new
"""
)
_TYPE, _FIELD = WebhookReceived.__name__, "inbox_id"
(_HANDLER,) = SUBSCRIBERS[WebhookReceived]


async def store_once(db: Database, rows: Sequence[Row], at: datetime) -> set[UUID]:
    """Commits the rows that are not here yet, and whose connection is still at the `revision` by which
    they were found genuine, each with its event. Returns the ids that are new. Ids are given once."""
    return {UUID(int=row[0].int) for row in await db.fetch(_STORE, *_values(rows, at))}


async def store_in(session: AsyncSession, rows: Sequence[Row], at: datetime) -> set[UUID]:
    """The same, within a transaction."""
    return {UUID(int=row[0].int) for row in await driver.fetch(session, _STORE, *_values(rows, at))}


def _values(rows: Sequence[Row], at: datetime) -> tuple[Any, ...]:
    new_ids = [new_id() for _ in rows], [new_id() for _ in rows]
    return *zip(*rows, strict=True), *new_ids, at, _TYPE, _FIELD, _HANDLER


async def hashes(db: Database, ids: Collection[UUID]) -> dict[UUID, bytes]:
    """id → hash of the body that came first, of those that are here."""
    statement = "SELECT id, body_sha256 FROM inbox WHERE id = ANY($1::uuid[])"
    return {UUID(int=row[0].int): row[1] for row in await db.fetch(statement, list(ids))}


async def find_repeat(
    session: AsyncSession, connection_id: UUID, source_key: str, *, since: datetime
) -> UUID | None:
    """The row of the same key that came since then. Whoever asks holds the key until the transaction
    ends, so that two of the same cannot both find nothing."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(source_key, 0))))
    statement = select(col(InboxRow.id)).where(
        col(InboxRow.connection_id) == connection_id,
        col(InboxRow.received_at) > since,
        col(InboxRow.source_key) == source_key,
    )
    return (await session.scalars(statement.limit(1))).first()


async def forget_raw(session: AsyncSession, *, now: datetime, limit: int = 1000) -> int:
    """Bytes that were understood and whose connection keeps them no longer are removed; the row stays,
    so that a late repeat is still one. Returns how many."""
    due = (
        select(col(InboxRow.id))
        .join(Connection, col(Connection.id) == col(InboxRow.connection_id))
        .where(
            col(InboxRow.body_removed_at).is_(None),
            col(InboxRow.understood_at) < now - func.make_interval(0, 0, 0, col(Connection.raw_kept_days)),
        )
        .limit(limit)
        .with_for_update(of=InboxRow, skip_locked=True)
    )
    done = await session.execute(
        update(InboxRow)
        .where(col(InboxRow.id).in_(due))
        .values(body=b"", body_removed_at=now)
        .returning(col(InboxRow.id))
    )
    return len(done.all())
