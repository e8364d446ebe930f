"""Every statement of the appeals service."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.appeals import Appeal, Ruling
from shared.models.audit import Review, ReviewAuthor, ScorecardVersion
from shared.models.people import Person


def select_appeals(*, state: str | None, review_id: UUID | None, agent_id: UUID | None) -> Select[Any]:
    statement = select(Appeal)
    equal = {"state": state, "review_id": review_id, "agent_id": agent_id}
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(getattr(Appeal, name) == value)
    return statement


async def rulings_of(session: AsyncSession, appeal_ids: list[UUID]) -> dict[UUID, Ruling]:
    rows = await session.execute(select(Ruling).where(col(Ruling.appeal_id).in_(appeal_ids)))
    return {ruling.appeal_id: ruling for ruling in rows.scalars()}


async def get_appeal(session: AsyncSession, appeal_id: UUID, *, lock: bool = False) -> Appeal:
    statement = select(Appeal).where(col(Appeal.id) == appeal_id)
    if lock:
        statement = statement.with_for_update()
    appeal = (await session.execute(statement)).scalar_one_or_none()
    if appeal is None:
        raise NotFound
    return appeal


async def lock_taken(session: AsyncSession, resolver_id: UUID) -> list[Appeal]:
    statement = (
        select(Appeal)
        .where(col(Appeal.resolver_id) == resolver_id, col(Appeal.state) == "in_review")
        .order_by(col(Appeal.id))
        .with_for_update()
    )
    return list((await session.execute(statement)).scalars())


async def get_review(session: AsyncSession, review_id: UUID) -> tuple[Review, dict[str, Any], UUID | None]:
    """(review, its scorecard's card, the agent's lead). Locked: it cannot be superseded meanwhile."""
    row = (
        await session.execute(
            select(Review, col(ScorecardVersion.card), col(Person.lead_id))
            .join(ScorecardVersion, col(ScorecardVersion.id) == col(Review.scorecard_version_id))
            .outerjoin(Person, col(Person.id) == col(Review.agent_id))
            .where(col(Review.id) == review_id)
            .with_for_update(of=Review, read=True)
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1], row[2]


async def list_reviewers(session: AsyncSession, review: Review) -> frozenset[UUID]:
    """Who made any version of this audit's review."""
    statement = (
        select(col(ReviewAuthor.reviewer_id))
        .join(
            Review,
            (col(Review.ticket_id) == col(ReviewAuthor.ticket_id))
            & (col(Review.id) == col(ReviewAuthor.review_id)),
        )
        .where(col(Review.ticket_id) == review.ticket_id, col(Review.audit_id) == review.audit_id)
    )
    return frozenset(await session.scalars(statement))


async def is_being_replaced(session: AsyncSession, review_id: UUID) -> bool:
    """A ruling has changed this review's answers; its next version is on its way, or here."""
    statement = select(
        select(Ruling)
        .join(Appeal, col(Appeal.id) == col(Ruling.appeal_id))
        .where(col(Appeal.review_id) == review_id, col(Ruling.outcome) != "upheld")
        .exists()
    )
    return bool(await session.scalar(statement))


async def lock_appeals(session: AsyncSession, appeal_ids: Collection[UUID]) -> Sequence[Appeal]:
    statement = select(Appeal).where(col(Appeal.id).in_(appeal_ids)).order_by(col(Appeal.id))
    return (await session.scalars(statement.with_for_update())).all()


async def blank_rulings(session: AsyncSession, appeal_ids: Collection[UUID], text: str) -> None:
    await session.execute(update(Ruling).where(col(Ruling.appeal_id).in_(appeal_ids)).values(text=text))
