"""Zendesk event-subscription webhooks: how they are signed, and what they say. Pure.

Shapes: Zendesk's ticket event types, version 2022-11-06. In events all ids are text and all
enums are upper case; `detail` is the ticket after the change, `event` is what changed.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    TicketFields,
    Told,
    Version,
)
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.reading import Row
from services.feedback.intake.sources.zendesk_words import (
    SYSTEM,
    assignee_sighting,
    bots_of,
    priority_of,
    rating,
    status_of,
    ticket_state,
)

SIGNATURE = "x-zendesk-webhook-signature"
TIMESTAMP = "x-zendesk-webhook-signature-timestamp"

CHANGED_FIELDS = {
    "status_changed": "status",
    "agent_assignment_changed": "assignee",
    "group_assignment_changed": "group",
    "priority_changed": "priority",
}
TAKEN_BACK = {
    "comment_redacted": "redacted",
    "comment_made_private": "made_private",
    "attachment_redacted_from_comment": "attachment_redacted",
}
LIFECYCLE: dict[str, TicketFields] = {
    "soft_deleted": {"is_deleted": True},
    "undeleted": {"is_deleted": False, "is_spam": False},
    "marked_as_spam": {"is_deleted": True, "is_spam": True},
}
ACTORS = {"end_user": "requester", "agent": "agent", "system": "bot"}
_KEY = re.compile(r"[!-~]{1,100}")


# ---- Is it genuine? ---------------------------------------------------------------------------


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """base64(HMAC-SHA256(secret as text, timestamp followed by the raw body))."""
    digest = hmac.digest(secret.encode(), timestamp.encode() + body, hashlib.sha256)
    return base64.b64encode(digest).decode()


def is_genuine(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime, freshness_s: int
) -> bool:
    """Compared in constant time. The timestamp is set at each attempt, so a retry is fresh."""
    signature, stamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
    expected = sign(secret, stamp, body)
    if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
        return False
    try:
        signed_at = datetime.fromisoformat(stamp)
    except ValueError:
        return False
    if signed_at.tzinfo is None:
        return False
    return abs((now - signed_at).total_seconds()) <= freshness_s


# ---- What does it say? ------------------------------------------------------------------------


def account_of(payload: Any) -> str | None:
    return str(payload["account_id"]) if isinstance(payload, dict) and "account_id" in payload else None


def source_key(payload: Any) -> str | None:
    """What stays the same over retries of one event; None: this is not an event."""
    found = payload.get("id") if isinstance(payload, dict) else None
    return found if isinstance(found, str) and _KEY.fullmatch(found) else None


def normalise(payload: Any, settings: Mapping[str, Any], *, received_at: datetime, source_key: str) -> Told:
    """Raises NotUnderstood where a ticket's event lacks what every such event has."""
    kind = re.split(r"[:/]", reading.text(payload, "type"))[-1]
    family, _, what = kind.partition(".")
    if kind == "messaging_ticket.message_added":
        return Told((_message_added(_event(payload, settings, source_key)),))
    if family != "ticket":
        return Told(ignored="An event that is not about a ticket.")
    said = _event(payload, settings, source_key)
    if what == "permanently_deleted":
        return Told((_purged(said),))
    said.state = ticket_state(said.detail, settings)
    said.agents += assignee_sighting(said.state)
    said.state |= LIFECYCLE.get(what, TicketFields())
    if what in CHANGED_FIELDS:
        _changed(said, CHANGED_FIELDS[what])
    elif what in TAKEN_BACK:
        _taken_back(said, TAKEN_BACK[what])
    elif what in READERS:
        READERS[what](said)
    return Told((said.normalised(),))


@dataclass
class _Event:
    """An event while it is read."""

    key: str
    at: datetime
    position: int
    detail: Row
    event: Row
    settings: Mapping[str, Any]
    state: TicketFields = field(default_factory=TicketFields)
    changes: list[Change] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    ratings: list[NewRating] = field(default_factory=list)
    agents: list[AgentSighting] = field(default_factory=list)
    refetch: tuple[Part, ...] = ()

    def normalised(self) -> Normalised:
        return Normalised(
            ticket_key=self.detail.key("id"),
            version=Version(self.at, self.position, self.key),
            state=self.state,
            changes=tuple(self.changes),
            messages=tuple(self.messages),
            ratings=tuple(self.ratings),
            agents=tuple(self.agents),
            refetch=self.refetch,
            warnings=tuple(self.detail.warnings),
        )


def _event(payload: Any, settings: Mapping[str, Any], key: str) -> _Event:
    warnings: list[str] = []
    detail = Row(reading.obj(payload, "detail"), "/detail", warnings)
    event = Row(reading.obj(payload, "event"), "/event", warnings)
    detail.key("id")
    position = event.within("meta").within("sequence").fields.get("position")
    if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position < 2**31:
        position = 0
    return _Event(key, reading.moment(payload, "time"), position, detail, event, settings)


