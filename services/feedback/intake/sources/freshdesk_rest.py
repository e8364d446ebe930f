"""What Freshdesk's REST API (version 2) answers: tickets, conversations, ratings, configuration. Pure.

Statuses, priorities and sources are numbers here, ids are numbers too, and times are RFC 3339 in
UTC. One row that cannot be read never costs the others of its page.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    NewMessage,
    NewRating,
    Normalised,
    NotUnderstood,
    Settled,
    TicketFields,
    Told,
    Version,
)
from services.feedback.intake.sources import freshdesk_words as words
from services.feedback.intake.sources.freshdesk_words import Row, each, listed, opened
from services.feedback.intake.sources.reading import flag, opt_obj, opt_text, plain

STATED = {"reopened_at": "open", "pending_since": "pending", "resolved_at": "solved", "closed_at": "closed"}
"""Times in `stats` at which a status began, in the order in which they happen if at the same time."""
STATED_TIMES = {
    "solved_at": "resolved_at",
    "closed_at": "closed_at",
    "first_replied_at": "first_responded_at",
}
METRIC_FLAGS = ("is_escalated", "fr_escalated", "nr_escalated")
METRIC_TIMES = ("due_by", "fr_due_by", "nr_due_by")
STATS = (
    "agent_responded_at", "requester_responded_at", "first_responded_at", "status_updated_at",
    "reopened_at", "resolved_at", "closed_at", "pending_since",
)  # fmt: skip

FEEDBACK_SOURCE, FEEDBACK_CATEGORY = "6", "7"
"""A rating's comment, shown among the conversations: it comes with the rating."""
FORWARD_SOURCE, FORWARD_CATEGORY = "8", "5"
MESSAGE_CHANNELS = {"5": "social", "7": "social"}


# ---- Tickets ----------------------------------------------------------------------------------


def read_tickets(rows: Any, settings: Mapping[str, Any], *, read_at: datetime) -> tuple[Told, list[str]]:
    """A page of tickets, and what is wrong with the rows that could not be read."""
    return each(rows, lambda row, where: _ticket(opened(row, settings, read_at, where), read_at))


def read_ticket(row: Any, settings: Mapping[str, Any], *, read_at: datetime) -> Normalised:
    """One ticket, as it is in a list or alone. Raises NotUnderstood where it has no id."""
    return _ticket(opened(row, settings, read_at), read_at)


def gone(ticket_key: str, *, read_at: datetime) -> Normalised:
    """The help desk answered that there is no such ticket: it was deleted, and nobody was told."""
    return Normalised(
        ticket_key, Version(read_at, 0, f"fd-rest:{ticket_key}"), state=TicketFields(is_deleted=True)
    )


def _ticket(one: Row, read_at: datetime) -> Normalised:
    ticket_key, updated_at = one.id(), one.time("updated_at")
    version = one.version(updated_at)
    stats = one.row.get("stats")
    times = {name: one.time(name, stats) for name in STATS} if isinstance(stats, dict) else None
    state = cast(
        TicketFields,
        _basics(one, ticket_key, updated_at)
        | _enums(one)
        | _places(one)
        | _people(one)
        | _custom(one)
        | _stated(one, times),
    )
    changes = [*_opening(one, ticket_key, state), *_seen(ticket_key, state, updated_at, read_at)]
    if times is not None:
        changes += _history(one, ticket_key, state, times, read_at)
    since = times["status_updated_at"] if times else None
    assignee = state.get("assignee_key")
    return Normalised(
        ticket_key,
        version,
        state=state,
        changes=tuple(changes),
        settled=(Settled("status", since, read_at),) if since and since <= read_at else (),
        agents=(AgentSighting(assignee, state.get("assignee_name"), state.get("vendor_id")),)
        if assignee
        else (),
        warnings=tuple(one.warnings),
    )


