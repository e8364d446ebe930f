"""Rows of Zendesk's REST API: tickets, their audits, ratings, SLA events, metrics, deletions. Pure.

The readers of lists return what the rows say and, for each row that could not be read, why. One
broken row loses nothing but itself.
"""

import re
from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    NewMessage,
    NewRating,
    Normalised,
    NotUnderstood,
    Part,
    Settled,
    TicketFields,
    Version,
)
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.reading import Row
from services.feedback.intake.sources.zendesk_words import (
    LONG_AGO,
    SYSTEM,
    Read,
    assignee_sighting,
    bots_of,
    channel_of,
    each,
    end_of_second,
    generated_at,
    is_by_rule,
    promise,
    rating,
    seconds_of,
    shown,
    ticket_state,
    value_of,
    whole,
)

Users = Mapping[str, str | None]
"""Id → name."""
MERGED = "closed_by_merge"
SLA = {"apply_sla": "applied", "fulfill": "fulfilled", "breach": "breached"}
FIELDS = {"status": "status", "assignee_id": "assignee", "group_id": "group", "priority": "priority"}
MAX_WARNINGS = 50
COMMENTS = {"Comment", "VoiceComment"}
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)


# ---- Tickets ----------------------------------------------------------------------------------------


def read_tickets(tickets: list[Any], settings: Mapping[str, Any], *, read_at: datetime) -> Read:
    """Rows of the incremental export, or of the ticket itself."""
    return each(tickets, lambda row: [_ticket(row, settings, read_at)])


def _ticket(row: Row, settings: Mapping[str, Any], read_at: datetime) -> Normalised:
    key = row.key("id")
    state = ticket_state(row, settings)
    at = generated_at(row) or state.get("updated_at") or read_at
    is_merged = MERGED in (state.get("tags") or ())
    refetch: tuple[Part, ...] = ("history",) if is_merged else ()  # a row does not say into which
    return Normalised(
        key,
        Version(at, 0, f"rest:ticket:{key}"),
        state,
        ratings=_rating_inside(row, key, state, at) if "status" in state else (),
        agents=assignee_sighting(state),
        refetch=refetch,
        warnings=tuple(row.warnings),
    )


def _rating_inside(row: Row, key: str, state: TicketFields, at: datetime) -> tuple[NewRating, ...]:
    """Without its time and the agent it is about: dated to the ticket's start, any other telling of it
    counts more; among rows, the newest."""
    inside = row.within("satisfaction_rating")
    raw = inside.text("score")
    if raw is None:
        return ()
    updated = state.get("updated_at") or at
    start = state.get("created_at") or LONG_AGO
    found = rating(
        key,
        Version(start, seconds_of(at), f"rest:ticket:{key}"),
        raw,
        rated_at=updated,
        comment=inside.text("comment"),
        reason=inside.text("reason"),
        external_id=inside.id("id"),
    )
    return (found,) if found else ()


def read_deleted(rows: list[Any]) -> Read:
    """/deleted_tickets: in the trash, to be restored or to be gone for good."""
    return each(rows, lambda row: [_deleted(row)])


def _deleted(row: Row) -> Normalised:
    key, at = row.key("id"), reading.moment(row.fields, "deleted_at", row.where)
    version = Version(end_of_second(at), 0, f"rest:deleted:{key}")
    return Normalised(key, version, {"display_id": key, "is_deleted": True})


# ---- Ratings ----------------------------------------------------------------------------------------


def read_ratings(ratings: list[Any], settings: Mapping[str, Any]) -> Read:
    """/satisfaction_ratings."""
    return each(ratings, _rating_row)


def _rating_row(row: Row) -> list[Normalised]:
    key, ticket, raw = row.key("id"), row.key("ticket_id"), reading.text(row.fields, "score", row.where)
    at = row.time("updated_at") or reading.moment(row.fields, "created_at", row.where)
    version = Version(end_of_second(at), 0, f"rest:rating:{key}")
    found = rating(
        ticket,
        version,
        raw,
        rated_at=at,
        comment=row.text("comment"),
        reason=row.text("reason"),
        agent_key=row.id("assignee_id"),
        group_key=row.id("group_id"),
        external_id=key,
    )
    if found is None:
        return []
    return [Normalised(ticket, version, ratings=(found,), warnings=tuple(row.warnings))]


# ---- SLA and metrics --------------------------------------------------------------------------------


def read_metric_events(events: list[Any]) -> Read:
    """/incremental/ticket_metric_events: what was promised, and met or missed."""
    return each(events, _metric_event)


