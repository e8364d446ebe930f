"""Verbs of the reviews room: review an audit that was claimed, acknowledge, revise, make void, supersede."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from services.audit.errors import (
    DraftMoved,
    HighlightOutside,
    NotYourAudit,
    NotYourReview,
    OwnWork,
    ReleaseHeld,
    ReviewAppealed,
    ReviewSuperseded,
)
from services.audit.reviews import queries, rules
from services.audit.reviews.schemas import AuditOut, DraftIn, ReassignIn, ReviewIn, RevisionIn, VerdictIn
from services.audit.scorecards.answering import AnswersWrong
from services.audit.scorecards.queries import get_version
from services.audit.scorecards.service import read_card, refused
from shared import clock, outbox
from shared.auth import LEADS, Actor
from shared.errors import Fault, Forbidden, ValidationFailed
from shared.events import AuditMoved, ReviewReleased, ReviewVoided
from shared.ids import derived_id, new_id
from shared.models.audit import Audit, Review, ReviewAuthor, ReviewDraft
from shared.models.releases import HeldReview
from shared.states import BLANK, Machine, blank_reasons, record

AUDIT = Machine(
    "audit",
    {
        "open": {"claimed"},
        "claimed": {"submitted", "reviewed", "open"},
        "submitted": {"reviewed", "claimed"},
        "reviewed": {"reassigned"},
    },
)
REVIEW = Machine("review", {"released": {"superseded", "void"}})
"""Nothing follows a void verdict. Moves of it are its versions: each says by whom, when and why."""


async def shown(session: AsyncSession, audit: Audit, *, is_new: bool = False) -> dict[str, Any]:
    """An audit with its evidence, where the caller may see that, and what they have written so far."""
    fields = {name: getattr(audit, name) for name in AuditOut.model_fields}
    return fields | {
        "evidence": await queries.find_evidence(session, audit),
        "draft": await queries.find_draft(session, audit)
        if audit.state == "claimed" and not is_new
        else None,
    }


async def lock_mine(session: AsyncSession, actor: Actor, audit_id: UUID) -> Audit:
    """Claimed by the caller, and not reviewed yet. Raises IllegalMove (409), NotYourAudit (403)."""
    audit = await queries.lock_audit(session, audit_id)
    AUDIT.check(audit.state, "submitted")
    if await queries.find_assignee(session, audit) != actor.id:
        raise NotYourAudit
    return audit


async def save_draft(session: AsyncSession, actor: Actor, audit_id: UUID, new: DraftIn) -> ReviewDraft:
    """Keeps what is written so far, for whoever claimed the audit alone.

    Raises NotYourAudit (403), IllegalMove, DraftMoved (409): of two windows, neither writes over the other's.
    """
    audit = await lock_mine(session, actor, audit_id)
    draft = await queries.find_draft(session, audit)
    _check_number(draft, new.number)
    if draft is None:
        draft = ReviewDraft(ticket_id=audit.ticket_id, audit_id=audit.id, number=0, saved_at=clock.now())
        session.add(draft)
    for name, value in new.model_dump(mode="json").items():
        setattr(draft, name, value)
    draft.number, draft.saved_at = new.number + 1, clock.now()
    await session.flush()
    await queries.extend_lease(session, audit, draft.saved_at, rules.LEASE_HOURS)
    return draft


def _check_number(draft: ReviewDraft | None, number: int) -> None:
    newest = draft.number if draft else 0
    if number != newest:
        raise DraftMoved(f"Read it again: it is number {newest} now.", number=newest)


async def submit_review(session: AsyncSession, actor: Actor, audit_id: UUID, new: ReviewIn) -> Review:
    """Scores the answers with the audit's own scorecard version and releases the review.

    Raises NotYourAudit (403), IllegalMove, DraftMoved, ReleaseHeld (409), AnswersInvalid, HighlightOutside
    (422).
    """
    audit, verdict = await _finish(session, actor, audit_id, new)
    share, hours = await queries.get_release_policy(session)
    if hours or rules.needs_check(audit.id, share):
        raise ReleaseHeld
    return await _release(
        session, audit, verdict, author=actor.id, moved=("claimed", "reviewed"), by=actor.id
    )


async def hand_in(
    session: AsyncSession, actor: Actor, audit_id: UUID, new: ReviewIn
) -> tuple[Audit, dict[str, Any]]:
    """As `submit_review`, but nothing is released: (the audit, its verdict), for whoever keeps that."""
    audit, verdict = await _finish(session, actor, audit_id, new)
    audit.state = "submitted"
    await session.flush()
    return audit, verdict


async def _finish(
    session: AsyncSession, actor: Actor, audit_id: UUID, new: ReviewIn
) -> tuple[Audit, dict[str, Any]]:
    audit = await lock_mine(session, actor, audit_id)
    if new.draft_number is not None:
        _check_number(await queries.find_draft(session, audit), new.draft_number)
    verdict = await _verdict(session, audit, new)
    await queries.drop_drafts(session, [audit.id])
    await queries.end_turn(session, audit, "reviewed")
    await queries.end_lease(session, audit)
    return audit, verdict


async def release(session: AsyncSession, audit: Audit, held: HeldReview) -> Review:
    """What was handed in comes out: its author's, whoever had the last word."""
    card = read_card((await get_version(session, audit.scorecard_version_id)).card)
    words = {"summary": held.summary, "highlights": held.highlights}
    verdict = rules.columns_of(card, held.answers) | words
    moved = ("submitted", "reviewed")
    by = held.checked_by or held.author_id
    return await _release(session, audit, verdict, author=held.author_id, moved=moved, by=by)


