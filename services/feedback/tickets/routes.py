"""HTTP of the tickets room."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query

from services.feedback.tickets import queries
from services.feedback.tickets.schemas import MessageOut, RatingOut, TicketEventOut, TicketOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.models.feedback import Ticket
from shared.openapi import READS, answers
from shared.paging import Page, Pages, page_of
from shared.schemas import When
from shared.web import router

routes = router("/feedback/tickets", "tickets")
Reader = Annotated[Actor, Depends(permit("tickets.read"))]


@routes.get("", response_model=Page[TicketOut], responses=answers(*READS))
async def list_tickets(
    session: Session, paging: Pages, _: Reader,
    connection_id: UUID | None = None, vendor_id: UUID | None = None, assignee_id: UUID | None = None,
    external_id: Annotated[str | None, Query(max_length=40)] = None,
    status: Literal["new", "open", "pending", "on_hold", "solved", "closed"] | None = None,
    created_from: When | None = None, created_to: When | None = None,
) -> Any:  # fmt: skip
    tickets = queries.select_tickets(
        connection_id=connection_id, external_id=external_id, status=status,
        vendor_id=vendor_id, assignee_id=assignee_id, created_from=created_from, created_to=created_to,
    )  # fmt: skip
    return await page_of(session, tickets, paging, row_id=Ticket.id, newest=Ticket.created_at)


@routes.get("/{ticket_id}", response_model=TicketOut, responses=answers(*READS))
async def get_ticket(ticket_id: UUID, session: Session, _: Reader) -> Any:
    return await queries.get_ticket(session, ticket_id)


@routes.get("/{ticket_id}/messages", response_model=list[MessageOut], responses=answers(*READS))
async def list_messages(
    ticket_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("messages.read"))]
) -> Any:
    await queries.get_ticket(session, ticket_id)
    return await queries.list_messages(session, ticket_id)


@routes.get("/{ticket_id}/events", response_model=list[TicketEventOut], responses=answers(*READS))
async def list_events(ticket_id: UUID, session: Session, _: Reader) -> Any:
    await queries.get_ticket(session, ticket_id)
    return await queries.list_events(session, ticket_id)


@routes.get("/{ticket_id}/ratings", response_model=list[RatingOut], responses=answers(*READS))
async def list_ratings(ticket_id: UUID, session: Session, _: Reader) -> Any:
    await queries.get_ticket(session, ticket_id)
    return await queries.list_ratings(session, ticket_id)