def _purged(said: _Event) -> Normalised:
    """Only its id and its numbers are left: whatever stands in the texts is not one."""
    said.state = {"display_id": said.detail.key("id"), "is_deleted": True, "is_purged": True}
    return said.normalised()


# ---- Changes ----------------------------------------------------------------------------------


def _created(said: _Event) -> None:
    requester, submitter = said.detail.id("requester_id"), said.detail.id("submitter_id")
    opener, state = submitter or requester, said.state
    at = state.get("created_at") or said.at
    if status := state.get("status"):
        said.changes.append(Change(said.key, at, 0, "status", None, status, opener))
    if opener:
        by = "agent" if submitter and submitter != requester else "requester"  # on whose behalf it is
        said.changes.append(Change(f"{said.key}:created", at, 0, "created", None, by))
    if assignee := state.get("assignee_key"):
        said.changes.append(Change(f"{said.key}:assignee", at, 0, "assignee", None, assignee))


def _changed(said: _Event, name: str) -> None:
    event = said.event
    if name in ("assignee", "group"):
        old, new = event.vital_id("previous"), event.vital_id("current")
    elif name == "priority":
        old, new = priority_of(event.word("previous")), priority_of(event.word("current"))
    elif word := event.word("current"):
        old, new = status_of(event.word("previous")), status_of(word)
    else:
        raise NotUnderstood("/event/current", "A status change without the new status.")
    actor = said.detail.id("actor_id")
    said.changes.append(Change(said.key, said.at, said.position, name, old, new, actor))


def _taken_back(said: _Event, name: str) -> None:
    comment = Row(reading.obj(said.event.fields, "comment", "/event"), "/event/comment", said.event.warnings)
    attachment = comment.within("attachment").id("id")
    detail = {"attachment_id": attachment} if attachment else None
    actor = said.detail.id("actor_id")
    said.changes.append(
        Change(said.key, said.at, said.position, name, None, comment.key("id"), actor, detail=detail)
    )


def _merged(said: _Event) -> None:
    event = said.event
    into = event.id("target_ticket_id") or event.within("target_ticket").id("id")
    if into:
        said.state["merged_into_key"] = into
    else:
        said.refetch = ("ticket", "history")


# ---- What was said ----------------------------------------------------------------------------


def _commented(said: _Event) -> None:
    comment = Row(reading.obj(said.event.fields, "comment", "/event"), "/event/comment", said.event.warnings)
    author = comment.within("author")
    author_key, name = author.vital_id("id"), author.word("name")
    is_public = comment.fields.get("is_public")
    if not isinstance(is_public, bool):
        raise NotUnderstood("/event/comment/is_public", "Whether the comment is public is missing.")
    if author_key == SYSTEM:
        kind = "system"
    elif author_key in bots_of(said.settings):
        kind = "bot"
    elif author.fields.get("is_staff") is True and author_key != said.state.get("requester_key"):
        kind = "agent"
    else:
        kind = "requester"  # staff who wrote in as customers are customers on that ticket
    said.messages.append(
        NewMessage(
            external_id=comment.key("id"),
            sent_at=said.at,
            position=said.position,
            author_kind=kind,
            author_key=author_key,
            author_name=name,
            is_public=is_public,
            body=comment.text("body") or "",
            channel=said.state.get("channel"),
        )
    )
    if kind == "agent" and author_key:
        said.agents.append(AgentSighting(author_key, name))


def _message_added(said: _Event) -> Normalised:
    """Of the ticket only its id is told, and the actor's id is none of an agent's account."""
    actor = said.event.within("actor")
    message = Row(reading.obj(said.event.fields, "message", "/event"), "/event/message", said.event.warnings)
    author_key = actor.id("id")
    kind = ACTORS.get((actor.word("type") or "").lower())
    if kind is None:
        actor.warn("Who wrote the message is not one of the kinds we know.")
    if author_key in bots_of(said.settings):
        kind = "bot"
    said.messages.append(
        NewMessage(
            external_id=message.key("id"),
            sent_at=said.at,
            position=said.position,
            author_kind=kind or "system",  # the one kind that neither asks nor answers
            author_key=author_key,
            author_name=actor.word("name"),
            is_public=True,
            body=message.text("body") or "",
            channel="messaging",
        )
    )
    said.refetch = ("ticket",)
    return said.normalised()


def _rated(said: _Event) -> None:
    score = said.event.within("satisfaction_score")
    raw = score.text("score")
    if raw is None:
        score.warn("The score is missing.")
        said.refetch = ("ticket", "history")
        return
    found = rating(
        said.detail.key("id"),
        Version(said.at, said.position, said.key),
        raw,
        rated_at=said.at,
        comment=score.text("comment"),
        reason=score.text("reason"),
        agent_key=said.state.get("assignee_key"),
        group_key=said.state.get("group_key"),
    )
    said.ratings += [found] if found else []


READERS: dict[str, Callable[[_Event], None]] = {
    "created": _created,
    "comment_added": _commented,
    "csat_received": _rated,
    "merged": _merged,
}
