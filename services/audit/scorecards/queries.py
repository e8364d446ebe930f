"""Every statement of the scorecards room."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.audit import Scorecard, ScorecardVersion


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
