"""Verbs of the checks room: ask for a second look at a review, give it; how a specialist's judgement stands
to that of others."""

from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.calibration.rules import without_agent
from services.audit.checks import queries, rules
from services.audit.checks.schemas import CheckAnswersIn, CheckIn, CheckOut
from services.audit.errors import (
    CheckDone,
    CheckExists,
    NotARater,
    OwnWork,
    RaterUnfit,
    ReviewSuperseded,
)
from services.audit.reviews.rules import score_answers
from services.audit.scorecards.answering import AnswersWrong
from services.audit.scorecards.queries import get_version
from services.audit.scorecards.service import read_card, refused
from shared import clock, outbox
from shared.auth import LEADS, Actor
from shared.errors import Fault, Forbidden, NotFound, ValidationFailed
from shared.events import ReviewChecked
from shared.ids import new_id
from shared.models.audit import Review
from shared.models.calibration import ReviewCheck
from shared.permissions import PERMISSIONS


async def ask(session: AsyncSession, actor: Actor, new: CheckIn) -> dict[str, Any]:
    """Raises Forbidden, OwnWork (403), ReviewSuperseded, CheckExists (409), RaterUnfit, ValidationFailed
    (422)."""
    if actor.vendor_id is not None:
        raise Forbidden("Checks are the company's own.")
    review = await queries.get_review(session, new.review_id)
    if review.superseded_at is not None:
        raise ReviewSuperseded
    if review.reviewer_id is None:
        fault = Fault("/review_id", "imported", "It was made elsewhere: nobody here wrote it.")
        raise ValidationFailed(faults=[fault])
    checker_id = new.checker_id or actor.id
    if checker_id in (review.reviewer_id, review.agent_id):
        raise OwnWork
    checker = await queries.find_person(session, checker_id)
    is_able = checker is not None and checker.is_active and checker.role in PERMISSIONS["checks.submit"]
    if checker is None or not is_able or checker.vendor_id not in (None, review.vendor_id):
        raise RaterUnfit(faults=[Fault("/checker_id", "rater-unfit", "They may not judge this work.")])
    check = ReviewCheck(
        id=new_id(),
        ticket_id=review.ticket_id,
        review_id=review.id,
        reviewer_id=review.reviewer_id,
        checker_id=checker_id,
        asked_at=clock.now(),
    )
    try:
        async with session.begin_nested():
            session.add(check)
            await session.flush()
    except IntegrityError:  # the unique key decides a race
        raise CheckExists from None
    return await shown(session, actor, check)


async def submit(session: AsyncSession, actor: Actor, check_id: UUID, new: CheckAnswersIn) -> dict[str, Any]:
    """Once. Raises NotARater (403), CheckDone (409), AnswersInvalid (422)."""
    await queries.get_check(session, check_id)
    try:
        check = await queries.get_check(session, check_id, lock=True)
    except NotFound:  # it can be seen, and is not theirs to write
        raise NotARater from None
    if check.checked_at is not None:
        raise CheckDone
    review = await queries.get_review(session, check.review_id)
    version = await get_version(session, review.scorecard_version_id)
    try:
        scored = score_answers(
            read_card(version.card), [one.model_dump() for one in new.answers], with_words=False
        )
    except AnswersWrong as error:
        raise refused(error) from None
    check.answers, check.checked_at = scored["answers"], clock.now()
    check.score, check.score_exact = scored["score"], scored["score_exact"]
    check.auto_failed = scored["auto_failed"]
    await session.flush()
    await outbox.publish(session, ReviewChecked(check_id))
    return await shown(session, actor, check)


def in_short(actor: Actor, check: ReviewCheck) -> dict[str, Any]:
    """Whoever checks does not see of whom, before they have."""
    told = {name: getattr(check, name) for name in CheckOut.model_fields}
    is_blind = check.checked_at is None and check.checker_id == actor.id
    return told | ({"review_id": None, "reviewer_id": None} if is_blind else {})


async def shown(session: AsyncSession, actor: Actor, check: ReviewCheck) -> dict[str, Any]:
    review = await queries.get_review(session, check.review_id)
    evidence = await queries.find_evidence(session, review) if check.checked_at is None else None
    return in_short(actor, check) | {
        "scorecard_version_id": review.scorecard_version_id,
        "evidence": without_agent(*evidence) if evidence else None,
        "answers": check.answers,
        "score_difference": _difference(review, check),
        "deviations": rules.deviations(review.answers, check.answers or []),
    }


def _difference(review: Review, check: ReviewCheck) -> float | None:
    return None if review.score is None or check.score is None else float(review.score - check.score)


async def detail(session: AsyncSession, actor: Actor, check_id: UUID) -> dict[str, Any]:
    return await shown(session, actor, await queries.get_check(session, check_id))


async def alignment(session: AsyncSession, actor: Actor, person_id: UUID) -> dict[str, Any]:
    """Of the caller, or of anybody for a lead. Raises NotFound (404), Forbidden (403)."""
    if await queries.find_person(session, person_id) is None:
        raise NotFound
    if person_id != actor.id and actor.role not in LEADS:
        raise Forbidden("How somebody's judgement stands is for themselves and for leads.")
    return {
        "person_id": person_id,
        **await queries.sum_reviews(session, person_id),
        **await queries.sum_appeals(session, person_id),
        "calibration": rules.against(await queries.list_calibrated(session, person_id)),
        "checks": rules.against(await queries.list_checked(session, person_id)),
    }