def _basics(one: Row, ticket_key: str, updated_at: datetime | None) -> dict[str, Any]:
    row = one.row
    fields: dict[str, Any] = {"display_id": ticket_key, "is_deleted": flag(row, "deleted") is True}
    created_at = one.time("created_at")
    fields |= {"created_at": created_at} if created_at else {}
    fields |= {"updated_at": updated_at} if updated_at else {}
    if "subject" in row:
        fields["subject"] = one.text("subject")
    if "description" in row:
        fields["description"] = plain(one.text("description") or "") or None
    if "type" in row:
        fields["type"] = (one.text("type") or "").lower() or None
    for ours, theirs in (("is_spam", "spam"), ("is_escalated", "is_escalated")):
        if (found := flag(row, theirs)) is not None:
            fields[ours] = found
    tags = row.get("tags")
    if isinstance(tags, list):
        fields["tags"] = sorted({tag for tag in tags if isinstance(tag, str)})
    return fields


def _enums(one: Row) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "status" in one.row:
        number = one.text("status")
        fields |= {"status": words.status(number, one.settings), "status_raw": number}
    if "priority" in one.row:
        number = one.text("priority")
        fields |= {"priority": words.priority(number), "priority_raw": number}
    if "source" in one.row:
        number = one.text("source")
        fields["channel"] = words.channel(number, one.settings) if number else None
        fields["channel_raw"] = number
        fields["is_outbound"] = number == words.OUTBOUND
    return fields


def _places(one: Row) -> dict[str, Any]:
    """Brand, group and assignee. One that the directory does not know keeps its id, without a name."""
    fields: dict[str, Any] = {}
    is_told, key = one.reference("product_id")
    if is_told:
        brand = (one.settings.get("products") or {}).get(key)
        fields |= {"brand_key": key, "brand": brand}
    is_told, key = one.reference("group_id")
    if is_told:
        name, vendor_id = words.group(key, one.settings)
        fields |= {"group_key": key, "group_name": name, "vendor_id": vendor_id}
    is_told, key = one.reference("responder_id")
    if is_told:
        fields |= {"assignee_key": key, "assignee_name": (one.settings.get("agents") or {}).get(key)}
    return fields


def _people(one: Row) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for ours, theirs in (("requester_key", "requester_id"), ("organization_key", "company_id")):
        is_told, key = one.reference(theirs)
        if is_told:
            fields[ours] = key
    requester = one.row.get("requester")
    if isinstance(requester, dict):
        for name in ("name", "email"):
            if name in requester:
                fields[f"requester_{name}"] = opt_text(requester, name) or None
    return fields


def _custom(one: Row) -> dict[str, Any]:
    found = one.row.get("custom_fields")
    if not isinstance(found, dict):
        return {}
    kept = {name: value for name, value in found.items() if words.is_storable(value)}
    if len(kept) < sum(value is not None for value in found.values()):
        one.warn("custom_fields", "Some values cannot be kept.")
    fields: dict[str, Any] = {"custom_fields": kept}
    language, topic = one.settings.get("language_field"), one.settings.get("topic_field")
    if language and language in found:
        name = opt_text(found, language)
        fields["language"] = words.language(name) if name else None
        if found[language] and fields["language"] is None:
            one.warn(f"custom_fields/{language}", "Not a language that is known.")
    if topic and topic in found:
        fields["topic"] = opt_text(found, topic) or None
    return fields


def _stated(one: Row, times: Mapping[str, datetime | None] | None) -> dict[str, Any]:
    """What the help desk itself says of its times; told together, where it was asked for them."""
    if times is None:
        return {}
    metrics: dict[str, Any] = {
        name: one.row[name] for name in METRIC_FLAGS if flag(one.row, name) is not None
    }
    known = {**times, **{name: one.time(name) for name in METRIC_TIMES}}
    metrics |= {name: at.isoformat() for name, at in known.items() if at}
    stats = one.row["stats"]
    told = {ours: times[theirs] for ours, theirs in STATED_TIMES.items() if theirs in stats}
    return {**told, "stated_metrics": metrics}


