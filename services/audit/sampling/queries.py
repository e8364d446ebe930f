"""Every statement of the sampling room."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.models.audit import Audit, Evidence, SamplingPlan
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
    new = insert(Audit).values([{k: v for k, v in row.items() if k != "evidence"} for row in rows])
    follows = ("agent_id", "vendor_id", "drawn_at", "due_at", "state")
    waiting = await session.scalars(
        new.on_conflict_do_update(
            index_elements=["ticket_id", "id"],
            set_={name: new.excluded[name] for name in follows},
            where=col(Audit.state).in_(("open", "void")),
        ).returning(col(Audit.id))
    )
    waits = set(waiting)
    seen = [
        {"ticket_id": row["ticket_id"], "audit_id": row["id"], "content": row["evidence"]}
        for row in rows
        if row["id"] in waits
    ]
    if seen:
        write = insert(Evidence).values(seen)
        await session.execute(
            write.on_conflict_do_update(
                index_elements=["ticket_id", "audit_id"], set_={"content": write.excluded.content}
            )
        )


async def void_samples_of_deleted(session: AsyncSession, ticket_ids: Sequence[UUID]) -> None:
    """Nobody will review a ticket that was deleted, and nothing of it is kept for them to read. Should
    it come back, so does its sample."""
    deleted = select(col(Ticket.id)).where(col(Ticket.id).in_(ticket_ids), col(Ticket.is_deleted))
    void = (
        update(Audit)
        .where(col(Audit.ticket_id).in_(deleted), col(Audit.state) == "open")
        .values(state="void")
        .returning(col(Audit.ticket_id), col(Audit.id))
    )
    for ticket_id, audit_id in (await session.execute(void)).all():
        await write_evidence(session, ticket_id, audit_id, {})


async def write_evidence(
    session: AsyncSession, ticket_id: UUID, audit_id: UUID, content: dict[str, Any]
) -> None:
    mine = (col(Evidence.ticket_id) == ticket_id, col(Evidence.audit_id) == audit_id)
    await session.execute(update(Evidence).where(*mine).values(content=content))


async def lock_evidence(session: AsyncSession, ticket_ids: Sequence[UUID]) -> list[tuple[Evidence, bool]]:
    """(evidence, whether no word of its ticket is kept), locked in key order with its audit."""
    statement = (
        select(
            Evidence,
            or_(col(Ticket.is_purged), col(Ticket.is_erased), col(Ticket.texts_removed_at).is_not(None)),
        )
        .join(
            Audit,
            (col(Audit.ticket_id) == col(Evidence.ticket_id)) & (col(Audit.id) == col(Evidence.audit_id)),
        )
        .join(Ticket, col(Ticket.id) == col(Audit.ticket_id))
        .where(col(Audit.ticket_id).in_(ticket_ids))
        .order_by(col(Audit.ticket_id), col(Audit.id))
        .with_for_update(of=(Audit, Evidence))
    )
    return [(evidence, is_wordless) for evidence, is_wordless in await session.execute(statement)]