async def take_back(session: AsyncSession, audit: Audit, held: HeldReview) -> None:
    """What was handed in is its author's draft again, and it is their turn."""
    audit.state = "claimed"
    answers = [answer for answer in held.answers if not answer.get("is_hidden")]
    now = clock.now()
    draft = ReviewDraft(
        ticket_id=audit.ticket_id, audit_id=audit.id, number=1, answers=answers, summary=held.summary,
        highlights=held.highlights, saved_at=now,
    )  # fmt: skip
    session.add(draft)
    await session.flush()
    await queries.begin_turn(session, audit, held.author_id, now)
    await queries.extend_lease(session, audit, now, rules.LEASE_HOURS)


async def _release(
    session: AsyncSession,
    audit: Audit,
    verdict: dict[str, Any],
    *,
    author: UUID,
    moved: tuple[str, str],
    by: UUID,
) -> Review:
    review = Review(
        id=new_id(),
        audit_id=audit.id,
        ticket_id=audit.ticket_id,
        number=1,
        scorecard_version_id=audit.scorecard_version_id,
        agent_id=audit.agent_id,
        vendor_id=audit.vendor_id,
        probability=audit.probability,
        released_at=clock.now(),
        **verdict,
    )
    await _add(session, review, by=author)
    audit.state = "reviewed"
    await record(session, AUDIT, audit.id, moved=moved, by=by)
    await outbox.publish(session, ReviewReleased(review.id), AuditMoved(audit.id))
    await session.flush()
    return review


async def _verdict(session: AsyncSession, audit: Audit, new: VerdictIn) -> dict[str, Any]:
    """The columns that follow from what was said of this audit, on its own scorecard version."""
    card = read_card((await get_version(session, audit.scorecard_version_id)).card)
    try:
        scored = rules.score_answers(card, [answer.model_dump() for answer in new.answers])
    except AnswersWrong as error:
        raise refused(error) from None
    evidence = await queries.find_evidence(session, audit) if new.highlights else None
    highlights = [highlight.model_dump(mode="json") for highlight in new.highlights]
    if wrong := rules.misplaced(highlights, card, evidence):
        faults = [Fault(f"/highlights/{n}/{name}", "highlight-outside", said) for n, name, said in wrong]
        raise HighlightOutside(faults=faults)
    return scored | {"summary": new.summary, "highlights": highlights}


