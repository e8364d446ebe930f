"""Every statement of the inbox."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import driver
from shared.models.feedback import Connection, InboxRow

Row = tuple[UUID, UUID, int, str, str, bytes, bytes]
"""(inbox id, connection id, its revision, source key, headers as JSON, body, its hash)"""

_INSERT = """
    INSERT INTO inbox (id, connection_id, source_key, headers, body, body_sha256, received_at, is_held)
    SELECT told.id, told.connection_id, source_key, told.headers::jsonb, told.body, told.sha256, $8, false
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::bytea[], $7::bytea[])
        AS told (id, connection_id, revision, source_key, headers, body, sha256)
    JOIN connection ON connection.id = told.connection_id AND connection.revision = told.revision
    ON CONFLICT DO NOTHING
    RETURNING id
"""


async def insert_once(session: AsyncSession, rows: Sequence[Row], at: datetime) -> set[UUID]:
    """Rows that are not here yet, and whose connection is still at the `revision` by which they were
    found genuine. Returns the ids that are new."""
    found = await driver.fetch(session, _INSERT, *zip(*rows, strict=True), at)
    return {UUID(int=row[0].int) for row in found}


async def hashes(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, bytes]:
    """id → hash of the body that came first, of those that are here."""
    rows = await session.execute(
        select(col(InboxRow.id), col(InboxRow.body_sha256)).where(
            col(InboxRow.id) == func.any(bindparam("ids", list(ids), ARRAY(Uuid())))
        )
    )
    return {row.id: row.body_sha256 for row in rows}


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
