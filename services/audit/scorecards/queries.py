"""Every statement of the scorecards room."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.audit.scorecards.applying import fits
from shared.errors import NotFound
from shared.models.audit import Audit, Review, Scorecard, ScorecardVersion
from shared.models.feedback import Ticket


def select_scorecards() -> Select[Any]:
    return select(Scorecard)


def select_versions(scorecard_id: UUID) -> Select[Any]:
    return select(ScorecardVersion).where(col(ScorecardVersion.scorecard_id) == scorecard_id)


async def lock_scorecard(session: AsyncSession, scorecard_id: UUID) -> Scorecard:
    statement = select(Scorecard).where(col(Scorecard.id) == scorecard_id).with_for_update()
    scorecard = (await session.execute(statement)).scalar_one_or_none()
    if scorecard is None:
        raise NotFound
    return scorecard


async def find_scorecard(session: AsyncSession, key: str) -> Scorecard | None:
    return (await session.execute(select(Scorecard).where(col(Scorecard.key) == key))).scalar_one_or_none()


async def get_version(session: AsyncSession, version_id: UUID, *, lock: bool = False) -> ScorecardVersion:
    statement = select(ScorecardVersion).where(col(ScorecardVersion.id) == version_id)
    if lock:
        statement = statement.with_for_update()
    version = (await session.execute(statement)).scalar_one_or_none()
    if version is None:
        raise NotFound
    return version


async def get_scorecard(session: AsyncSession, scorecard_id: UUID) -> Scorecard:
    found = await session.get(Scorecard, scorecard_id)
    if found is None:
        raise NotFound
    return found


async def get_other_version(
    session: AsyncSession, version: ScorecardVersion, other_id: UUID | None
) -> ScorecardVersion | None:
    """Of the same scorecard: the one that is named (raises NotFound), else the one before."""
    statement = select_versions(version.scorecard_id)
    if other_id is not None:
        statement = statement.where(col(ScorecardVersion.id) == other_id)
    else:
        statement = statement.where(col(ScorecardVersion.number) < version.number)
    newest = statement.order_by(col(ScorecardVersion.number).desc()).limit(1)
    found: ScorecardVersion | None = (await session.execute(newest)).scalar_one_or_none()
    if found is None and other_id is not None:
        raise NotFound
    return found


async def count_uses(session: AsyncSession, version_id: UUID) -> dict[str, Any]:
    """Of what the caller may see."""
    await get_version(session, version_id)
    counted = (
        col(Review.scorecard_version_id) == version_id, col(Review.superseded_at).is_(None),
        ~col(Review.is_void),
    )  # fmt: skip
    audits = select(func.count()).where(col(Audit.scorecard_version_id) == version_id).scalar_subquery()
    released = col(Review.released_at)
    statement = select(
        audits.label("audits"), func.count().label("reviews"), func.min(released).label("first_released_at"),
        func.max(released).label("last_released_at"),
    ).where(*counted)  # fmt: skip
    row = (await session.execute(statement)).mappings().one()
    return dict(row) | {"scorecard_version_id": version_id}


async def list_for_ticket(session: AsyncSession, ticket_id: UUID) -> list[ScorecardVersion]:
    """Of each scorecard its newest published version, where that applies to the ticket. Raises NotFound."""
    ticket = await session.get(Ticket, ticket_id)
    if ticket is None:
        raise NotFound
    number = func.row_number().over(
        partition_by=col(ScorecardVersion.scorecard_id), order_by=col(ScorecardVersion.number).desc()
    )
    newest = (
        select(col(ScorecardVersion.id), number.label("number"))
        .where(col(ScorecardVersion.state) == "published")
        .subquery()
    )
    statement = (
        select(ScorecardVersion)
        .join(newest, newest.c.id == col(ScorecardVersion.id))
        .where(newest.c.number == 1)
        .order_by(col(ScorecardVersion.scorecard_id))
    )
    versions = await session.scalars(statement)
    return [version for version in versions if fits(version.card.get("applies_to"), ticket)]


async def find_latest_published(session: AsyncSession, scorecard_id: UUID) -> ScorecardVersion | None:
    statement = (
        select_versions(scorecard_id)
        .where(col(ScorecardVersion.state) == "published")
        .order_by(col(ScorecardVersion.number).desc())
        .limit(1)
    )
    found: ScorecardVersion | None = (await session.execute(statement)).scalar_one_or_none()
    return found


async def next_number(session: AsyncSession, scorecard_id: UUID) -> int:
    highest = await session.scalar(
        select(func.max(col(ScorecardVersion.number))).where(
            col(ScorecardVersion.scorecard_id) == scorecard_id
        )
    )
    return (highest or 0) + 1