async def _add(session: AsyncSession, review: Review, *, by: UUID) -> None:
    review.signed_id = review.id
    session.add(review)
    await session.flush()
    session.add(ReviewAuthor(ticket_id=review.ticket_id, review_id=review.id, reviewer_id=by))
    await session.flush()
    set_committed_value(review, "reviewer_id", by)


async def acknowledge_review(session: AsyncSession, actor: Actor, review_id: UUID) -> Review:
    """The agent has read it. Acknowledging again changes nothing."""
    await queries.get_review(session, review_id)
    review = await queries.lock_review(session, review_id)
    if review.agent_id != actor.id:
        raise Forbidden("Only the agent whose work it is can acknowledge a review.")
    if review.superseded_at is not None:
        raise ReviewSuperseded
    review.acknowledged_at = review.acknowledged_at or clock.now()
    await session.flush()
    return review


async def acknowledge_for(session: AsyncSession, actor: Actor, review_id: UUID, proof: str) -> Review:
    """By the agent's lead, who says how they were told. The first word stays. Raises Forbidden (403),
    ReviewSuperseded (409)."""
    await queries.get_review(session, review_id)
    review = await queries.lock_review(session, review_id)
    if await queries.find_lead(session, review.agent_id) != actor.id:
        raise Forbidden("Only the lead of the agent whose work it is can say that they were told.")
    if review.superseded_at is not None:
        raise ReviewSuperseded
    if review.acknowledged_at is None:
        review.acknowledged_at, review.acknowledged_by = clock.now(), actor.id
        review.acknowledgement_proof = proof
        await session.flush()
    return review


async def reassign_review(session: AsyncSession, actor: Actor, review_id: UUID, new: ReassignIn) -> Review:
    """The sample goes over to another agent, with its probability: the verdict is void where it was, and
    stands where it belongs. Raises OwnWork (403), ReviewSuperseded, IllegalMove, ReviewAppealed (409),
    ValidationFailed (422)."""
    old = await _lock_standing(session, actor, review_id, to="void")
    agent = await queries.find_person(session, new.agent_id)
    if agent is None or agent.id == old.agent_id:
        fault = Fault("/agent_id", "unknown-id", "Another agent is expected, and one that you may see.")
        raise ValidationFailed(faults=[fault])
    if not rules.may_review(actor.id, agent.id):
        raise OwnWork
    verdict = {name: getattr(old, name) for name in VERDICT}
    await _replace(session, old, verdict | {"reason": new.reason, "is_void": True}, by=actor.id)
    was = await queries.lock_audit(session, old.audit_id)
    was.state = "reassigned"
    await record(session, AUDIT, was.id, moved=("reviewed", "reassigned"), by=actor.id, reason=new.reason)
    audit = await queries.copy_audit(session, was, new_id(), agent)
    return await _release(
        session, audit, verdict, author=actor.id, moved=("claimed", "reviewed"), by=actor.id
    )


async def revise_review(session: AsyncSession, actor: Actor, review_id: UUID, new: RevisionIn) -> Review:
    """A newer version of the verdict, by whoever gave it or a lead; the one before stays as it was.

    Raises NotYourReview, OwnWork (403), ReviewSuperseded, IllegalMove, ReviewAppealed (409),
    AnswersInvalid, HighlightOutside (422).
    """
    old = await _lock_standing(session, actor, review_id, to="superseded")
    if actor.role not in LEADS and not await queries.is_author(session, old, actor.id):
        raise NotYourReview
    audit = await queries.get_audit(session, old.audit_id)
    verdict = await _verdict(session, audit, new)
    return await _replace(session, old, verdict | {"reason": new.reason}, by=actor.id)


async def void_review(session: AsyncSession, actor: Actor, review_id: UUID, reason: str) -> Review:
    """There is no verdict any more. The last version says so, by whom and why; those before stay.

    Raises OwnWork (403), ReviewSuperseded, IllegalMove, ReviewAppealed (409).
    """
    old = await _lock_standing(session, actor, review_id, to="void")
    verdict = {name: getattr(old, name) for name in VERDICT}
    return await _replace(session, old, verdict | {"reason": reason, "is_void": True}, by=actor.id)


