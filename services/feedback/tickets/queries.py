"""Every statement of the tickets room. Reads only; the intake room writes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import Fault, NotFound, ValidationFailed
from shared.models.feedback import Message, Rating, Ticket, TicketEvent
from shared.trail import note_read

MAX_PARTS = 1000
"""How much of one ticket's history one answer holds; longer ones are cut at the newest end."""


def select_tickets(
    *,
    connection_id: UUID | None = None,
    external_id: str | None = None,
    status: str | None = None,
    vendor_id: UUID | None = None,
    assignee_id: UUID | None = None,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
) -> Select[Any]:
    if created_from and created_to and created_from >= created_to:
        fault = Fault("/created_to", "invalid-range", "The period ends before it begins.")
        raise ValidationFailed(faults=[fault])
    statement = select(Ticket)
    equal = {
        "connection_id": connection_id, "external_id": external_id, "status": status,
        "vendor_id": vendor_id, "assignee_id": assignee_id,
    }  # fmt: skip
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(getattr(Ticket, name) == value)
    if created_from is not None:
        statement = statement.where(col(Ticket.created_at) >= created_from)
    if created_to is not None:
        statement = statement.where(col(Ticket.created_at) < created_to)
    return statement


async def get_ticket(session: AsyncSession, ticket_id: UUID) -> Ticket:
    statement = select(Ticket).where(col(Ticket.id) == ticket_id)
    ticket = (await session.execute(statement)).scalar_one_or_none()
    if ticket is None:
        raise NotFound
    return ticket


async def list_messages(session: AsyncSession, ticket_id: UUID) -> list[Message]:
    """What people wrote: the trail says who read it."""
    note_read(session, "messages.read", [ticket_id])
    statement = (
        select(Message)
        .where(col(Message.ticket_id) == ticket_id)
        .order_by(col(Message.sent_at), col(Message.position), col(Message.id))
        .limit(MAX_PARTS)
    )
    return list((await session.execute(statement)).scalars())


async def list_events(session: AsyncSession, ticket_id: UUID) -> list[TicketEvent]:
    statement = (
        select(TicketEvent)
        .where(col(TicketEvent.ticket_id) == ticket_id)
        .order_by(col(TicketEvent.occurred_at), col(TicketEvent.position), col(TicketEvent.id))
        .limit(MAX_PARTS)
    )
    return list((await session.execute(statement)).scalars())


async def list_ratings(session: AsyncSession, ticket_id: UUID) -> list[Rating]:
    """Comments are what people wrote: where there is one, the trail says who read it."""
    statement = select(Rating).where(col(Rating.ticket_id) == ticket_id).limit(MAX_PARTS)
    ratings = list((await session.execute(statement)).scalars())
    if any(one.comment for one in ratings):
        note_read(session, "ratings.read", [ticket_id])
    return ratings