def _metric_event(row: Row) -> list[Normalised]:
    kind = SLA.get(row.text("type") or "")
    if kind is None or row.flag("deleted"):  # a breach that is deleted never happened
        return []
    key, ticket = row.key("id"), row.key("ticket_id")
    metric = row.text("metric") or ""
    if not _METRIC.fullmatch(metric):
        raise NotUnderstood(f"{row.where}/metric", "Not the name of a metric.")
    at = reading.moment(row.fields, "time", row.where)
    change = Change(
        f"tme:{key}", at, 0, f"sla:{metric}", None, kind, basis="history", detail=promise(row.within("sla"))
    )
    version = Version(at, 0, change.key)
    return [Normalised(ticket, version, changes=(change,), warnings=tuple(row.warnings))]


def read_metrics(metrics: list[Any]) -> Read:
    """/ticket_metrics: Zendesk's own figures, in minutes; None: not yet."""
    return each(metrics, lambda row: [_metrics(row)])


def _metrics(row: Row) -> Normalised:
    ticket = row.key("ticket_id")
    at = row.time("updated_at") or reading.moment(row.fields, "created_at", row.where)
    reply, resolution = row.within("reply_time_in_minutes"), row.within("full_resolution_time_in_minutes")
    stated = {
        "reopens": whole(row.fields.get("reopens")),
        "replies": whole(row.fields.get("replies")),
        "first_reply_min": whole(reply.fields.get("calendar")),
        "first_reply_business_min": whole(reply.fields.get("business")),
        "full_resolution_min": whole(resolution.fields.get("calendar")),
        "on_hold_min": whole(row.within("on_hold_time_in_minutes").fields.get("calendar")),
        "first_solved_at": shown(row.time("solved_at")),
        "assigned_at": shown(row.time("assigned_at")),
    }
    version = Version(at, 0, f"rest:metrics:{ticket}")
    return Normalised(ticket, version, {"stated_metrics": stated}, warnings=tuple(row.warnings))


# ---- Audits -----------------------------------------------------------------------------------------


def read_audits(
    ticket_key: str,
    audits: list[Any],
    settings: Mapping[str, Any],
    *,
    staff: Set[str] | None,
    requester_key: str | None,
    read_at: datetime,
    users: Users | None = None,
) -> Normalised:
    """All that ever happened to a ticket. What cannot be read is skipped with a warning, and then the
    history does not count as complete.

    `staff`: ids of those who are staff, where it is known. `users`: everyone who still exists.
    """
    log = _Log(ticket_key, bots_of(settings), staff, requester_key, users or {})
    for place, found in enumerate(audits if isinstance(audits, list) else [None]):
        try:
            log.add(Row(found if isinstance(found, dict) else {}, f"/{place}"))
        except NotUnderstood as error:
            log.skip(str(error))
    return log.normalised(read_at)


