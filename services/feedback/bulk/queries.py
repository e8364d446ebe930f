"""Every statement of the bulk room. Straight to the driver: at tens of thousands of rows a second,
what stands between costs more than the database does."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import driver
from shared.models.feedback import InboxRow

Line = tuple[UUID, str, bytes, bytes]
"""(inbox id, source key, body, its hash)"""

_INSERT = """
    INSERT INTO inbox (id, connection_id, source_key, headers, body, body_sha256, received_at, is_held)
    SELECT line.id, $1, line.source_key, '{}', line.body, line.sha256, $2, false
    FROM unnest($3::uuid[], $4::text[], $5::bytea[], $6::bytea[]) AS line (id, source_key, body, sha256)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


async def insert_lines(
    session: AsyncSession, connection_id: UUID, lines: Sequence[Line], at: datetime
) -> set[UUID]:
    """Returns the ids that are new here."""
    ids, keys, bodies, hashes = zip(*lines, strict=True)
    rows = await driver.fetch(session, _INSERT, connection_id, at, ids, keys, bodies, hashes)
    return {UUID(int=row[0].int) for row in rows}


async def list_inbox(session: AsyncSession, inbox_ids: Sequence[UUID]) -> Sequence[InboxRow]:
    statement = select(InboxRow).where(col(InboxRow.id).in_(inbox_ids)).order_by(col(InboxRow.id))
    return (await session.scalars(statement)).all()
