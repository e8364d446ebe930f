"""Every statement of the assignment room. What may not go to whom is said once, in `bars`: the next sample is
sought with it, a claim refused by it, and what is told where nothing fits is counted by it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    String,
    and_,
    cast,
    column,
    delete,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.audit.assignment.standing import WEEK, Policy, Standing, day_of, lacking, weight_left
from shared.errors import NotFound
from shared.ids import new_id
from shared.models.assignment import Claim, ClaimPolicy, DistressOptOut, SpecialistProfile
from shared.models.audit import Assignment, Audit
from shared.models.feedback import Ticket
from shared.models.people import Person

FOUR_WEEKS = timedelta(days=28)
OF_POLICY = tuple(Policy.__dataclass_fields__)
OF_PROFILE = ("open_at_once", "claims_a_day", "languages", "skills", "is_available", "leave")


async def take_turns(session: AsyncSession, person_ids: Sequence[UUID]) -> None:
    """What is counted of these specialists changes in one transaction after the other: two windows of one
    person do not claim the last free place twice. In the order of ids, so that nobody waits in a circle."""
    for person_id in sorted(person_ids):
        key = func.hashtextextended(f"claims of {person_id}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(key)))


async def get_standing(session: AsyncSession, person_id: UUID, now: datetime) -> tuple[Policy, Standing]:
    """Raises NotFound. One statement, however much they have claimed."""
    today = day_of(now)
    theirs = col(Claim.specialist_id) == person_id
    # What was declined or given back at once was read all the same; but it is not held against their share.
    counted = col(Claim.ending).is_distinct_from("declined")
    figures = {
        "open_now": select(func.count()).where(theirs, col(Claim.ended_at).is_(None)),
        "claimed_today": select(func.count()).where(theirs, col(Claim.claimed_at) >= today, counted),
        "weight_today": _weight(theirs, today),
        "weight_this_week": _weight(theirs, today - WEEK),
    }
    statement = (
        select(
            col(Person.lead_id), col(Person.vendor_id), SpecialistProfile, ClaimPolicy,
            exists().where(col(DistressOptOut.person_id) == person_id).label("has_opted_out"),
            *(one.scalar_subquery().label(name) for name, one in figures.items()),
        )
        .select_from(Person)
        .outerjoin(SpecialistProfile, col(SpecialistProfile.person_id) == col(Person.id))
        .outerjoin(ClaimPolicy, true())
        .where(col(Person.id) == person_id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    profile = {name: getattr(row.SpecialistProfile, name) for name in OF_PROFILE if row.SpecialistProfile}
    return policy_of(row.ClaimPolicy), Standing(
        person_id=person_id, lead_id=row.lead_id, vendor_id=row.vendor_id,
        takes_distressing=not row.has_opted_out, **profile | {"leave": profile.get("leave") or ()},
        **{name: getattr(row, name) for name in figures},
    )  # fmt: skip


def _weight(theirs: ColumnElement[bool], since: datetime) -> Any:
    total = func.coalesce(func.sum(col(Claim.weight)), 0)
    return select(total).where(theirs, col(Claim.claimed_at) >= since)


def policy_of(row: ClaimPolicy | None) -> Policy:
    return Policy(**{name: getattr(row, name) for name in OF_POLICY}) if row else Policy()


# ---- What may not go to whom ------------------------------------------------------------------------


def _weighs(policy: Policy) -> ColumnElement[int]:
    """Of a ticket: the sum of its tags' weights."""
    if not policy.distress_weights:
        return literal(0)
    each = func.jsonb_each_text(cast(dict(policy.distress_weights), JSONB)).table_valued("key", "value")
    total = select(func.coalesce(func.sum(cast(each.c.value, Integer)), 0)).select_from(each)
    return total.where(col(Ticket.tags).has_key(each.c.key)).scalar_subquery()  # type: ignore[attr-defined]  # JSONB's


