"""How Freshdesk is read: the account's own words, tickets by the time of their last change, what was
deleted or is spam, ratings of the last 30 days; of each changed ticket its conversations. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.feedback.intake.normalised import Normalised, Version
from services.feedback.intake.sources import freshdesk_rest
from services.feedback.intake.sources.reading import opt_moment
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
    rows_of,
)

PER_PAGE = 100
LAST_PAGE = 300
"""Freshdesk counts no further: beyond it, the list is asked for anew from the last change on."""
RATINGS_CHANGE_FOR = timedelta(days=30)
"""Ratings are found by when they were created: one that was changed only by reading them again."""


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _ask_surveys(stretch: Stretch, cursor: Cursor | None) -> Ask:
    return Ask("/api/v2/surveys", {}, ends=(403, 404))


def _read_surveys(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
    return Page(freshdesk_rest.read_config(rows_of(answer), []), len(rows_of(answer)))


def _ask_fields(stretch: Stretch, cursor: Cursor | None) -> Ask:
    return Ask("/api/v2/ticket_fields", {}, ends=(403, 404))


def _read_fields(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
    return Page(freshdesk_rest.read_config([], rows_of(answer)), len(rows_of(answer)))


def _tickets(name: str, filters: dict[str, str]) -> Stage:
    def ask(stretch: Stretch, cursor: Cursor | None) -> Ask:
        since = cursor["since"] if cursor else _time(stretch.since)
        page = cursor["page"] if cursor else 1
        params = {
            "updated_since": str(since), "order_by": "updated_at", "order_type": "asc",
            "include": "stats,requester,description", "per_page": str(PER_PAGE), "page": str(page),
        }  # fmt: skip
        return Ask("/api/v2/tickets", params | filters)

    def read(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
        rows = rows_of(answer)
        told, refused = freshdesk_rest.read_tickets(rows, stretch.settings, read_at=answer.read_at)
        told = replace(told, tickets=tuple(_as_of(one, answer.read_at) for one in told.tickets))
        return Page(told, len(rows), tuple(refused), _further(stretch, cursor, answer, rows))

    return Stage(name, ask, read)


def _further(stretch: Stretch, cursor: Cursor | None, answer: Answer, rows: list[Any]) -> Cursor | None:
    """Pages shift while they are read: what is missed by that has changed, and so stands further on."""
    if "next" not in answer.links or not rows:
        return None
    since = cursor["since"] if cursor else _time(stretch.since)
    page = int(cursor["page"]) if cursor else 1
    if page < LAST_PAGE:
        return {"since": since, "page": page + 1}
    last = opt_moment(rows[-1], "updated_at") if isinstance(rows[-1], dict) else None
    if last is None or _time(last) == since:
        return None
    return {"since": _time(last), "page": 1}


def _ask_ratings(stretch: Stretch, cursor: Cursor | None) -> Ask:
    since = min(stretch.since, stretch.until - RATINGS_CHANGE_FOR)
    page = cursor["page"] if cursor else 1
    params = {"created_since": _time(since), "page": str(page), "per_page": str(PER_PAGE)}
    return Ask("/api/v2/surveys/satisfaction_ratings", params, ends=(403, 404))


def _read_ratings(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
    rows = rows_of(answer)
    told, refused = freshdesk_rest.read_ratings(rows, stretch.settings)
    more = "next" in answer.links and rows
    page = int(cursor["page"]) if cursor else 1
    return Page(told, len(rows), tuple(refused), {"page": page + 1} if more else None)


def _ask_ticket(one: Single, cursor: Cursor | None) -> Ask:
    return Ask(f"/api/v2/tickets/{one.key}", {"include": "stats,requester"}, ends=(404,))


def _read_ticket(one: Single, answers: list[Answer]) -> tuple[Normalised, ...]:
    (answer,) = answers
    if answer.status == 404:
        return (freshdesk_rest.gone(one.key, read_at=answer.read_at),)
    if not isinstance(answer.body, dict):
        return ()
    told = freshdesk_rest.read_ticket(answer.body, one.settings, read_at=answer.read_at)
    return (_as_of(told, answer.read_at),)


def _ask_conversations(one: Single, cursor: Cursor | None) -> Ask:
    page = cursor["page"] if cursor else 1
    return Ask(
        f"/api/v2/tickets/{one.key}/conversations",
        {"page": str(page), "per_page": str(PER_PAGE)},
        ends=(404,),
    )


def _conversations_next(cursor: Cursor | None, answer: Answer) -> Cursor | None:
    more = "next" in answer.links and rows_of(answer)
    return {"page": (int(cursor["page"]) if cursor else 1) + 1} if more else None


def _read_conversations(one: Single, answers: list[Answer]) -> tuple[Normalised, ...]:
    if answers[0].status == 404:
        return ()
    rows = [row for answer in answers for row in rows_of(answer)]
    told = freshdesk_rest.read_conversations(
        one.key, rows, one.settings,
        read_at=answers[0].read_at, is_complete=True, known=one.known_messages,
    )  # fmt: skip
    return (told,)


def _as_of(told: Normalised, read_at: datetime) -> Normalised:
    """What was read is what counts until something is told later: a webhook that came before was a
    hint, and gives way even where the ticket had changed long ago."""
    return replace(told, version=Version(read_at, 0, told.version.key))


PLAN = Plan(
    stages=(
        Stage("surveys", _ask_surveys, _read_surveys),
        Stage("fields", _ask_fields, _read_fields),
        _tickets("tickets", {}),
        _tickets("deleted", {"filter": "deleted"}),
        _tickets("spam", {"filter": "spam"}),
        Stage("ratings", _ask_ratings, _read_ratings),
    ),
    details={
        "ticket": Detail(_ask_ticket, lambda cursor, answer: None, _read_ticket),
        "messages": Detail(_ask_conversations, _conversations_next, _read_conversations),
    },
    wanted=("messages",),
)
KEY = r"[0-9]{1,20}"
"""What a ticket's id looks like in an address."""
