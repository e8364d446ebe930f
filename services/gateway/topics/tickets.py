"""GraphQL: tickets, with their messages, history, ratings, facts, audits and reviews."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field

from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.topics.audits import Audit, Review, audits_of_ticket, reviews_of_ticket
from services.gateway.topics.history import TicketEvent, events_of_ticket
from services.gateway.topics.people import Ask, Person, person
from services.gateway.topics.ratings import Rating, ratings_of_ticket
from shared.auth import check
from shared.errors import Fault, ValidationFailed
from shared.models.feedback import Message as MessageRow
from shared.models.feedback import Ticket as TicketRow
from shared.models.kpi import TicketFact as FactRow


@strawberry.type(description="One comment on a ticket.")
class Message:
    id: UUID = field(description="Its key in Assay.")
    sent_at: datetime = field(description="When it was sent.")
    author_kind: str = field(description="requester, agent, bot or system")
    author_name: str | None = field(description="Of staff; who asks for help is not named.")
    is_public: bool = field(description="Whether whoever asked for help saw it.")
    is_redacted: bool = field(description="Its words were taken back in the help desk.")
    edited_at: datetime | None = field(description="When it was changed last; null: never.")
    attachments: int = field(description="How many files came with it.")
    body: str = field(description="What was said, without personal data.")


@strawberry.type(description="What started and what stopped one of a ticket's clocks.")
class Clock:
    name: str = field(description="first_reply, first_resolution or full_resolution")
    started_by: str = field(description="ticket:<id>, message:<id> or event:<id>")
    stopped_by: str = field(description="As started_by: what stopped it.")


@strawberry.type(description="A ticket's durations in seconds and its outcomes; null: not yet, or never.")
class TicketFacts:
    first_reply_at: datetime | None = field(description="When an agent answered first.")
    first_response_s: int | None = field(description="Until the first answer.")
    first_response_business_s: int | None = field(description="Until the first answer, in business hours.")
    first_resolution_s: int | None = field(description="Until it was solved first.")
    full_resolution_s: int | None = field(description="Until it was solved last.")
    full_resolution_business_s: int | None = field(description="Until it was solved last, in business hours.")
    requester_wait_s: int | None = field(description="How long whoever asked waited for agents, in all.")
    agent_wait_s: int | None = field(description="How long agents waited for whoever asked, in all.")
    on_hold_s: int | None = field(description="How long it was on hold, in all.")
    reopens: int = field(description="How often it was opened again after it was solved.")
    agent_replies: int = field(description="How often agents answered publicly.")
    is_one_touch: bool = field(description="Whether one answer was enough.")
    csat_score: float | None = field(description="0 (bad) … 1 (good)")
    clocks: list[Clock] = field(description="Of those that have run.")


@strawberry.type(description="A request for help, as the help desk knows it now.")
class Ticket:
    id: UUID = field(description="Its key in Assay.")
    connection_id: UUID = field(description="The connection that it came in by.")
    external_id: str = field(description="Its id in the help desk.")
    display_id: str | None = field(description="Its number as people there see it.")
    is_provisional: bool = field(description="Nobody has told yet when it was created.")
    is_deleted: bool = field(description="Whether it was deleted in the help desk.")
    merged_into_key: str | None = field(description="The help desk's id of what it became part of.")
    subject: str | None = field(description="What it is about, without personal data.")
    status: str | None = field(description="new, open, pending, on_hold, solved or closed")
    status_raw: str | None = field(description="The help desk's own word.")
    priority: str | None = field(description="How urgent it is.")
    type: str | None = field(description="What kind of request it is.")
    channel: str | None = field(description="By which way it came: email, chat, phone, …")
    language: str | None = field(description="In which it is written.")
    topic: str | None = field(description="What it is filed under.")
    brand: str | None = field(description="For which brand.")
    group_name: str | None = field(description="The group that has it.")
    vendor_id: UUID | None = field(description="The vendor whose work it is; null: of the company itself.")
    assignee_id: UUID | None = field(description="The agent who has it.")
    tags: list[str] | None = field(description="The help desk's tags.")
    created_at: datetime = field(description="When it was created.")
    updated_at: datetime = field(description="When it changed last.")

    @strawberry.field(description="The agent who has it, if you may see them.")
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
                edited_at=row.edited_at, attachments=row.attachments, body=row.body,
            )
            for row in rows
        ]  # fmt: skip

    @strawberry.field(description="What happened to it, as the help desk tells it, in that order.")
    async def events(self, info: Ask) -> list[TicketEvent]:
        return await events_of_ticket(info, self.id)

    @strawberry.field(description="Answers to satisfaction surveys, the first one first.")
    async def ratings(self, info: Ask) -> list[Rating]:
        return await ratings_of_ticket(info, self.id)

    @strawberry.field(description="Null until they have been computed, a moment after the ticket came in.")
    async def facts(self, info: Ask) -> TicketFacts | None:
        rows = await info.context.many(FactRow, "ticket_id", [col(FactRow.ticket_id)], self.id)
        return facts_of(rows[0]) if rows else None

    @strawberry.field(description="Audits of it that you may see, the first drawn first.")
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
        subject=row.subject, status=row.status, status_raw=row.status_raw, priority=row.priority,
        type=row.type, channel=row.channel,
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
    async def ticket(
        self, info: Ask, id: Annotated[UUID, argument(description="Its key in Assay.")]
    ) -> Ticket | None:
        check(info.context.actor, "tickets.read")
        return await find_ticket(info, id)

    @strawberry.field(description="Tickets, the latest created first.")
    async def tickets(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        status: Annotated[str | None, argument(description="Only those in this state.")] = None,
        vendor_id: Annotated[UUID | None, argument(description="Only this vendor's work.")] = None,
        connection_id: Annotated[UUID | None, argument(description="Only those of this connection.")] = None,
        external_id: Annotated[str | None, argument(description="Only those of this id there.")] = None,
        assignee_id: Annotated[UUID | None, argument(description="Only those that this agent has.")] = None,
        created_from: Annotated[datetime | None, argument(description="Created then or later.")] = None,
        created_to: Annotated[datetime | None, argument(description="Created before then.")] = None,
    ) -> Connection[Ticket]:  # fmt: skip
        check(info.context.actor, "tickets.read")
        statement = select(TicketRow)
        equal = {
            "status": status, "vendor_id": vendor_id, "connection_id": connection_id,
            "external_id": external_id, "assignee_id": assignee_id,
        }  # fmt: skip
        for name, value in equal.items():
            if value is not None:
                statement = statement.where(getattr(TicketRow, name) == value)
        if created_from and created_to and created_from >= created_to:
            fault = Fault("/created_to", "invalid-range", "The period ends before it begins.")
            raise ValidationFailed(faults=[fault])
        if created_from is not None:
            statement = statement.where(col(TicketRow.created_at) >= created_from)
        if created_to is not None:
            statement = statement.where(col(TicketRow.created_at) < created_to)
        filters = equal | {"created_from": created_from, "created_to": created_to}
        return await page(
            info.context, statement, name=info.field_name, filters=filters, first=first,
            after=after, order=order,
            newest=col(TicketRow.created_at), row_id=col(TicketRow.id), make=ticket_of,
        )  # fmt: skip
