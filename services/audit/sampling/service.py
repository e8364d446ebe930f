"""Verbs of the sampling room: which solved tickets are audited."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.errors import ScorecardNotPublished
from services.audit.sampling import queries, rules
from services.audit.sampling.schemas import PlanIn
from services.audit.scorecards.queries import get_version
from shared import clock
from shared.errors import Fault, NotFound, ValidationFailed
from shared.ids import derived_id, new_id
from shared.models.audit import SamplingPlan
from shared.models.feedback import Connection, Message, Ticket


async def plan_sampling(session: AsyncSession, new: PlanIn) -> SamplingPlan:
    """From now on, solved tickets of the connection are drawn. Raises ValidationFailed (422) for
    unknown ids, ScorecardNotPublished (409) for a draft."""
    try:
        version = await get_version(session, new.scorecard_version_id)
    except NotFound:
        raise _unknown("scorecard_version_id") from None
    if version.state != "published":
        raise ScorecardNotPublished
    if await session.get(Connection, new.connection_id) is None:
        raise _unknown("connection_id")
    plan = SamplingPlan(
        id=new_id(),
        key=new.key,
        connection_id=new.connection_id,
        scorecard_version_id=version.id,
        rate=Decimal(repr(new.rate)),
        seed=new.seed,
        due_days=new.due_days,
        created_at=clock.now(),
    )
    session.add(plan)
    await session.flush()
    return plan


async def draw_samples(session: AsyncSession, ticket_ids: Sequence[UUID]) -> None:
    """Draws each solved ticket once in each plan; repeating it changes nothing.

    The draw depends on the seed and the ticket alone, so it does not matter when or how often
    a ticket comes by. What the specialist will see is copied now, because the help desk's own
    copy will change or go; it is frozen when the audit is claimed.
    """
    solved = await queries.lock_solved_tickets(session, ticket_ids)
    await queries.void_samples_of_deleted(session, ticket_ids)
    plans = await queries.list_active_plans(session, {ticket.connection_id for ticket, _ in solved})
    drawn = [
        (plan, ticket, at, number)
        for ticket, at in solved
        for plan in plans
        if plan.connection_id == ticket.connection_id
        and ticket.assignee_id is not None
        and rules.is_drawn(number := rules.draw(plan.seed, ticket.id), plan.rate)
    ]
    if not drawn:
        return
    messages = defaultdict(list)
    for message in await queries.list_messages(session, [ticket.id for _, ticket, *_ in drawn]):
        messages[message.ticket_id].append(message)
    await queries.upsert_samples(
        session,
        [
            {
                "ticket_id": ticket.id,
                "id": derived_id(plan.id, "audit", ticket.id),
                "plan_id": plan.id,
                "scorecard_version_id": plan.scorecard_version_id,
                "probability": plan.rate,
                "draw": f"{number:016x}",
                "drawn_at": at,
                "due_at": at + timedelta(days=plan.due_days),
                "agent_id": ticket.assignee_id,
                "vendor_id": ticket.vendor_id,
                "evidence": evidence_of(ticket, messages[ticket.id]),
                "state": "open",
            }
            for plan, ticket, at, number in drawn
        ],
    )


async def blank_evidence(session: AsyncSession, ticket_ids: Sequence[UUID]) -> None:
    """What the help desk took back is taken out of every copy too, frozen or not: the one change that
    evidence knows after it was claimed. What was scored stays, and says that words are missing."""
    messages: dict[UUID, dict[str, Message]] = defaultdict(dict)
    for message in await queries.list_messages(session, ticket_ids):
        messages[message.ticket_id][str(message.id)] = message
    for evidence, is_wordless in await queries.lock_evidence(session, ticket_ids):
        evidence.content = rules.without_words(
            evidence.content,
            redacted={key for key, message in messages[evidence.ticket_id].items() if message.is_redacted},
            is_wordless=is_wordless,
        )
    await session.flush()


def evidence_of(ticket: Ticket, messages: Sequence[Message]) -> dict[str, Any]:
    """The ticket as it stands, for the specialist's eyes. Requester and authors only by role."""
    return {
        "ticket": {
            "external_id": ticket.external_id,
            "subject": ticket.subject,
            "status": ticket.status,
            "priority": ticket.priority,
            "channel": ticket.channel,
            "language": ticket.language,
            "tags": ticket.tags,
            "description": ticket.description,
        },
        "messages": [
            {
                "id": str(message.id),
                "sent_at": message.sent_at.isoformat(),
                "author_kind": message.author_kind,
                "is_public": message.is_public,
                "body": message.body,
                "is_redacted": message.is_redacted,
            }
            for message in messages
        ],
    }


def _unknown(field: str) -> ValidationFailed:
    return ValidationFailed(faults=[Fault(f"/{field}", "unknown-id", "There is no such thing.")])