# ---- What happened to a ticket ----------------------------------------------------------------


def _opening(one: Row, ticket_key: str, state: TicketFields) -> Iterator[Change]:
    opener = words.OPENED_BY.get(state.get("channel_raw") or "")
    if opener and "created_at" in state:
        key, at = f"created:{ticket_key}", state["created_at"]
        yield Change(key, at, 0, "created", None, opener, basis="history")


def _seen(
    ticket_key: str, state: TicketFields, updated_at: datetime | None, read_at: datetime
) -> Iterator[Change]:
    """Who had it when it was last changed; since when is not told."""
    if updated_at is None or updated_at > read_at:
        return
    for name, ours in (("assignee", "assignee_key"), ("group", "group_key")):
        if ours in state:
            key, value = (
                f"seen:{ticket_key}:{name}:{updated_at.isoformat()}",
                cast(str | None, state.get(ours)),
            )
            yield Change(key, updated_at, 0, name, None, value, basis="snapshot")


def _history(
    one: Row,
    ticket_key: str,
    state: TicketFields,
    times: Mapping[str, datetime | None],
    read_at: datetime,
) -> Iterator[Change]:
    """When statuses began. A stated time keeps its name when the ticket moves on, so the current
    status counts only where no stated time is the same change."""
    begun: list[tuple[str, str | None, datetime]] = [
        (name, status, at) for name, status in STATED.items() if (at := times[name])
    ]
    current = times["status_updated_at"]
    if current and "status" in state and (state["status"], current) not in {(s, at) for _, s, at in begun}:
        begun.append(("status", state["status"], current))
    for position, (name, status, at) in enumerate(begun):
        if at > read_at:
            one.warn(f"stats/{name}", "In the future.")
            continue
        raw = {"to_raw": state.get("status_raw")} if name == "status" else None
        key = f"stat:{ticket_key}:{name}:{at.isoformat()}"
        yield Change(key, at, position, "status", None, status, basis="history", detail=raw)


# ---- Conversations ----------------------------------------------------------------------------


def read_conversations(
    ticket_key: str,
    rows: Any,
    settings: Mapping[str, Any],
    *,
    read_at: datetime,
    is_complete: bool,
    known: frozenset[str] = frozenset(),
) -> Normalised:
    """A ticket's conversations. Of a complete reading, what is `known` and missing was deleted."""
    messages: list[NewMessage] = []
    seen: set[str] = set()
    warnings: list[str] = []
    for number, row in enumerate(listed(rows)):
        try:
            one = opened(row, settings, read_at, f"/{number}")
            seen.add(one.id())
            message = _message(one, ticket_key, number)
        except NotUnderstood as error:
            warnings.append(str(error))
            is_complete = is_complete and isinstance(row, dict) and words.ticket_id(row.get("id")) in seen
            continue
        warnings += one.warnings
        messages += [message] if message else []
    return Normalised(
        ticket_key,
        Version(read_at, 0, f"fd-rest:{ticket_key}"),
        changes=tuple(_deleted(key, read_at) for key in sorted(known - seen)) if is_complete else (),
        messages=tuple(messages),
        agents=tuple(
            AgentSighting(message.author_key, message.author_name)
            for message in messages
            if message.author_kind == "agent" and message.author_key
        ),
        warnings=tuple(warnings),
    )


def _deleted(message_key: str, read_at: datetime) -> Change:
    return Change(f"gone:{message_key}", read_at, 0, "message_deleted", None, message_key, basis="history")


