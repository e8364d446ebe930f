"""Verbs of the assignment room: who gets which sample, for how long, and how it comes back."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from services.audit.assignment import queries, rules
from services.audit.assignment.schemas import ClaimPolicyPatch, ProfileIn
from services.audit.assignment.standing import Policy, Standing
from services.audit.errors import (
    AtCapacity,
    AuditAlreadyClaimed,
    ExposureUsed,
    NotASpecialist,
    NotAvailable,
    NothingToClaim,
    NotYourAudit,
    OwnTeam,
    OwnWork,
    PairLimit,
    PassedOn,
    SpecialistUnfit,
)
from services.audit.reviews import service as reviews
from services.audit.reviews.queries import end_turn, extend_lease, find_assignee, get_audit, lock_audit
from services.audit.reviews.rules import LEASE_HOURS
from services.audit.reviews.service import AUDIT
from shared import clock, outbox
from shared.auth import LEADS, Actor
from shared.errors import Forbidden, NotFound, Problem
from shared.events import AuditMoved
from shared.models.audit import Audit
from shared.permissions import PERMISSIONS
from shared.states import record

REFUSALS: dict[str, type[Problem]] = {
    "own-work": OwnWork, "own-team": OwnTeam, "own-vendor": OwnTeam, "pair-limit": PairLimit,
    "language": SpecialistUnfit, "skill": SpecialistUnfit, "exposure": ExposureUsed, "opted-out": PassedOn,
    "passed-on": PassedOn,
}  # fmt: skip
"""Why an audit may not go to somebody (`queries.bars`) → what they are told."""
AT_ONCE = 100
"""So many lapsed claims go back in one transaction."""


async def claim_next(session: AsyncSession, actor: Actor) -> dict[str, Any]:
    """What is due first and fits. Raises NothingToClaim (404), with why; NotAvailable, AtCapacity (409)."""
    policy, standing = await _ready(session, actor.id)
    now = clock.now()
    found = await queries.find_next(session, policy, standing, now)
    if found is None:
        waiting, barred = await queries.count_barred(session, policy, standing, now)
        raise NothingToClaim(rules.why_nothing(waiting, barred), waiting=waiting, barred=barred)
    return await _claim(session, policy, standing, *found)


async def claim_audit(session: AsyncSession, actor: Actor, audit_id: UUID) -> dict[str, Any]:
    """Raises AuditAlreadyClaimed (409) for whoever comes second, OwnWork, OwnTeam (403), NotAvailable,
    AtCapacity, PairLimit, SpecialistUnfit, ExposureUsed, PassedOn (409)."""
    policy, standing = await _ready(session, actor.id)
    audit, weight, barred = await queries.ask_bars(session, policy, standing, audit_id, clock.now())
    if audit.state != "open":
        raise AuditAlreadyClaimed
    for bar in barred:
        raise REFUSALS[bar](f"It may not go to you: {rules.IN_WORDS[bar]}.")
    return await _claim(session, policy, standing, audit, weight)


async def _ready(session: AsyncSession, person_id: UUID) -> tuple[Policy, Standing]:
    """Their turn to claim, which nobody else has until this transaction is over."""
    await queries.take_turns(session, [person_id])
    policy, standing = await queries.get_standing(session, person_id, clock.now())
    if why := rules.unavailable(standing, clock.now().date()):
        raise NotAvailable(why)
    if why := rules.full(standing):
        raise AtCapacity(why)
    return policy, standing


async def _claim(
    session: AsyncSession, policy: Policy, standing: Standing, audit: Audit, weight: int
) -> dict[str, Any]:
    now = clock.now()
    until = rules.lease_of(policy, now)
    claim = queries.new_claim(audit, standing.person_id, weight, now)
    await queries.take(session, audit, claim, until)
    await record(session, AUDIT, audit.id, moved=("open", "claimed"), by=standing.person_id)
    await outbox.publish(session, AuditMoved(audit.id))
    known = {"state": "claimed", "specialist_id": standing.person_id, "lease_ends_at": until}
    for name, value in known.items():
        set_committed_value(audit, name, value)
    return await reviews.shown(session, audit, is_new=True)


# ---- Back to the others -----------------------------------------------------------------------------


async def release_audit(session: AsyncSession, actor: Actor, audit_id: UUID, reason: str) -> Audit:
    """By whoever claimed it, or by a lead. Raises NotYourAudit (403), IllegalMove."""
    await get_audit(session, audit_id)
    audit = await lock_audit(session, audit_id)
    AUDIT.check(audit.state, "open")
    if await find_assignee(session, audit) != actor.id and actor.role not in LEADS:
        raise NotYourAudit
    return await _give_back(session, audit, "released", by=actor.id, reason=reason)


async def skip_audit(session: AsyncSession, actor: Actor, audit_id: UUID, code: str) -> Audit:
    """It is offered to others, and no more to them. Raises NotYourAudit (403), IllegalMove (409)."""
    audit = await reviews.lock_mine(session, actor, audit_id)
    return await _give_back(session, audit, "skipped", by=actor.id, code=code, reason=f"Skipped: {code}.")


async def decline_audit(session: AsyncSession, actor: Actor, audit_id: UUID) -> Audit:
    """As skipped, but without a reason, and it counts nowhere. Raises NotYourAudit (403), IllegalMove."""
    audit = await reviews.lock_mine(session, actor, audit_id)
    return await _give_back(session, audit, "declined", by=actor.id)


async def keep_audit(session: AsyncSession, actor: Actor, audit_id: UUID) -> dict[str, Any]:
    """They are still at it: the lease begins anew. Raises NotYourAudit (403), IllegalMove (409)."""
    audit = await reviews.lock_mine(session, actor, audit_id)
    until = await extend_lease(session, audit, clock.now(), LEASE_HOURS)
    return {"audit_id": audit.id, "lease_ends_at": until}


async def release_claims(session: AsyncSession, specialist_id: UUID) -> None:
    """What somebody who has left had claimed waits for others again: a drawn sample loses nothing."""
    for audit in await queries.lock_claimed(session, specialist_id):
        await _give_back(session, audit, "left", by=None, reason="The specialist has left.")


async def give_back_idle(session: AsyncSession) -> int:
    """Claims whose lease is over, and those of people on leave. How many; the worker's chore."""
    now, given = clock.now(), 0
    for audit in await queries.lock_lapsed(session, now, AT_ONCE):
        await _give_back(session, audit, "lapsed", by=None, reason="The lease is over.")
        given += 1
    for person_id in await queries.list_on_leave(session, now.date().isoformat()):
        for audit in await queries.lock_claimed(session, person_id):
            await _give_back(session, audit, "leave", by=None, reason="The specialist is on leave.")
            given += 1
    return given


