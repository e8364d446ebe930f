"""The verb of the facts room: a ticket's facts, made anew from its whole log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.kpi.facts import queries
from services.kpi.facts.rules import NOBODY, Author, Kind, Moment, TicketTimes, ticket_times
from shared import outbox
from shared.business_hours import Schedule
from shared.events import TicketFactsMade
from shared.models.feedback import Connection, Message, Rating, Ticket, TicketEvent

KINDS: dict[str, Kind] = {"status": "status", "assignee": "assign", "group": "group"}
RESPONSE_TIMES = ("first_reply_s", "first_reply_business_s")
RESOLUTION_TIMES = (
    "first_resolution_s", "full_resolution_s", "full_resolution_business_s", "requester_wait_s",
    "agent_wait_s", "on_hold_s",
)  # fmt: skip
COPIED = (
    "connection_id", "vendor_id", "group_name", "channel", "language", "brand", "priority",
    "topic", "requester_key", "created_at",
)  # fmt: skip


async def recompute_facts(session: AsyncSession, ticket_ids: Sequence[UUID]) -> None:
    """Whole and from the log alone: whatever order things came in, the row ends the same."""
    tickets = await queries.lock_tickets(session, ticket_ids)
    if not tickets:
        return
    messages = await queries.parts_of(session, Message, ticket_ids)
    events = await queries.parts_of(session, TicketEvent, ticket_ids)
    ratings = await queries.parts_of(session, Rating, ticket_ids)
    await queries.upsert_facts(
        session,
        [
            facts_of(
                ticket,
                messages.get(ticket.id, []),
                events.get(ticket.id, []),
                ratings.get(ticket.id, []),
                connection=connection,
                schedule=Schedule.parse(hours) if hours else None,
            )
            for ticket, connection, hours in tickets
        ],
    )
    await outbox.publish(session, TicketFactsMade(tuple(sorted(ticket.id for ticket, _, _ in tickets))))


def facts_of(
    ticket: Ticket,
    messages: Sequence[Message],
    events: Sequence[TicketEvent],
    ratings: Sequence[Rating],
    *,
    connection: Connection,
    schedule: Schedule | None,
) -> dict[str, Any]:
    """One row of `ticket_fact`.

    The clocks are read at the last thing that happened, not at the time of reading: waiting times
    of a ticket that is still open end at its latest event. Of a ticket whose creation nobody has
    told yet no clock is started; one that we opened ourselves has no response time.
    """
    moments = [_comment(message) for message in messages] + [
        Moment(
            event.occurred_at, event.position, KINDS[event.field], to=event.to_value, ref=f"event:{event.id}"
        )
        for event in events
        if event.field in KINDS and (event.field != "status" or event.to_value)
    ]
    latest = max([ticket.created_at, *(moment.at for moment in moments)])
    times = ticket_times(
        ticket.created_at,
        _opened_by(events),
        moments,
        latest,
        schedule,
        requester_id=NOBODY,  # intake has told agents from requesters already, with more to go by
    )
    rated = max(
        (rating for rating in ratings if rating.score is not None),
        key=lambda rating: (rating.rated_at, rating.id),
        default=None,
    )
    stated = connection.resolution_basis == "stated"
    return {
        "ticket_id": ticket.id,
        **{name: getattr(ticket, name) for name in COPIED},
        "agent_id": ticket.assignee_id,
        "is_counted": not (
            ticket.is_deleted or ticket.is_spam or ticket.merged_into_key or connection.is_test
        ),
        "first_reply_at": times.first_reply_at,
        "first_solved_at": ticket.solved_at if stated else times.first_solved_at,
        "solved_at": ticket.solved_at if stated else times.solved_at,
        "first_reopened_at": _first_reopen(times),
        "rated_at": rated.rated_at if rated else None,
        "csat_score": rated.score if rated else None,
        "first_reply_s": times.frt_s,
        "first_reply_business_s": times.frt_business_s,
        "first_resolution_s": _stated(ticket) if stated else times.first_resolution_s,
        "full_resolution_s": _stated(ticket) if stated else times.full_resolution_s,
        "full_resolution_business_s": None if stated else times.full_resolution_business_s,
        "requester_wait_s": times.requester_wait_s,
        "agent_wait_s": times.agent_wait_s,
        "on_hold_s": times.on_hold_s,
        "reopens": times.reopens,
        "agent_replies": times.agent_replies,
        "is_one_touch": times.one_touch_exactly_one and times.reopens == 0,
        "clocks": _clocks(ticket, times, stated=stated),
        **_unknown(ticket),
    }


def _clocks(ticket: Ticket, times: TicketTimes, *, stated: bool) -> dict[str, Any]:
    """What started and what stopped each clock that has run."""
    stopped = {"first_reply": times.first_reply_by}
    if stated:
        stated_by = "stated by the help desk" if ticket.solved_at else None
        stopped |= {"first_resolution": stated_by, "full_resolution": stated_by}
    else:
        stopped |= {"first_resolution": times.first_solved_by, "full_resolution": times.solved_by}
    started = f"ticket:{ticket.id}"
    return {name: {"started_by": started, "stopped_by": by} for name, by in stopped.items() if by}


def _unknown(ticket: Ticket) -> dict[str, Any]:
    """Durations that nobody can know: of a ticket of which only a part was told, or that we opened."""
    names: tuple[str, ...] = ()
    if ticket.is_provisional:
        names = (*RESPONSE_TIMES, *RESOLUTION_TIMES)
    elif ticket.is_outbound:
        names = RESPONSE_TIMES
    return dict.fromkeys(names)


def _opened_by(events: Sequence[TicketEvent]) -> Author:
    """As the help desk told when the ticket was created; the requester, where it did not tell."""
    told = [
        (event.basis == "history", event.id, event.to_value) for event in events if event.field == "created"
    ]
    return "agent" if told and max(told)[2] == "agent" else "requester"


def _comment(message: Message) -> Moment:
    return Moment(
        message.sent_at,
        message.position,
        "comment",
        author_kind=cast(Author, message.author_kind),
        author_id=message.author_key,
        public=message.is_public,
        ref=f"message:{message.id}",
    )


def _first_reopen(times: TicketTimes) -> datetime | None:
    return times.reopened_at[0] if times.reopened_at else None


def _stated(ticket: Ticket) -> int | None:
    """Seconds from creation to the resolution that the help desk states; null before it."""
    if ticket.solved_at is None or ticket.solved_at < ticket.created_at:
        return None
    return int((ticket.solved_at - ticket.created_at).total_seconds())