VERDICT = (
    "answers", "score", "score_exact", "score_without_auto_fail", "auto_failed", "passed", "sections",
    "summary", "highlights",
)  # fmt: skip


async def _lock_standing(session: AsyncSession, actor: Actor, review_id: UUID, *, to: str) -> Review:
    """The version that counts, which nobody appeals against: not before its row's lock is ours."""
    await queries.get_review(session, review_id)
    review = await queries.lock_review(session, review_id)
    if review.superseded_at is not None:
        raise ReviewSuperseded
    REVIEW.check("void" if review.is_void else "released", to)
    if not rules.may_review(actor.id, review.agent_id):
        raise OwnWork
    if await queries.is_appealed(session, review):
        raise ReviewAppealed
    return review


async def _replace(session: AsyncSession, old: Review, columns: dict[str, Any], *, by: UUID) -> Review:
    now = clock.now()
    old.superseded_at = now
    await session.flush()  # before the new version comes: at most one is current
    review = Review(
        id=new_id(),
        number=old.number + 1,
        released_at=now,
        supersedes_id=old.id,
        **{name: getattr(old, name) for name in OF_AUDIT},
        **columns,
    )
    await _add(session, review, by=by)
    moved = ReviewVoided(review.id) if review.is_void else ReviewReleased(review.id)
    await outbox.publish(session, moved, AuditMoved(review.audit_id))
    return review


OF_AUDIT = ("audit_id", "ticket_id", "scorecard_version_id", "agent_id", "vendor_id", "probability")
"""What every version of one audit's verdict shares."""


async def supersede_review(session: AsyncSession, appeal_id: UUID) -> None:
    """After a ruling that changed answers: a new version takes the review's place.

    The old version stays as it was. The new one's id is derived from the appeal, and the
    appealed review is locked, so the same ruling heard twice makes one version.
    """
    appeal, ruling = await queries.get_ruling(session, appeal_id)
    if not ruling.changes:
        return
    old = await queries.lock_review(session, appeal.review_id)
    if old.superseded_at is not None:
        return
    version = await get_version(session, old.scorecard_version_id)
    card = read_card(version.card)
    scored = rules.columns_of(card, rules.merge_answers(card, old.answers, ruling.changes))
    old.superseded_at = ruling.ruled_at
    await session.flush()  # before the new version comes: at most one is current
    review = Review(
        id=derived_id(appeal_id, "review"),
        audit_id=old.audit_id,
        ticket_id=old.ticket_id,
        number=old.number + 1,
        scorecard_version_id=old.scorecard_version_id,
        agent_id=old.agent_id,
        vendor_id=old.vendor_id,
        probability=old.probability,
        highlights=old.highlights,
        summary=ruling.text,
        released_at=ruling.ruled_at,
        supersedes_id=old.id,
        appeal_id=appeal_id,
        **scored,
    )
    await _add(session, review, by=ruling.ruled_by)
    await outbox.publish(session, ReviewReleased(review.id))


async def blank_words(session: AsyncSession, audit_ids: Collection[UUID]) -> None:
    """Takes away what was written in these audits' reviews and moves; answers and scores stay."""
    for review in await queries.lock_reviews(session, audit_ids):
        review.summary = BLANK if review.summary else review.summary
        review.reason = BLANK if review.reason else review.reason
        review.answers = _blanked(review.answers)
        review.highlights = _blanked(review.highlights)
        review.acknowledgement_proof = BLANK if review.acknowledgement_proof else None
    for held in await queries.lock_held(session, audit_ids):
        held.summary = BLANK if held.summary else held.summary
        held.answers, held.highlights = _blanked(held.answers), _blanked(held.highlights)
    await queries.drop_drafts(session, audit_ids)  # to be written again
    await session.flush()
    await blank_reasons(session, AUDIT, audit_ids)


def _blanked(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | ({"comment": BLANK} if one.get("comment") else {}) for one in told]