def bars(policy: Policy, standing: Standing, now: datetime) -> dict[str, ColumnElement[bool]]:
    """Reason → condition on an audit and its ticket under which it may not go to this specialist."""
    me, agent = standing.person_id, col(Audit.agent_id)
    found: dict[str, ColumnElement[bool]] = {"own-work": agent.is_not_distinct_from(me)}
    same_team = or_(
        col(Person.lead_id) == me, col(Person.lead_id) == standing.lead_id if standing.lead_id else false()
    )
    found["own-team"] = exists().where(col(Person.id) == agent, same_team).correlate(Audit)
    if standing.vendor_id is not None and not policy.vendors_audit_own:
        found["own-vendor"] = col(Audit.vendor_id).is_not_distinct_from(standing.vendor_id)
    if policy.pair_limit is not None:
        met = (
            select(col(Claim.agent_id))
            .where(
                col(Claim.specialist_id) == me, col(Claim.agent_id).is_not(None),
                col(Claim.claimed_at) > now - timedelta(days=policy.pair_days),
                or_(col(Claim.ending).is_(None), col(Claim.ending) == "reviewed"),
            )
            .group_by(col(Claim.agent_id))
            .having(func.count() >= policy.pair_limit)
        )  # fmt: skip
        found["pair-limit"] = func.coalesce(agent.in_(met), false())
    if standing.languages is not None:
        language = func.split_part(func.lower(col(Ticket.language)), "-", 1)
        found["language"] = func.coalesce(language.not_in(list(standing.languages)), false())
    if missing := lacking(policy, standing):
        needed = cast(missing, ARRAY(String))
        asks_for_one: ColumnElement[bool] = col(Ticket.tags).has_any(needed)  # type: ignore[attr-defined]  # JSONB's
        found["skill"] = func.coalesce(asks_for_one, false())
    weighs, left = _weighs(policy), weight_left(policy, standing)
    if policy.distress_weights and left is not None:
        found["exposure"] = and_(weighs > 0, weighs > left)
    if policy.distress_weights and not standing.takes_distressing:
        found["opted-out"] = weighs > 0
    passed = exists().where(
        col(Claim.audit_id) == col(Audit.id), col(Claim.specialist_id) == me,
        col(Claim.ending).in_(("skipped", "declined")),
    )  # fmt: skip
    found["passed-on"] = passed.correlate(Audit)
    return found


_ITS_TICKET = col(Ticket.id) == col(Audit.ticket_id)
_ITS_ASSIGNMENT = and_(
    col(Assignment.ticket_id) == col(Audit.ticket_id), col(Assignment.audit_id) == col(Audit.id)
)


async def find_next(
    session: AsyncSession, policy: Policy, standing: Standing, now: datetime
) -> tuple[Audit, int] | None:
    """(the waiting audit that is due first and may go to them, its weight), and its row is locked: whoever
    else seeks at this moment passes it by."""
    statement = (
        select(Audit, _weighs(policy))
        .join(Ticket, _ITS_TICKET)
        .where(col(Audit.state) == "open", *(not_(bar) for bar in bars(policy, standing, now).values()))
        .order_by(col(Audit.due_at), col(Audit.drawn_at), col(Audit.id))
        .limit(1)
        .with_for_update(of=Audit, skip_locked=True)
    )
    row = (await session.execute(statement)).one_or_none()
    return (row[0], row[1]) if row else None


async def ask_bars(
    session: AsyncSession, policy: Policy, standing: Standing, audit_id: UUID, now: datetime
) -> tuple[Audit, int, list[str]]:
    """(the audit, its weight, why it may not go to them), and its row is locked. Raises NotFound."""
    named = bars(policy, standing, now)
    statement = (
        select(Audit, _weighs(policy), *(bar.label(name) for name, bar in named.items()))
        .join(Ticket, _ITS_TICKET)
        .where(col(Audit.id) == audit_id)
        .with_for_update(of=Audit)
        .execution_options(populate_existing=True)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1], [name for name, is_barred in zip(named, row[2:], strict=True) if is_barred]


