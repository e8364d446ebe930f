"""Verbs of the releases room: a verdict is handed in, looked at by a second person, released in its time.

Whoever hands in or looks only says so. The worker alone releases, or gives back: so a verdict has the same
author whoever had the last word, and comes out once however many workers there are.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.assignment.service import release_claims
from services.audit.errors import AlreadyChecked, CheckBarred, NothingToCheck
from services.audit.releases import queries, rules
from services.audit.releases.schemas import HeldDetailOut, SubmissionIn
from services.audit.reviews import service as reviews
from services.audit.reviews.queries import find_evidence, find_lead, get_audit, get_release_policy, lock_audit
from services.audit.reviews.rules import needs_check, release_at
from services.audit.reviews.service import AUDIT
from shared import clock, outbox
from shared.auth import Actor
from shared.errors import Fault, ValidationFailed
from shared.events import AuditMoved, HeldReviewMoved
from shared.models.audit import Audit
from shared.models.releases import HeldReview
from shared.states import record

AT_ONCE = 100


async def submit(session: AsyncSession, actor: Actor, audit_id: UUID, new: SubmissionIn) -> HeldReview:
    """It is written, and waits for what the policy and its author say. Raises NotYourAudit (403),
    IllegalMove, DraftMoved (409), AnswersInvalid, HighlightOutside, ValidationFailed (422)."""
    now = clock.now()
    if new.release_at is not None and new.release_at <= now:
        fault = Fault("/release_at", "in-the-past", "That moment is over: leave it out, or name a later one.")
        raise ValidationFailed(faults=[fault])
    audit, verdict = await reviews.hand_in(session, actor, audit_id, new)
    share, hours = await get_release_policy(session)
    held = HeldReview(
        ticket_id=audit.ticket_id, audit_id=audit.id, author_id=actor.id, submitted_at=now,
        needs_check=needs_check(audit.id, share), release_at=release_at(new.release_at, now, hours),
        **{name: verdict[name] for name in ("answers", "summary", "highlights")},
    )  # fmt: skip
    session.add(held)
    await record(session, AUDIT, audit.id, moved=("claimed", "submitted"), by=actor.id)
    await outbox.publish(session, AuditMoved(audit.id), HeldReviewMoved(audit.id))
    await session.flush()
    return held


async def get_held(session: AsyncSession, audit_id: UUID) -> dict[str, Any]:
    held = await queries.get_held(session, audit_id)
    audit = await get_audit(session, audit_id)
    told = {name: getattr(held, name) for name in HeldDetailOut.model_fields if name != "evidence"}
    return told | {"evidence": await find_evidence(session, audit)}


async def approve(session: AsyncSession, actor: Actor, audit_id: UUID) -> HeldReview:
    """It may come out as it is. Raises CheckBarred (403), AlreadyChecked, NothingToCheck (409)."""
    held = await _lock_unchecked(session, audit_id)
    if not held.needs_check:
        raise NothingToCheck
    audit = await get_audit(session, audit_id)
    work = rules.Work(held.author_id, audit.agent_id, await find_lead(session, audit.agent_id))
    if why := rules.bar_to_check(actor.id, work):
        raise CheckBarred(why)
    return await _checked(session, actor, held, is_approved=True)


async def give_back(session: AsyncSession, actor: Actor, audit_id: UUID, reason: str) -> HeldReview:
    """To its author, to be written again; the author may take it back too. Raises CheckBarred (403),
    AlreadyChecked (409)."""
    held = await _lock_unchecked(session, audit_id)
    audit = await get_audit(session, audit_id)
    work = rules.Work(held.author_id, audit.agent_id, await find_lead(session, audit.agent_id))
    if actor.id != held.author_id and (why := rules.bar_to_check(actor.id, work)):
        raise CheckBarred(why)
    return await _checked(session, actor, held, is_approved=False, reason=reason)


async def _lock_unchecked(session: AsyncSession, audit_id: UUID) -> HeldReview:
    await queries.get_held(session, audit_id)
    held = await queries.get_held(session, audit_id, lock=True)
    if held.checked_at is not None:
        raise AlreadyChecked
    return held


async def _checked(
    session: AsyncSession, actor: Actor, held: HeldReview, *, is_approved: bool, reason: str | None = None
) -> HeldReview:
    held.checked_by, held.checked_at = actor.id, clock.now()
    held.is_approved, held.reason = is_approved, reason
    await session.flush()
    await outbox.publish(session, HeldReviewMoved(held.audit_id))
    return held


# ---- The worker's part ------------------------------------------------------------------------------


async def release_due(session: AsyncSession) -> int:
    """Whatever waits for nothing any more comes out, or goes back. How many; the worker's chore."""
    due = await queries.list_due(session, clock.now(), AT_ONCE)
    for audit_id in due:
        await settle(session, audit_id)
    return len(due)


async def settle(session: AsyncSession, audit_id: UUID) -> None:
    """Once: whoever comes second waits for the audit's lock, and finds nothing."""
    audit = await lock_audit(session, audit_id)
    held = await queries.find_held(session, audit_id, lock=True)
    if held is None or audit.state != "submitted":
        return
    if held.is_approved is False:
        await _return_to_author(session, audit, held)
    elif (held.is_approved or not held.needs_check) and not _is_early(held):
        await queries.drop_held(session, held)
        await reviews.release(session, audit, held)


def _is_early(held: HeldReview) -> bool:
    return held.release_at is not None and held.release_at > clock.now()


async def _return_to_author(session: AsyncSession, audit: Audit, held: HeldReview) -> None:
    await queries.drop_held(session, held)
    await reviews.take_back(session, audit, held)
    moved = ("submitted", "claimed")
    await record(session, AUDIT, audit.id, moved=moved, by=held.checked_by, reason=held.reason)
    await outbox.publish(session, AuditMoved(audit.id))
    if not await queries.is_here(session, held.author_id):
        await release_claims(session, held.author_id)