async def _give_back(
    session: AsyncSession,
    audit: Audit,
    ending: str,
    *,
    by: UUID | None,
    reason: str | None = None,
    code: str | None = None,
) -> Audit:
    """The audit's row is locked."""
    audit.state = "open"
    await session.flush()
    await end_turn(session, audit, ending, code)
    await queries.unassign(session, audit)
    await record(session, AUDIT, audit.id, moved=("claimed", "open"), by=by, reason=reason)
    await outbox.publish(session, AuditMoved(audit.id))
    set_committed_value(audit, "specialist_id", None)
    set_committed_value(audit, "lease_ends_at", None)
    return audit


async def list_workload(session: AsyncSession) -> list[dict[str, Any]]:
    """Of specialists and of whoever else has claimed anything lately."""
    rows = await queries.list_workload(session, sorted(PERMISSIONS["audits.claim"]), clock.now())
    return [row for row in rows if row["is_specialist"] or row["open"] or row["reviewed"]]


# ---- Policy and profiles ----------------------------------------------------------------------------


async def get_policy(session: AsyncSession) -> Policy:
    return queries.policy_of(await queries.find_policy(session))


async def change_policy(session: AsyncSession, actor: Actor, patch: ClaimPolicyPatch) -> Policy:
    """What is open already stays: it holds from the next claim on. Raises Forbidden (403)."""
    if actor.vendor_id is not None:
        raise Forbidden("Vendors have no say in who reviews their work.")
    await queries.take_policy(session)
    sent = {name: getattr(patch, name) for name in patch.model_fields_set}
    if "check_share" in sent:
        sent["check_share"] = Decimal(str(sent["check_share"]))
    policy = replace(await get_policy(session), **sent)
    await queries.store_policy(session, policy, clock.now())
    return policy


async def get_profile(session: AsyncSession, actor: Actor, person_id: UUID) -> dict[str, Any]:
    """Raises NotFound, Forbidden (403) for another specialist's, NotASpecialist (422)."""
    role = await _get_role(session, person_id)
    if actor.id != person_id and actor.role not in LEADS:
        raise Forbidden("A specialist reads their own profile.")
    _check_specialist(role)
    found = await queries.find_profile(session, person_id)
    profile = {name: getattr(found, name) for name in queries.OF_PROFILE} if found else ANYTHING
    return profile | {
        "person_id": person_id, "leave": profile["leave"] or [],
        "takes_distressing": not await queries.has_opted_out(session, person_id),
    }  # fmt: skip


ANYTHING = ProfileIn().model_dump()
"""The profile of somebody who has none."""


async def set_profile(session: AsyncSession, actor: Actor, person_id: UUID, new: ProfileIn) -> dict[str, Any]:
    """What they have claimed stays with them, unless they are on leave. Raises NotFound, NotASpecialist."""
    _check_specialist(await _get_role(session, person_id))
    await queries.store_profile(session, person_id, new.model_dump(mode="json"))
    return await get_profile(session, actor, person_id)


async def _get_role(session: AsyncSession, person_id: UUID) -> str:
    role = await queries.find_role(session, person_id)
    if role is None:
        raise NotFound
    return role


def _check_specialist(role: str) -> None:
    if role not in PERMISSIONS["audits.claim"]:
        raise NotASpecialist


async def choose_distressing(session: AsyncSession, actor: Actor, *, takes: bool) -> dict[str, Any]:
    """Theirs alone to say, and at once: the next claim already follows it."""
    if takes:
        await queries.opt_in(session, actor.id)
    else:
        await queries.opt_out(session, actor.id, clock.now())
    return await get_profile(session, actor, actor.id)