async def count_barred(
    session: AsyncSession, policy: Policy, standing: Standing, now: datetime
) -> tuple[int, dict[str, int]]:
    """(how many wait, reason → for how many of them it holds). Several may hold for one."""
    named = bars(policy, standing, now)
    counts = [func.count().filter(bar) for bar in named.values()]
    statement = (
        select(func.count(), *counts)
        .select_from(Audit)
        .join(Ticket, _ITS_TICKET)
        .where(col(Audit.state) == "open")
    )
    waiting, *barred = (await session.execute(statement)).one()
    return waiting, dict(zip(named, barred, strict=True))


# ---- Turns ------------------------------------------------------------------------------------------


async def take(session: AsyncSession, audit: Audit, claim: Claim, lease_ends_at: datetime) -> None:
    """The audit's row is locked, and it is open."""
    of = (col(Audit.ticket_id) == audit.ticket_id, col(Audit.id) == audit.id)
    await session.execute(update(Audit).where(*of).values(state="claimed"))
    new = insert(Assignment).values(
        ticket_id=audit.ticket_id, audit_id=audit.id, specialist_id=claim.specialist_id,
        claimed_at=claim.claimed_at, lease_ends_at=lease_ends_at,
    )  # fmt: skip
    await session.execute(new)
    session.add(claim)
    await session.flush()


async def lock_claimed(session: AsyncSession, specialist_id: UUID) -> list[Audit]:
    statement = (
        select(Audit)
        .join(Assignment, _ITS_ASSIGNMENT)
        .where(col(Assignment.specialist_id) == specialist_id, col(Audit.state) == "claimed")
        .order_by(col(Audit.ticket_id), col(Audit.id))
        .with_for_update(of=Audit)
    )
    return list(await session.scalars(statement))


async def unassign(session: AsyncSession, audit: Audit) -> None:
    mine = (col(Assignment.ticket_id) == audit.ticket_id, col(Assignment.audit_id) == audit.id)
    await session.execute(delete(Assignment).where(*mine))


async def lock_lapsed(session: AsyncSession, now: datetime, limit: int) -> list[Audit]:
    """Claims whose lease is over. Who works on one at this moment holds its lock, and is passed by."""
    statement = (
        select(Audit)
        .join(Assignment, _ITS_ASSIGNMENT)
        .where(col(Audit.state) == "claimed", col(Assignment.lease_ends_at) <= now)
        .order_by(col(Assignment.lease_ends_at))
        .limit(limit)
        .with_for_update(of=(Audit, Assignment), skip_locked=True)
    )
    return list(await session.scalars(statement.execution_options(populate_existing=True)))


async def list_on_leave(session: AsyncSession, today: str) -> list[UUID]:
    """Who is on leave and has something open."""
    span = func.jsonb_to_recordset(col(SpecialistProfile.leave)).table_valued(
        column("first_day", String), column("last_day", String)
    ).render_derived(with_types=True)  # fmt: skip
    away = exists().select_from(span).where(span.c.first_day <= today, span.c.last_day >= today)
    has_open = exists().where(
        col(Claim.specialist_id) == col(SpecialistProfile.person_id), col(Claim.ended_at).is_(None)
    )
    statement = select(col(SpecialistProfile.person_id)).where(
        col(SpecialistProfile.leave).is_not(None), away, has_open
    )
    return list(await session.scalars(statement))


