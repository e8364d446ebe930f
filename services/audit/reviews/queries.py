"""Every statement of the reviews room."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock
from shared.errors import NotFound
from shared.ids import new_id
from shared.models.appeals import Appeal, Ruling
from shared.models.assignment import Claim, ClaimPolicy
from shared.models.audit import Assignment, Audit, Evidence, Review, ReviewAuthor, ReviewDraft
from shared.models.people import Person
from shared.models.releases import HeldReview
from shared.trail import note_read


def select_audits(
    *,
    state: str | None,
    agent_id: UUID | None,
    ticket_id: UUID | None,
    specialist_id: UUID | None,
    overdue: bool | None,
) -> Select[Any]:
    statement = select(Audit)
    if overdue is not None:
        is_overdue = (col(Audit.due_at) < clock.now()) & col(Audit.state).in_(("open", "claimed"))
        statement = statement.where(func.coalesce(is_overdue, False) == overdue)
    equal = {
        "state": state,
        "agent_id": agent_id,
        "ticket_id": ticket_id,
        "specialist_id": specialist_id,
    }
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(getattr(Audit, name) == value)
    return statement


def select_reviews(
    *,
    agent_id: UUID | None,
    ticket_id: UUID | None,
    audit_id: UUID | None,
    scorecard_version_id: UUID | None,
    current: bool | None,
) -> Select[Any]:
    statement = select(Review)
    equal = {
        "agent_id": agent_id, "ticket_id": ticket_id, "audit_id": audit_id,
        "scorecard_version_id": scorecard_version_id,
    }  # fmt: skip
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(getattr(Review, name) == value)
    if current is not None:
        superseded = col(Review.superseded_at)
        statement = statement.where(superseded.is_(None) if current else superseded.is_not(None))
    return statement


async def get_audit(session: AsyncSession, audit_id: UUID) -> Audit:
    statement = select(Audit).where(col(Audit.id) == audit_id)
    audit = (await session.execute(statement)).scalar_one_or_none()
    if audit is None:
        raise NotFound
    return audit


async def lock_audit(session: AsyncSession, audit_id: UUID) -> Audit:
    statement = select(Audit).where(col(Audit.id) == audit_id).with_for_update()
    statement = statement.execution_options(populate_existing=True)
    audit = (await session.execute(statement)).scalar_one_or_none()
    if audit is None:
        raise NotFound
    return audit


async def find_assignee(session: AsyncSession, audit: Audit) -> UUID | None:
    """Who has claimed it. Asked once the audit is locked: what was read while waiting may be old."""
    assigned = await session.get(Assignment, (audit.ticket_id, audit.id), populate_existing=True)
    return assigned.specialist_id if assigned else None


async def end_turn(session: AsyncSession, audit: Audit, ending: str, code: str | None = None) -> None:
    """Whoever has the audit has it no more: how that came stays."""
    of = (col(Claim.ticket_id) == audit.ticket_id, col(Claim.audit_id) == audit.id)
    ended = {"ended_at": clock.now(), "ending": ending, "code": code}
    await session.execute(update(Claim).where(*of, col(Claim.ended_at).is_(None)).values(**ended))


async def begin_turn(session: AsyncSession, audit: Audit, person_id: UUID, now: datetime) -> None:
    """Once more: they have read it already, so it weighs nothing."""
    new = Claim(
        ticket_id=audit.ticket_id, id=new_id(), audit_id=audit.id, specialist_id=person_id,
        agent_id=audit.agent_id, claimed_at=now,
    )  # fmt: skip
    session.add(new)
    await session.flush()


async def get_release_policy(session: AsyncSession) -> tuple[Decimal, int]:
    """(the share that somebody else looks at first, hours before anything is released)"""
    statement = select(col(ClaimPolicy.check_share), col(ClaimPolicy.release_after_hours))
    row = (await session.execute(statement)).one_or_none()
    return (row[0], row[1]) if row else (Decimal(0), 0)


async def find_person(session: AsyncSession, person_id: UUID) -> Person | None:
    return await session.get(Person, person_id)


async def find_lead(session: AsyncSession, person_id: UUID | None) -> UUID | None:
    return await session.scalar(select(col(Person.lead_id)).where(col(Person.id) == person_id))


async def copy_audit(session: AsyncSession, audit: Audit, new_audit_id: UUID, agent: Person) -> Audit:
    """The same sample, of another agent's work, with the same evidence."""
    whose = {"id": new_audit_id, "agent_id": agent.id, "vendor_id": agent.vendor_id, "state": "reviewed"}
    copy = Audit(**audit.model_dump() | whose)
    session.add(copy)
    await session.flush()
    evidence = await session.get(Evidence, (audit.ticket_id, audit.id))
    content = evidence.content if evidence else {}
    session.add(Evidence(ticket_id=copy.ticket_id, audit_id=copy.id, content=content))
    await session.flush()
    return copy