def _message(one: Row, ticket_key: str, number: int) -> NewMessage | None:
    """None: a rating's comment, which is no message. Raises NotUnderstood where it has no time at all."""
    row, settings = one.row, one.settings
    if opt_text(row, "ticket_id") not in (None, ticket_key):
        raise NotUnderstood(f"{one.where}/ticket_id", "It belongs to another ticket.")
    source, category = opt_text(row, "source"), opt_text(row, "category")
    if source == FEEDBACK_SOURCE or category == FEEDBACK_CATEGORY:
        return None
    created_at, updated_at = one.time("created_at"), one.time("updated_at")
    edited_at = one.time("last_edited_at")
    sent_at = created_at or updated_at or edited_at
    if sent_at is None:
        raise NotUnderstood(f"{one.where}/created_at", "A time is missing here.")
    _, author_key = one.reference("user_id")
    kind = _author_kind(row, author_key)
    is_forward = source == FORWARD_SOURCE or category == FORWARD_CATEGORY
    attachments = row.get("attachments")
    return NewMessage(
        external_id=one.id(),
        sent_at=sent_at,
        position=number,
        author_kind=kind,
        author_key=author_key,
        author_name=(settings.get("agents") or {}).get(author_key) if kind == "agent" else None,
        # What does not say that it is public must not be shown as if it were.
        is_public=flag(row, "private") is False and not is_forward,
        body=_body(one),
        version=one.version(sent_at, updated_at, edited_at),
        channel=MESSAGE_CHANNELS.get(source or ""),
        attachments=len(attachments) if isinstance(attachments, list) else 0,
        edited_at=edited_at,
    )


def _author_kind(row: Mapping[str, Any], author_key: str | None) -> str:
    if flag(row, "incoming"):
        return "requester"
    if row.get("automation_id") is not None or flag(row, "auto_response") or author_key is None:
        return "system"
    return "agent"


def _body(one: Row) -> str:
    """Out of the markup: the help desk's own plain text has lost the line ends."""
    markup = one.text("body")
    return plain(markup) if markup else one.text("body_text") or ""


# ---- Ratings ----------------------------------------------------------------------------------


def read_ratings(rows: Any, settings: Mapping[str, Any]) -> tuple[Told, list[str]]:
    """A page of ratings, and what is wrong with the rows that could not be read."""
    return each(rows, lambda row, where: _rated(opened(row, settings, None, where)))


def _rated(one: Row) -> Normalised:
    ticket_key = one.id("ticket_id")
    rating = _rating(one)
    return Normalised(ticket_key, rating.version, ratings=(rating,), warnings=tuple(one.warnings))


def _rating(one: Row) -> NewRating:
    """Raises NotUnderstood where it has no time, or no answer to the survey's own question."""
    created_at, updated_at = one.time("created_at"), one.time("updated_at")
    rated_at = created_at or updated_at
    if rated_at is None:
        raise NotUnderstood(f"{one.where}/created_at", "A time is missing here.")
    answers = opt_obj(one.row, "ratings")
    raw = opt_text(answers, words.RATING_QUESTION)
    if not raw:
        raise NotUnderstood(f"{one.where}/ratings/{words.RATING_QUESTION}", "A rating is missing here.")
    score = words.score(raw, opt_text(one.row, "survey_id"), one.settings)
    if score is None:
        one.warn(f"ratings/{words.RATING_QUESTION}", "Not on the survey's scale.")
    extra = {name: opt_text(answers, name) for name in answers if name != words.RATING_QUESTION}
    return NewRating(
        key=one.id(),
        version=one.version(updated_at or rated_at),
        score=score,
        raw=raw[: words.MAX_WORD],
        comment=one.text("feedback"),
        agent_key=one.reference("agent_id")[1],
        rated_at=rated_at,
        group_key=one.reference("group_id")[1],
        external_id=one.id(),
        extra={name: answer for name, answer in extra.items() if answer is not None} or None,
    )


# ---- Configuration ----------------------------------------------------------------------------


def read_config(surveys: Any, ticket_fields: Any) -> Told:
    """The account's own words and scales. What cannot be read is left out, so that it stays as it is."""
    return Told(settings=words.config(surveys, ticket_fields))
