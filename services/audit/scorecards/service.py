"""Verbs of the scorecards room: draft, publish; and how a stored card is read for scoring."""

from contextlib import suppress
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.errors import AnswersInvalid, ScorecardPublished, ScorecardUnusable
from services.audit.scorecards import card as cards
from services.audit.scorecards import comparing, queries
from services.audit.scorecards.answering import AnswersWrong, faults, values_of
from services.audit.scorecards.rules import Result, score, sections_of
from services.audit.scorecards.schemas import (
    CardIn,
    ScorecardFile,
    ScorecardIn,
    TryIn,
    VersionIn,
    VersionOut,
)
from shared import clock
from shared.errors import Fault, ValidationFailed
from shared.ids import new_id
from shared.models.audit import Scorecard, ScorecardVersion
from shared.preconditions import Unchanged
from shared.scales import Scale, ScaleInvalid


async def draft_scorecard(session: AsyncSession, new: ScorecardIn) -> ScorecardVersion:
    """A new scorecard with its first draft version. Raises ScorecardUnusable (422)."""
    scorecard = Scorecard(id=new_id(), key=new.key, name=new.name, created_at=clock.now())
    session.add(scorecard)
    await session.flush()
    return await _add_version(session, scorecard.id, 1, _stored(new.card))


async def draft_version(session: AsyncSession, scorecard_id: UUID, new: VersionIn) -> ScorecardVersion:
    await queries.lock_scorecard(session, scorecard_id)
    number = await queries.next_number(session, scorecard_id)
    return await _add_version(session, scorecard_id, number, _stored(new.card))


async def change_draft(
    session: AsyncSession, version_id: UUID, new: VersionIn, unchanged: Unchanged
) -> ScorecardVersion:
    """The whole form anew. Raises ScorecardPublished (409), PreconditionFailed (412), ScorecardUnusable."""
    version = await queries.get_version(session, version_id, lock=True)
    if version.state == "published":
        raise ScorecardPublished
    unchanged.check(VersionOut.model_validate(version))
    card = _stored(new.card)
    read_card(card)
    version.card = card
    await session.flush()
    return version


async def import_scorecard(session: AsyncSession, file: ScorecardFile) -> ScorecardVersion:
    """A draft: of a new scorecard, or of the one that has this key already. Raises ScorecardUnusable."""
    found = await queries.find_scorecard(session, file.key)
    if found is None:
        return await draft_scorecard(session, ScorecardIn(key=file.key, name=file.name, card=file.card))
    return await draft_version(session, found.id, VersionIn(card=file.card))


async def export_version(session: AsyncSession, version_id: UUID) -> dict[str, Any]:
    version = await queries.get_version(session, version_id)
    scorecard = await queries.get_scorecard(session, version.scorecard_id)
    return {
        "format": "assay-scorecard/1", "key": scorecard.key, "name": scorecard.name, "card": version.card,
    }  # fmt: skip


async def diff(session: AsyncSession, version_id: UUID, from_id: UUID | None) -> dict[str, Any]:
    """From another version of the scorecard; by default the one before, or (of the first) nothing."""
    version = await queries.get_version(session, version_id)
    before = await queries.get_other_version(session, version, from_id)
    found = comparing.changes(before.card if before else NOTHING, version.card)
    return {
        "from_number": before.number if before else 0, "to_number": version.number, "changes": found,
        "is_comparable": comparing.is_comparable(found),
    }  # fmt: skip


NOTHING: dict[str, Any] = {"sections": []}


async def try_out(session: AsyncSession, new: TryIn) -> dict[str, Any]:
    """What a review with these answers would be worth; nothing is kept. Raises ScorecardUnusable,
    AnswersInvalid, ValidationFailed (422), NotFound."""
    if (new.card is None) == (new.scorecard_version_id is None):
        raise ValidationFailed(faults=[Fault("/card", "inconsistent", "A form or a version: one of them.")])
    if new.scorecard_version_id is not None:
        card = read_card((await queries.get_version(session, new.scorecard_version_id)).card)
    else:
        card = read_card(new.card.model_dump(mode="json") if new.card else {})
    answers = [one.model_dump() for one in new.answers]
    if wrong := faults(card, answers):
        raise refused(AnswersWrong(wrong))
    return told_of(card, score(card, values_of(answers)))


def told_of(card: cards.Scorecard, result: Result) -> dict[str, Any]:
    def number(exact: Fraction | None) -> float | None:
        return None if exact is None else float(exact)

    return {
        "outcome": result.outcome, "score": number(result.score),
        "score_exact": None if result.score is None else str(result.score),
        "score_without_auto_fail": number(result.score_without_auto_fail),
        "failed_criteria": list(result.failed_criteria), "earned": float(result.total.earned),
        "at_stake": float(result.total.at_stake), "sections": sections_of(card, result),
        "hidden": [one.id for one in card.criteria if one.id in result.hidden],
    }  # fmt: skip


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


def refused(error: AnswersWrong) -> AnswersInvalid:
    """Each fault where it is in the list of answers; a criterion that has none is named, for it is the card's
    word."""
    return AnswersInvalid(
        faults=[
            Fault("/answers", one.code, f"{one.criterion}: {one.detail}")
            if place is None
            else Fault(f"/answers/{place}/{one.part or 'value'}", one.code, one.detail)
            for place, one in error.faults
        ]
    )


def _stored(card: CardIn) -> dict[str, Any]:
    """As it is kept: a scale's ends are always there. What is unusable is left as it came, for `read_card`
    says what is wrong with it."""
    told = card.model_dump(mode="json")
    for section in told["sections"]:
        for criterion in section["criteria"]:
            with suppress(ScaleInvalid):
                scale = Scale.parse(criterion["scale"])
                for name, edge in (("min", scale.minimum), ("max", scale.maximum)):
                    criterion["scale"][name] = int(edge) if edge.denominator == 1 else float(edge)
    return told


async def _add_version(
    session: AsyncSession, scorecard_id: UUID, number: int, card: dict[str, Any]
) -> ScorecardVersion:
    read_card(card)
    version = ScorecardVersion(id=new_id(), scorecard_id=scorecard_id, number=number, card=card)
    session.add(version)
    await session.flush()
    return version
