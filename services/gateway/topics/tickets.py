"""GraphQL: tickets, with their messages, facts, audits and reviews."""

from datetime import datetime
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col

from services.gateway.paging import Connection, page
from services.gateway.topics.audits import Audit, Review, audits_of_ticket, reviews_of_ticket
from services.gateway.topics.people import Ask, Person, person
from shared.auth import check
from shared.models.feedback import Message as MessageRow
from shared.models.feedback import Ticket as TicketRow
from shared.models.kpi import TicketFact as FactRow


@strawberry.type(description="One comment on a ticket.")
class Message:
    id: UUID
    sent_at: datetime
    author_kind: str = strawberry.field(description="requester, agent, bot or system")
    author_name: str | None
    is_public: bool
    is_redacted: bool = strawberry.field(description="Its words were taken back in the help desk.")
    body: str


@strawberry.type(description="What started and what stopped one of a ticket's clocks.")
class Clock:
    name: str = strawberry.field(description="first_reply, first_resolution or full_resolution")
    started_by: str = strawberry.field(description="ticket:<id>, message:<id> or event:<id>")
    stopped_by: str


@strawberry.type(description="A ticket's durations in seconds and its outcomes; null: not yet, or never.")
class TicketFacts:
    first_reply_at: datetime | None
    first_response_s: int | None
    first_response_business_s: int | None
    first_resolution_s: int | None
    full_resolution_s: int | None
    full_resolution_business_s: int | None
    requester_wait_s: int | None
    agent_wait_s: int | None
    on_hold_s: int | None
    reopens: int
    agent_replies: int
    is_one_touch: bool
    csat_score: float | None = strawberry.field(description="0 (bad) … 1 (good)")
    clocks: list[Clock] = strawberry.field(description="Of those that have run.")


@strawberry.type(description="A request for help, as the help desk knows it now.")
class Ticket:
    id: UUID
    connection_id: UUID
    external_id: str = strawberry.field(description="Its id in the help desk.")
    display_id: str | None = strawberry.field(description="Its number as people there see it.")
    is_provisional: bool = strawberry.field(description="Not told yet: when it was created.")
    is_deleted: bool
    merged_into_key: str | None = strawberry.field(
        description="The help desk's id of what it became part of."
    )
    subject: str | None
    status: str | None
    priority: str | None
    channel: str | None
    language: str | None
    topic: str | None
    brand: str | None
    group_name: str | None
    vendor_id: UUID | None
    tags: list[str] | None
    created_at: datetime
    updated_at: datetime
    assignee_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def assignee(self, info: Ask) -> Person | None:
        return await person(info, self.assignee_id)

    @strawberry.field(
        description="In the order they were sent. Null where your role may not read what people wrote; "
        "empty where this ticket is not among those of which you may."
    )
    async def messages(self, info: Ask) -> list[Message] | None:
        check(info.context.actor, "messages.read")
        order = [col(MessageRow.sent_at), col(MessageRow.position), col(MessageRow.id)]
        rows = await info.context.many(MessageRow, "ticket_id", order, self.id)
        if rows:
            info.context.note_read("messages.read", self.id)
        return [
            Message(
                id=row.id, sent_at=row.sent_at, author_kind=row.author_kind,
                author_name=row.author_name, is_public=row.is_public, is_redacted=row.is_redacted,
                body=row.body,
            )
            for row in rows
        ]  # fmt: skip

    @strawberry.field(description="Null until they have been computed, a moment after the ticket came in.")
    async def facts(self, info: Ask) -> TicketFacts | None:
        rows = await info.context.many(FactRow, "ticket_id", [col(FactRow.ticket_id)], self.id)
        return facts_of(rows[0]) if rows else None

    @strawberry.field
    async def audits(self, info: Ask) -> list[Audit]:
        return await audits_of_ticket(info, self.id)

    @strawberry.field(description="All versions of all reviews.")
    async def reviews(self, info: Ask) -> list[Review]:
        return await reviews_of_ticket(info, self.id)


def facts_of(row: FactRow) -> TicketFacts:
    return TicketFacts(
        first_reply_at=row.first_reply_at, first_response_s=row.first_reply_s,
        first_response_business_s=row.first_reply_business_s,
        first_resolution_s=row.first_resolution_s, full_resolution_s=row.full_resolution_s,
        full_resolution_business_s=row.full_resolution_business_s,
        requester_wait_s=row.requester_wait_s, agent_wait_s=row.agent_wait_s,
        on_hold_s=row.on_hold_s, reopens=row.reopens, agent_replies=row.agent_replies,
        is_one_touch=row.is_one_touch,
        csat_score=None if row.csat_score is None else float(row.csat_score),
        clocks=[Clock(name=name, **clock) for name, clock in sorted(row.clocks.items())],
    )  # fmt: skip


def ticket_of(row: TicketRow) -> Ticket:
    return Ticket(
        id=row.id, connection_id=row.connection_id, external_id=row.external_id, display_id=row.display_id,
        is_provisional=row.is_provisional, is_deleted=row.is_deleted, merged_into_key=row.merged_into_key,
        subject=row.subject, status=row.status, priority=row.priority, channel=row.channel,
        language=row.language, topic=row.topic, brand=row.brand, group_name=row.group_name,
        vendor_id=row.vendor_id, tags=row.tags, created_at=row.created_at,
        updated_at=row.updated_at, assignee_id=row.assignee_id,
    )  # fmt: skip


async def find_ticket(info: Ask, ticket_id: UUID) -> Ticket | None:
    row = await info.context.one(TicketRow, ticket_id)
    return ticket_of(row) if row else None


@strawberry.type
class TicketsQuery:
    @strawberry.field(description="One ticket; null where there is none, or none that you may see.")
    async def ticket(self, info: Ask, id: UUID) -> Ticket | None:
        check(info.context.actor, "tickets.read")
        return await find_ticket(info, id)

    @strawberry.field(description="Tickets, the latest created first.")
    async def tickets(
        self, info: Ask, first: int = 20, after: str | None = None, status: str | None = None,
        vendor_id: UUID | None = None, connection_id: UUID | None = None, external_id: str | None = None,
    ) -> Connection[Ticket]:  # fmt: skip
        check(info.context.actor, "tickets.read")
        statement = select(TicketRow)
        equal = {
            "status": status, "vendor_id": vendor_id, "connection_id": connection_id,
            "external_id": external_id,
        }  # fmt: skip
        for name, value in equal.items():
            if value is not None:
                statement = statement.where(getattr(TicketRow, name) == value)
        return await page(
            info.context, statement, name=info.field_name, filters=equal, first=first, after=after,
            newest=col(TicketRow.created_at), row_id=col(TicketRow.id), make=ticket_of,
        )  # fmt: skip