class _Log:
    """A ticket's audits while they are read, oldest first."""

    def __init__(
        self, ticket: str, bots: Set[str], staff: Set[str] | None, requester: str | None, users: Users
    ) -> None:
        self.ticket, self.bots, self.staff, self.users = ticket, bots, staff, users
        self.requester = requester
        self.requesters = {requester} - {None}
        self.changes: list[Change] = []
        self.messages: list[NewMessage] = []
        self.ratings: list[NewRating] = []
        self.warnings: list[str] = []
        self.agents: set[str] = set()
        self.born: datetime | None = None
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.last_key = ""
        self.position = 0
        self.is_complete = True

    def skip(self, reason: str) -> None:
        self.is_complete = False
        self.warnings.append(reason)

    def add(self, audit: Row) -> None:
        key, at = audit.key("id"), reading.moment(audit.fields, "created_at", audit.where)
        ticket = audit.id("ticket_id")
        if ticket is not None and ticket != self.ticket:
            raise NotUnderstood(f"{audit.where}/ticket_id", "An audit of another ticket.")
        found = audit.fields.get("events")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise NotUnderstood(f"{audit.where}/events", "Events are a list of objects.")
        events = [Row(one, f"{audit.where}/events/{n}", audit.warnings) for n, one in enumerate(found)]
        self.first = min(at, self.first or at)
        if self.last is None or self.last <= at:
            self.last, self.last_key = at, key
        for event in events:
            self._hand_over(event)
        if any(event.fields.get("type") == "Create" for event in events):
            self._create(audit, key, at)
        for event in events:
            try:
                self._event(audit, event, key, at)
            except NotUnderstood as error:
                self.skip(str(error))
            self.position += 1
        self.warnings += audit.warnings

    def _hand_over(self, event: Row) -> None:
        if event.fields.get("field_name") == "requester_id" and (who := event.id("value")):
            self.requester = who
            self.requesters.add(who)

    def _create(self, audit: Row, key: str, at: datetime) -> None:
        self.born = min(at, self.born or at)
        kind = self._kind(audit, audit, audit.id("author_id"))
        if kind in ("agent", "requester"):
            change = Change(f"audit:{key}:created", at, self.position, "created", None, kind, basis="history")
            self.changes.append(change)

    def _event(self, audit: Row, event: Row, key: str, at: datetime) -> None:
        kind = event.fields.get("type")
        if kind in ("Create", "Change"):
            self._changed(audit, event, at)
        elif isinstance(kind, str) and kind in COMMENTS:
            self._said(audit, event, at)
        elif kind == "SatisfactionRating":
            self._rated(event, at)
        elif kind == "CommentRedactionEvent":
            self._taken_back(audit, event, at, "redacted")
        elif kind == "AttachmentRedactionEvent":
            self._taken_back(audit, event, at, "attachment_redacted")
        elif kind == "CommentPrivacyChange" and event.flag("public") is False:
            self._taken_back(audit, event, at, "made_private")

    def _changed(self, audit: Row, event: Row, at: datetime) -> None:
        name = event.fields.get("field_name")
        field = FIELDS.get(name) if isinstance(name, str) else None
        if field is None:
            return
        old, new = value_of(event, field, "previous_value"), value_of(event, field, "value")
        if event.fields.get("type") == "Change" or new is not None:
            self._note(audit, event, at, field, old, new)

    def _taken_back(self, audit: Row, event: Row, at: datetime, field: str) -> None:
        attachment = event.id("attachment_id")
        detail = {"attachment_id": attachment} if attachment else None
        self._note(audit, event, at, field, None, event.key("comment_id"), detail)

    def _note(
        self,
        audit: Row,
        event: Row,
        at: datetime,
        field: str,
        old: str | None,
        new: str | None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        actor = None if is_by_rule(audit, event) else audit.id("author_id")
        self.changes.append(
            Change(
                f"audit:{event.key('id')}", at, self.position, field, old, new,
                None if actor == SYSTEM else actor, "history", detail,
            )
        )  # fmt: skip

    def _said(self, audit: Row, event: Row, at: datetime) -> None:
        author = event.id("author_id") or event.within("data").id("author_id") or audit.id("author_id")
        kind = self._kind(audit, event, author)
        is_public = event.flag("public")
        if is_public is None:
            event.warn("Whether a comment is public is missing: it is taken for private.")
        attachments = event.fields.get("attachments")
        channel = channel_of(audit.within("via").word("channel"))
        self.messages.append(
            NewMessage(
                external_id=event.key("id"),
                sent_at=at,
                position=self.position,
                author_kind=kind,
                author_key=author,
                author_name=self.users.get(author) if author else None,
                is_public=is_public or False,
                body=event.text("body") or "",
                # It counts more than an event of its own, for the order among all others is known here.
                version=Version(end_of_second(at), 0 if self.staff is None else 1, ""),
                channel=None if channel == "other" else channel,
                attachments=len(attachments) if isinstance(attachments, list) else 0,
            )
        )
        if kind == "agent" and author:
            self.agents.add(author)

    def _kind(self, audit: Row, event: Row, author: str | None) -> str:
        """Staff who write in as the requester are requesters on that ticket; who is not known any more
        was an agent, for requesters are not deleted without their tickets."""
        if author is None or author == SYSTEM or is_by_rule(audit, event):
            return "system"
        if author in self.bots:
            return "bot"
        if author == self.requester:
            return "requester"
        if self.staff is not None and author in self.staff:
            return "agent"
        is_other = author in self.requesters or (self.staff is not None and author in self.users)
        return "requester" if is_other else "agent"

    def _rated(self, event: Row, at: datetime) -> None:
        key, raw = event.key("id"), reading.text(event.fields, "score", event.where)
        found = rating(
            self.ticket,
            Version(at, 0, f"audit:{key}"),
            raw,
            rated_at=at,
            comment=event.text("body"),
            agent_key=event.id("assignee_id"),
        )
        self.ratings += [found] if found else []

    def normalised(self, read_at: datetime) -> Normalised:
        state: TicketFields = {"created_at": self.born} if self.born else {}
        at = end_of_second(self.last) if self.last else read_at
        return Normalised(
            self.ticket,
            Version(at, 0, f"audit:{self.last_key}"),
            state,
            changes=tuple(self.changes),
            settled=self._settled(),
            messages=tuple(self.messages),
            ratings=tuple(self.ratings),
            agents=tuple(AgentSighting(one, self.users.get(one)) for one in sorted(self.agents)),
            warnings=tuple(dict.fromkeys(self.warnings))[:MAX_WARNINGS],
        )

    def _settled(self) -> tuple[Settled, ...]:
        """Only of a log that begins with the ticket's creation and in which all could be read."""
        if self.last is None or self.born is None or self.born != self.first or not self.is_complete:
            return ()
        until = end_of_second(self.last)
        fields = [*FIELDS.values(), *({"created"} & {change.field for change in self.changes})]
        return tuple(Settled(field, None, until) for field in fields)
