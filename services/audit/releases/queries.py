"""Every statement of the releases room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.people import Person
from shared.models.releases import HeldReview


def select_held(*, waits: bool | None) -> Select[Any]:
    """`waits`: for somebody's look, or not."""
    statement = select(HeldReview)
    if waits is None:
        return statement
    unseen = and_(col(HeldReview.needs_check), col(HeldReview.checked_at).is_(None))
    return statement.where(unseen if waits else ~unseen)


async def get_held(session: AsyncSession, audit_id: UUID, *, lock: bool = False) -> HeldReview:
    """Raises NotFound: also where it is released by now."""
    held = await find_held(session, audit_id, lock=lock)
    if held is None:
        raise NotFound
    return held


async def find_held(session: AsyncSession, audit_id: UUID, *, lock: bool = False) -> HeldReview | None:
    statement = select(HeldReview).where(col(HeldReview.audit_id) == audit_id)
    if lock:
        statement = statement.with_for_update(of=HeldReview).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def drop_held(session: AsyncSession, held: HeldReview) -> None:
    """Its words are in a review or in a draft from now on."""
    mine = (col(HeldReview.ticket_id) == held.ticket_id, col(HeldReview.audit_id) == held.audit_id)
    await session.execute(delete(HeldReview).where(*mine).execution_options(synchronize_session=False))


async def is_here(session: AsyncSession, person_id: UUID) -> bool:
    person = await session.get(Person, person_id)
    return person is not None and person.is_active


async def list_due(session: AsyncSession, now: datetime, limit: int) -> Sequence[UUID]:
    """Audits whose verdict waits for nothing any more."""
    looked_at = or_(~col(HeldReview.needs_check), col(HeldReview.is_approved).is_(True))
    its_time = or_(col(HeldReview.release_at).is_(None), col(HeldReview.release_at) <= now)
    given_back = col(HeldReview.is_approved).is_(False)
    statement = (
        select(col(HeldReview.audit_id))
        .where(or_(and_(looked_at, its_time), given_back))
        .order_by(col(HeldReview.submitted_at), col(HeldReview.audit_id))
        .limit(limit)
    )
    return (await session.scalars(statement)).all()
