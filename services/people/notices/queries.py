"""Every statement of the notices room."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.notices import Notice, NoticeReading


def select_notices(reader_id: UUID, *, signal: str | None, is_acknowledged: bool | None) -> Select[Any]:
    """With when the reader acknowledged each."""
    mine = (col(NoticeReading.notice_id) == Notice.id) & (col(NoticeReading.person_id) == reader_id)
    at = col(NoticeReading.acknowledged_at)
    statement = select(*Notice.__table__.columns, at).outerjoin_from(Notice, NoticeReading, mine)  # type: ignore[attr-defined]  # a table's class has one
    if signal is not None:
        statement = statement.where(col(Notice.signals).contains([signal]))
    if is_acknowledged is not None:
        statement = statement.where(at.is_not(None) if is_acknowledged else at.is_(None))
    return statement


async def get_notice(session: AsyncSession, reader_id: UUID, notice_id: UUID) -> Any:
    statement = select_notices(reader_id, signal=None, is_acknowledged=None)
    found = (await session.execute(statement.where(col(Notice.id) == notice_id))).one_or_none()
    if found is None:
        raise NotFound
    return found


def select_readings(notice_id: UUID) -> Select[Any]:
    person_id = col(NoticeReading.person_id)
    shown: list[Any] = [person_id.label("id"), person_id, col(NoticeReading.acknowledged_at)]
    return select(*shown).where(col(NoticeReading.notice_id) == notice_id)


async def acknowledge(session: AsyncSession, notice_id: UUID, person_id: UUID, at: datetime) -> None:
    """The first time counts."""
    row = {"notice_id": notice_id, "person_id": person_id, "acknowledged_at": at}
    await session.execute(insert(NoticeReading).values(row).on_conflict_do_nothing())


async def covered_since(session: AsyncSession, vendor_id: UUID | None) -> dict[str, datetime]:
    """Signal → when the first notice about it was published that people of this vendor see."""
    theirs = or_(col(Notice.vendor_id).is_(None), col(Notice.vendor_id) == vendor_id)
    signal = func.jsonb_array_elements_text(col(Notice.signals)).table_valued("value", joins_implicitly=True)
    first = func.min(col(Notice.published_at))
    rows = await session.execute(select(signal.c.value, first).where(theirs).group_by(signal.c.value))
    return {name: at for name, at in rows}  # noqa: C416  # the library says that rows are no pairs
