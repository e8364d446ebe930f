"""How Zendesk is read: the incremental export by cursor, then ratings, SLA events and deletions; of
each changed ticket its audits, the only complete history. Pure."""

from datetime import datetime
from typing import Any

from services.feedback.intake.normalised import Normalised
from services.feedback.intake.sources import zendesk_rest
from services.feedback.pull.plan import (
    Answer,
    Ask,
    Cursor,
    Detail,
    Page,
    Plan,
    Single,
    Stage,
    Stretch,
    field_of,
    rows_of,
)

PER_PAGE = "1000"
PER_CURSOR_PAGE = "100"


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))


def _ask_tickets(stretch: Stretch, cursor: Cursor | None) -> Ask:
    start = {"cursor": str(cursor["cursor"])} if cursor else {"start_time": _epoch(stretch.since)}
    return Ask("/api/v2/incremental/tickets/cursor.json", start | {"per_page": PER_PAGE})


def _read_tickets(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
    rows = rows_of(answer, "tickets")
    told, refused = zendesk_rest.read_tickets(rows, stretch.settings, read_at=answer.read_at)
    after = field_of(answer, "after_cursor")
    stamps = [row.get("generated_timestamp") for row in rows if isinstance(row, dict)]
    last = next((one for one in reversed(stamps) if isinstance(one, int)), 0)
    is_last = (
        field_of(answer, "end_of_stream") is not False
        or not isinstance(after, str)
        or (cursor is not None and after == cursor["cursor"])
        or last > stretch.until.timestamp()
    )
    return Page(told, len(rows), tuple(refused), None if is_last else {"cursor": after})


def _ask_ratings(stretch: Stretch, cursor: Cursor | None) -> Ask:
    start = {"start_time": _epoch(stretch.since), "page[size]": PER_CURSOR_PAGE}
    return Ask(
        "/api/v2/satisfaction_ratings.json", start | ({"page[after]": cursor["after"]} if cursor else {})
    )


def _read_ratings(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
    rows = rows_of(answer, "satisfaction_ratings")
    told, refused = zendesk_rest.read_ratings(rows, stretch.settings)
    return Page(told, len(rows), tuple(refused), _after(answer))


def _ask_metric_events(stretch: Stretch, cursor: Cursor | None) -> Ask:
    start = cursor["start_time"] if cursor else _epoch(stretch.since)
    return Ask("/api/v2/incremental/ticket_metric_events.json", {"start_time": str(start)})


def _read_metric_events(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
    rows = rows_of(answer, "ticket_metric_events")
    told, refused = zendesk_rest.read_metric_events(rows)
    end = field_of(answer, "end_time")
    is_last = (
        field_of(answer, "end_of_stream") is not False
        or not isinstance(end, int)
        or (cursor is not None and end <= int(cursor["start_time"]))
    )
    return Page(told, len(rows), tuple(refused), None if is_last else {"start_time": end})


def _ask_deleted(stretch: Stretch, cursor: Cursor | None) -> Ask:
    size = {"page[size]": PER_CURSOR_PAGE}
    return Ask("/api/v2/deleted_tickets.json", size | ({"page[after]": cursor["after"]} if cursor else {}))


def _read_deleted(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
    rows = rows_of(answer, "deleted_tickets")
    told, refused = zendesk_rest.read_deleted(rows)
    return Page(told, len(rows), tuple(refused), _after(answer))


def _after(answer: Answer) -> Cursor | None:
    after = field_of(answer, "meta", "after_cursor")
    more = field_of(answer, "meta", "has_more") is True
    return {"after": after} if more and isinstance(after, str) else None


def _ask_ticket(one: Single, cursor: Cursor | None) -> Ask:
    return Ask(f"/api/v2/tickets/{one.key}.json", {}, ends=(404,))


def _read_ticket(one: Single, answers: list[Answer]) -> tuple[Normalised, ...]:
    (answer,) = answers
    row = field_of(answer, "ticket")
    if row is None:
        return ()
    told, _ = zendesk_rest.read_tickets([row], one.settings, read_at=answer.read_at)
    return told.tickets


def _ask_audits(one: Single, cursor: Cursor | None) -> Ask:
    size = {"page[size]": PER_CURSOR_PAGE, "include": "users"}
    more = {"page[after]": cursor["after"]} if cursor else {}
    return Ask(f"/api/v2/tickets/{one.key}/audits.json", size | more, ends=(404,))


def _read_audits(one: Single, answers: list[Answer]) -> tuple[Normalised, ...]:
    if answers[0].body is None:
        return ()
    audits = [audit for answer in answers for audit in rows_of(answer, "audits")]
    users = [user for answer in answers for user in rows_of(answer, "users") if isinstance(user, dict)]
    staff = {str(user.get("id")) for user in users if user.get("role") in ("agent", "admin")}
    names = {
        str(user.get("id")): user["name"] if isinstance(user.get("name"), str) else None for user in users
    }
    told = zendesk_rest.read_audits(
        one.key, audits, one.settings,
        staff=staff if users else None, users=names if users else None,
        requester_key=_requester(audits), read_at=answers[0].read_at,
    )  # fmt: skip
    return (told,)


def _requester(audits: list[Any]) -> str | None:
    """As the ticket was created with; read here because it decides who of the authors is an agent."""
    for audit in audits:
        events = audit.get("events") if isinstance(audit, dict) else None
        for event in events if isinstance(events, list) else []:
            if isinstance(event, dict) and event.get("field_name") == "requester_id" and event.get("value"):
                return str(event["value"])
    return None


def _audits_next(cursor: Cursor | None, answer: Answer) -> Cursor | None:
    return _after(answer)


PLAN = Plan(
    stages=(
        Stage("tickets", _ask_tickets, _read_tickets),
        Stage("ratings", _ask_ratings, _read_ratings),
        Stage("sla", _ask_metric_events, _read_metric_events),
        Stage("deleted", _ask_deleted, _read_deleted),
    ),
    details={
        "ticket": Detail(_ask_ticket, lambda cursor, answer: None, _read_ticket),
        "history": Detail(_ask_audits, _audits_next, _read_audits),
    },
    wanted=("history",),
)
KEY = r"[0-9]{1,20}"
"""What a ticket's id looks like in an address."""
