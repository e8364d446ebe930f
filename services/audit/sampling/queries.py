"""Every statement of the sampling room."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.models.audit import Audit, SamplingPlan
from shared.models.feedback import Message, Ticket, TicketEvent

RESOLVED = ("solved", "closed")


def select_plans() -> Select[Any]:
    return select(SamplingPlan)


async def list_active_plans(session: AsyncSession, connection_ids: set[UUID]) -> Sequence[SamplingPlan]:
    statement = select(SamplingPlan).where(
        col(SamplingPlan.is_active), col(SamplingPlan.connection_id).in_(connection_ids)
    )
    return (await session.execute(statement)).scalars().all()


async def lock_solved_tickets(
    session: AsyncSession, ticket_ids: Sequence[UUID]
) -> Sequence[tuple[Ticket, Any]]:
    """(ticket, when it was first solved), of tickets that are not deleted. Locked in id order,
    so that two deliveries for one ticket draw one after the other and each sees what is committed."""
    await session.execute(
        select(col(Ticket.id))
        .where(col(Ticket.id).in_(ticket_ids))
        .order_by(col(Ticket.id))
        .with_for_update(key_share=True)
    )
    solved = (
        select(col(TicketEvent.occurred_at))
        .where(
            col(TicketEvent.ticket_id) == col(Ticket.id),
            col(TicketEvent.field) == "status",
            col(TicketEvent.to_value).in_(RESOLVED),
        )
        .order_by(col(TicketEvent.occurred_at))
        .limit(1)
        .lateral()
    )
    rows = await session.execute(
        select(Ticket, solved.c.occurred_at)
        .join(solved, solved.c.occurred_at.is_not(None))
        .where(col(Ticket.id).in_(ticket_ids), ~col(Ticket.is_deleted))
        .order_by(col(Ticket.id))
    )
    return [(ticket, at) for ticket, at in rows]


async def list_messages(session: AsyncSession, ticket_ids: Sequence[UUID]) -> Sequence[Message]:
    statement = (
        select(Message)
        .where(col(Message.ticket_id).in_(ticket_ids))
        .order_by(col(Message.sent_at), col(Message.position), col(Message.id))
    )
    return (await session.execute(statement)).scalars().all()


async def upsert_samples(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """New samples are added; the evidence of a waiting one follows its ticket until it is claimed."""
    new = insert(Audit).values(list(rows))
    follows = ("agent_id", "vendor_id", "evidence", "drawn_at", "state")
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["ticket_id", "id"],
            set_={name: new.excluded[name] for name in follows},
            where=col(Audit.state).in_(("open", "void")),
        )
    )


async def void_samples_of_deleted(session: AsyncSession, ticket_ids: Sequence[UUID]) -> None:
    """Nobody will review a ticket that was deleted, and nothing of it is kept for them to read. Should
    it come back, so does its sample."""
    deleted = select(col(Ticket.id)).where(col(Ticket.id).in_(ticket_ids), col(Ticket.is_deleted))
    await session.execute(
        update(Audit)
        .where(col(Audit.ticket_id).in_(deleted), col(Audit.state) == "open")
        .values(state="void", evidence={})
    )


async def lock_audits(session: AsyncSession, ticket_ids: Sequence[UUID]) -> list[tuple[Audit, bool]]:
    """(audit, whether no word of its ticket is kept), locked in key order."""
    statement = (
        select(
            Audit,
            or_(col(Ticket.is_purged), col(Ticket.is_erased), col(Ticket.texts_removed_at).is_not(None)),
        )
        .join(Ticket, col(Ticket.id) == col(Audit.ticket_id))
        .where(col(Audit.ticket_id).in_(ticket_ids))
        .order_by(col(Audit.ticket_id), col(Audit.id))
        .with_for_update(of=Audit)
    )
    return [(audit, is_wordless) for audit, is_wordless in await session.execute(statement)]