async def lock_held(session: AsyncSession, audit_ids: Collection[UUID]) -> Sequence[HeldReview]:
    statement = select(HeldReview).where(col(HeldReview.audit_id).in_(audit_ids))
    return (await session.scalars(statement.order_by(col(HeldReview.audit_id)).with_for_update())).all()


async def extend_lease(session: AsyncSession, audit: Audit, now: datetime, hours: int) -> datetime:
    """It is worked on: from now, the policy's hours; without a policy, `hours`. Returns until when."""
    policy = select(col(ClaimPolicy.lease_hours)).scalar_subquery()
    lease = func.make_interval(0, 0, 0, 0, func.coalesce(policy, hours))
    until: datetime | None = await session.scalar(
        update(Assignment)
        .where(*_of(audit))
        .values(lease_ends_at=literal(now) + lease)
        .returning(col(Assignment.lease_ends_at))
    )
    assert until is not None, "its audit is locked, and claimed"
    return until


async def end_lease(session: AsyncSession, audit: Audit) -> None:
    await session.execute(update(Assignment).where(*_of(audit)).values(lease_ends_at=None))


def _of(audit: Audit) -> tuple[Any, ...]:
    return (col(Assignment.ticket_id) == audit.ticket_id, col(Assignment.audit_id) == audit.id)


async def find_draft(session: AsyncSession, audit: Audit) -> ReviewDraft | None:
    return await session.get(ReviewDraft, (audit.ticket_id, audit.id), populate_existing=True)


async def drop_drafts(session: AsyncSession, audit_ids: Collection[UUID]) -> None:
    await session.execute(delete(ReviewDraft).where(col(ReviewDraft.audit_id).in_(audit_ids)))


async def find_evidence(session: AsyncSession, audit: Audit) -> dict[str, Any] | None:
    """None where the caller may not see it; where they do, the trail says so."""
    evidence = await session.get(Evidence, (audit.ticket_id, audit.id))
    if evidence is None:
        return None
    note_read(session, "evidence.read", [audit.id])
    return evidence.content


async def get_review(session: AsyncSession, review_id: UUID) -> Review:
    statement = select(Review).where(col(Review.id) == review_id)
    review = (await session.execute(statement)).scalar_one_or_none()
    if review is None:
        raise NotFound
    return review


async def lock_review(session: AsyncSession, review_id: UUID) -> Review:
    """As it is now: what was read while waiting for the lock may be old."""
    statement = select(Review).where(col(Review.id) == review_id).with_for_update()
    statement = statement.execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one()


async def is_author(session: AsyncSession, review: Review, person_id: UUID) -> bool:
    """Of this version, or of one before it."""
    of_audit = select(col(Review.id)).where(
        col(Review.ticket_id) == review.ticket_id, col(Review.audit_id) == review.audit_id
    )
    statement = select(col(ReviewAuthor.review_id)).where(
        col(ReviewAuthor.ticket_id) == review.ticket_id,
        col(ReviewAuthor.reviewer_id) == person_id,
        col(ReviewAuthor.review_id).in_(of_audit),
    )
    return (await session.execute(statement.limit(1))).first() is not None


async def is_appealed(session: AsyncSession, review: Review) -> bool:
    """Someone is to rule on it, or has, and the version that follows from that is on its way."""
    statement = (
        select(col(Appeal.id))
        .outerjoin(Ruling, col(Ruling.appeal_id) == col(Appeal.id))
        .where(
            col(Appeal.ticket_id) == review.ticket_id,
            col(Appeal.review_id) == review.id,
            col(Appeal.state).in_(("open", "in_review")) | (col(Ruling.outcome) != "upheld"),
        )
    )
    return (await session.execute(statement.limit(1))).first() is not None


async def get_ruling(session: AsyncSession, appeal_id: UUID) -> tuple[Appeal, Ruling]:
    """Read from the tables of the appeals service; written only there."""
    row = (
        await session.execute(
            select(Appeal, Ruling)
            .join(Ruling, col(Ruling.appeal_id) == col(Appeal.id))
            .where(col(Appeal.id) == appeal_id)
        )
    ).one()
    return row[0], row[1]


async def insert_imported(
    session: AsyncSession, audits: Sequence[dict[str, Any]], reviews: Sequence[dict[str, Any]]
) -> int:
    """Each once; returns how many reviews were new."""
    await session.execute(insert(Audit).values(list(audits)).on_conflict_do_nothing())
    nothing = [{"ticket_id": one["ticket_id"], "audit_id": one["id"], "content": {}} for one in audits]
    await session.execute(insert(Evidence).values(nothing).on_conflict_do_nothing())
    added = await session.execute(
        insert(Review).values(list(reviews)).on_conflict_do_nothing().returning(col(Review.id))
    )
    return len(added.all())


async def lock_reviews(session: AsyncSession, audit_ids: Collection[UUID]) -> Sequence[Review]:
    """All versions."""
    statement = select(Review).where(col(Review.audit_id).in_(audit_ids)).order_by(col(Review.id))
    return (await session.scalars(statement.with_for_update(of=Review))).all()
