"""Verbs of the scorecards room: draft, publish; and how a stored card is read for scoring."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.errors import ScorecardPublished, ScorecardUnusable
from services.audit.scorecards import card as cards
from services.audit.scorecards import queries
from services.audit.scorecards.schemas import ScorecardIn, VersionIn
from shared import clock
from shared.errors import Fault
from shared.ids import new_id
from shared.models.audit import Scorecard, ScorecardVersion


async def draft_scorecard(session: AsyncSession, new: ScorecardIn) -> ScorecardVersion:
    """A new scorecard with its first draft version. Raises ScorecardUnusable (422)."""
    scorecard = Scorecard(id=new_id(), key=new.key, name=new.name, created_at=clock.now())
    session.add(scorecard)
    await session.flush()
    return await _add_version(session, scorecard.id, 1, new.card.model_dump(mode="json"))


async def draft_version(session: AsyncSession, scorecard_id: UUID, new: VersionIn) -> ScorecardVersion:
    await queries.lock_scorecard(session, scorecard_id)
    number = await queries.next_number(session, scorecard_id)
    return await _add_version(session, scorecard_id, number, new.card.model_dump(mode="json"))


async def publish(session: AsyncSession, version_id: UUID) -> ScorecardVersion:
    version = await queries.get_version(session, version_id, lock=True)
    if version.state == "published":
        raise ScorecardPublished
    version.state, version.published_at = "published", clock.now()
    await session.flush()
    return version


async def ensure_published(
    session: AsyncSession, *, key: str, name: str, card: dict[str, Any]
) -> ScorecardVersion:
    """The newest published version where it is this very card, else a new one. Safe to repeat."""
    scorecard = await queries.find_scorecard(session, key)
    if scorecard is None:
        scorecard = Scorecard(id=new_id(), key=key, name=name, created_at=clock.now())
        session.add(scorecard)
        await session.flush()
    latest = await queries.find_latest_published(session, scorecard.id)
    if latest is not None and latest.card == card:
        return latest
    number = await queries.next_number(session, scorecard.id)
    draft = await _add_version(session, scorecard.id, number, card)
    return await publish(session, draft.id)


def read_card(stored: dict[str, Any]) -> cards.Scorecard:
    """The stored form as the scoring rules take it. Raises ScorecardUnusable (422)."""
    try:
        return cards.Scorecard.parse(stored)
    except cards.ScorecardInvalid as error:
        fault = Fault(f"/card{error.pointer}", "scorecard-invalid", error.detail)
        raise ScorecardUnusable(faults=[fault]) from None


async def _add_version(
    session: AsyncSession, scorecard_id: UUID, number: int, card: dict[str, Any]
) -> ScorecardVersion:
    read_card(card)
    version = ScorecardVersion(id=new_id(), scorecard_id=scorecard_id, number=number, card=card)
    session.add(version)
    await session.flush()
    return version