async def list_workload(session: AsyncSession, roles: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Whoever may claim: what they have open, what of it is late, what they did in the last four weeks, and
    how long a review took them, from claim to submission. One statement, however many they are."""
    is_open, done = col(Claim.ended_at).is_(None), col(Claim.ending) == "reviewed"
    recent = and_(done, col(Claim.ended_at) > now - FOUR_WEEKS)
    took = func.extract("epoch", col(Claim.ended_at) - col(Claim.claimed_at))
    late = func.count().filter(is_open, col(Audit.due_at) < now)
    statement: Any = (
        select(
            col(Person.id).label("person_id"), col(Person.name),
            (col(Person.role) == "specialist").label("is_specialist"),
            func.coalesce(col(SpecialistProfile.is_available), true()).label("is_available"),
            col(SpecialistProfile.open_at_once), col(SpecialistProfile.claims_a_day),
            func.count(col(Claim.id)).filter(is_open).label("open"), late.label("overdue"),
            func.count(col(Claim.id)).filter(col(Claim.claimed_at) >= day_of(now)).label("claimed_today"),
            func.count(col(Claim.id)).filter(recent).label("reviewed"),
            func.count(col(Claim.id)).filter(col(Claim.ending) == "skipped",
                                             col(Claim.ended_at) > now - FOUR_WEEKS).label("skipped"),
            func.percentile_cont(0.5).within_group(took).filter(recent).label("median_s"),
        )
        .outerjoin(SpecialistProfile, col(SpecialistProfile.person_id) == col(Person.id))
        .outerjoin(Claim, col(Claim.specialist_id) == col(Person.id))
        .outerjoin(
            Audit, and_(col(Audit.ticket_id) == col(Claim.ticket_id), col(Audit.id) == col(Claim.audit_id))
        )
        .where(col(Person.role).in_(roles), col(Person.is_active))
        .group_by(col(Person.id), col(SpecialistProfile.person_id))
        .order_by(col(Person.name), col(Person.id))
    )  # fmt: skip
    return [dict(row) for row in (await session.execute(statement)).mappings()]


# ---- What leads and specialists say -----------------------------------------------------------------


async def find_policy(session: AsyncSession) -> ClaimPolicy | None:
    return await session.get(ClaimPolicy, 1, populate_existing=True)


async def take_policy(session: AsyncSession) -> None:
    """Whoever changes it does so on what the one before left, also where there is no row yet."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("claim policy", 0))))


async def store_policy(session: AsyncSession, policy: Policy, at: datetime) -> None:
    values = asdict(policy) | {"changed_at": at}
    new = insert(ClaimPolicy).values(id=1, **values)
    await session.execute(new.on_conflict_do_update(index_elements=["id"], set_=values))


async def find_profile(session: AsyncSession, person_id: UUID) -> SpecialistProfile | None:
    return await session.get(SpecialistProfile, person_id, populate_existing=True)


async def find_role(session: AsyncSession, person_id: UUID) -> str | None:
    """None where there is no such person, or none that the caller may see."""
    return await session.scalar(select(col(Person.role)).where(col(Person.id) == person_id))


async def store_profile(session: AsyncSession, person_id: UUID, values: Mapping[str, Any]) -> None:
    new = insert(SpecialistProfile).values(person_id=person_id, **values)
    await session.execute(new.on_conflict_do_update(index_elements=["person_id"], set_=dict(values)))


async def has_opted_out(session: AsyncSession, person_id: UUID) -> bool:
    return await session.get(DistressOptOut, person_id, populate_existing=True) is not None


async def opt_out(session: AsyncSession, person_id: UUID, at: datetime) -> None:
    new = insert(DistressOptOut).values(person_id=person_id, since_at=at)
    await session.execute(new.on_conflict_do_nothing())


async def opt_in(session: AsyncSession, person_id: UUID) -> None:
    await session.execute(delete(DistressOptOut).where(col(DistressOptOut.person_id) == person_id))


def new_claim(audit: Audit, person_id: UUID, weight: int, now: datetime) -> Claim:
    return Claim(
        ticket_id=audit.ticket_id, id=new_id(), audit_id=audit.id, specialist_id=person_id,
        agent_id=audit.agent_id, weight=weight, claimed_at=now,
    )  # fmt: skip
