"""Zendesk event-subscription webhooks: how they are signed, and what they say. Pure.

Shapes: Zendesk's ticket event types, version 2022-11-06. In events all ids are text and all
enums are upper case; `detail` is the ticket after the change, `event` is what changed.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    NewMessage,
    NewRating,
    Normalised,
    NotUnderstood,
    TicketState,
)

SIGNATURE = "x-zendesk-webhook-signature"
TIMESTAMP = "x-zendesk-webhook-signature-timestamp"

STATUSES = {
    "new": "new", "open": "open", "pending": "pending", "hold": "on_hold",
    "solved": "solved", "closed": "closed", "archived": "closed",
}  # fmt: skip
PRIORITIES = {"low", "normal", "high", "urgent"}
CHANNELS = {
    "mail": "email", "email": "email", "web": "web", "web_form": "web",
    "web_service": "api", "api": "api", "native_messaging": "messaging", "whatsapp": "messaging",
    "facebook": "messaging", "chat": "chat", "chat_transcript": "chat",
    "voice": "phone", "phone": "phone",
}  # fmt: skip
SCORES = {"good": Decimal(1), "bad": Decimal(0)}
CHANGED_FIELDS = {
    "status_changed": "status",
    "agent_assignment_changed": "assignee",
    "group_assignment_changed": "group",
    "priority_changed": "priority",
}
GONE = {"deleted", "scrubbed"}
MAX_ID = 40
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


def normalise(payload: Any, settings: Mapping[str, Any]) -> Normalised | None:
    """None: an event that says nothing about a ticket (kept, ignored).

    Raises NotUnderstood where a ticket event lacks what every ticket event has.
    """
    kind = re.split(r"[:/]", _text(payload, "type"))[-1]
    family, _, what = kind.partition(".")
    if family != "ticket":
        return None
    detail, event = _object(payload, "detail"), _object(payload, "event")
    at = _time(payload, "time")
    position = _position(event)
    key = _text(payload, "id")
    ticket = _ticket(detail, settings, at, position, key)
    staff = [_assignee(ticket)] if ticket.assignee_key else []
    changes: list[Change] = []
    messages: list[NewMessage] = []
    ratings: list[NewRating] = []
    if what == "created":
        opener, by_agent = _opener(detail)
        changes.append(Change(key, ticket.created_at, 0, "status", None, ticket.status, opener))
        changes.append(
            Change(
                f"{key}:created", ticket.created_at, 0, "created", None, "agent" if by_agent else "requester"
            )
        )
        if ticket.assignee_key:
            changes.append(
                Change(f"{key}:assignee", ticket.created_at, 0, "assignee", None, ticket.assignee_key)
            )
    elif what in CHANGED_FIELDS:
        changes.append(_change(key, at, position, CHANGED_FIELDS[what], event, detail))
    elif what == "comment_added":
        message, sighting = _comment(event, ticket, settings, at, position)
        messages.append(message)
        staff += [sighting] if sighting else []
    elif what == "csat_received":
        ratings.append(_rating(event, ticket, at, _id(detail, "id", "/detail")))
    return Normalised(
        ticket_key=_id(detail, "id", "/detail"),
        ticket=ticket,
        changes=tuple(changes),
        messages=tuple(messages),
        ratings=tuple(ratings),
        agents=tuple(staff),
    )


def _ticket(
    detail: Mapping[str, Any], settings: Mapping[str, Any], at: datetime, position: int, key: str
) -> TicketState:
    status_raw = _optional(detail, "status")
    status = (status_raw or "").lower()
    priority = (_optional(detail, "priority") or "").lower()
    tags = detail.get("tags")
    via = detail.get("via")
    channel_raw = _optional(via, "channel") if isinstance(via, dict) else None
    group_key = _optional(detail, "group_id")
    group = settings.get("groups", {}).get(group_key) or {}
    brand_id = _optional(detail, "brand_id")
    return TicketState(
        version_at=at,
        version_number=position,
        version_key=key,
        created_at=_time(detail, "created_at", "/detail"),
        updated_at=_time(detail, "updated_at", "/detail"),
        subject=_optional(detail, "subject"),
        status=STATUSES.get(status),
        status_raw=status_raw,
        priority=priority if priority in PRIORITIES else None,
        type=(_optional(detail, "type") or "").lower() or None,
        channel=CHANNELS.get(channel_raw, "other") if channel_raw else None,
        channel_raw=channel_raw,
        language=_tagged(tags, settings.get("language_tag_prefix")),
        topic=_tagged(tags, settings.get("topic_tag_prefix")),
        brand=settings.get("brands", {}).get(brand_id) if brand_id else None,
        group_key=group_key,
        group_name=group.get("name"),
        vendor_id=UUID(group["vendor_id"]) if group.get("vendor_id") else None,
        assignee_key=_optional_id(detail, "assignee_id", "/detail"),
        requester_key=_optional(detail, "requester_id"),
        tags=tuple(sorted(t for t in tags if isinstance(t, str))) if isinstance(tags, list) else None,
        is_deleted=status in GONE,
    )


def _opener(detail: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Who opened the ticket, and whether that was an agent, on behalf of the requester."""
    requester, submitter = _optional(detail, "requester_id"), _optional(detail, "submitter_id")
    return submitter or requester, bool(submitter and submitter != requester)


def _assignee(ticket: TicketState) -> AgentSighting:
    return AgentSighting(cast(str, ticket.assignee_key), None, ticket.vendor_id)


def _change(
    key: str,
    at: datetime,
    position: int,
    name: str,
    event: Mapping[str, Any],
    detail: Mapping[str, Any],
) -> Change:
    old, new = _optional(event, "previous"), _optional(event, "current")
    if name == "status":
        if not new:
            raise NotUnderstood("/event/current", "A status change without the new status.")
        old, new = STATUSES.get((old or "").lower()), STATUSES.get(new.lower())
    elif name == "priority":
        old, new = (old or "").lower() or None, (new or "").lower() or None
    return Change(key, at, position, name, old, new, _optional(detail, "actor_id"))


def _comment(
    event: Mapping[str, Any],
    ticket: TicketState,
    settings: Mapping[str, Any],
    at: datetime,
    position: int,
) -> tuple[NewMessage, AgentSighting | None]:
    comment = _object(event, "comment", "/event")
    author = comment.get("author")
    author = author if isinstance(author, dict) else {}
    author_key = _optional_id(author, "id", "/event/comment/author")
    name = _optional(author, "name")
    if author_key == "-1":
        kind = "system"
    elif author_key in settings.get("bots", ()):
        kind = "bot"
    elif author.get("is_staff") is True and author_key != ticket.requester_key:
        kind = "agent"
    else:
        kind = "requester"  # staff who wrote in as customers are customers on that ticket
    is_public = comment.get("is_public")
    if not isinstance(is_public, bool):
        raise NotUnderstood("/event/comment/is_public", "Whether the comment is public is missing.")
    message = NewMessage(
        external_id=_id(comment, "id", "/event/comment"),
        sent_at=at,
        position=position,
        author_kind=kind,
        author_key=author_key,
        author_name=name,
        is_public=is_public,
        body=_optional(comment, "body") or "",
    )
    seen = AgentSighting(author_key, name, None) if kind == "agent" and author_key else None
    return message, seen


def _rating(event: Mapping[str, Any], ticket: TicketState, at: datetime, ticket_key: str) -> NewRating:
    score = _object(event, "satisfaction_score", "/event")
    raw = _text(score, "score", "/event/satisfaction_score")
    return NewRating(
        key=ticket_key,  # one rating a ticket: the latest
        version_at=at,
        score=SCORES.get(raw.lower()),
        raw=raw,
        comment=_optional(score, "comment"),
        agent_key=ticket.assignee_key,
        rated_at=at,
    )


# ---- Reading fields ---------------------------------------------------------------------------


def _object(owner: Any, name: str, where: str = "") -> Mapping[str, Any]:
    found = owner.get(name) if isinstance(owner, dict) else None
    if not isinstance(found, dict):
        raise NotUnderstood(f"{where}/{name}", "An object is missing here.")
    return found


def _text(owner: Any, name: str, where: str = "") -> str:
    found = _optional(owner, name) if isinstance(owner, dict) else None
    if not found:
        raise NotUnderstood(f"{where}/{name}", "Text is missing here.")
    return found


def _optional(owner: Mapping[str, Any], name: str) -> str | None:
    found = owner.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)


def _id(owner: Any, name: str, where: str) -> str:
    _text(owner, name, where)
    return cast(str, _optional_id(owner, name, where))


def _optional_id(owner: Mapping[str, Any], name: str, where: str) -> str | None:
    """Ids are opaque, but short: a long one would not fit into an index."""
    found = _optional(owner, name)
    if found is not None and len(found) > MAX_ID:
        raise NotUnderstood(f"{where}/{name}", "Too long for an id.")
    return found


def _time(owner: Mapping[str, Any], name: str, where: str = "") -> datetime:
    """RFC 3339 with 0 to 9 fractional digits → UTC, cut (not rounded) to microseconds."""
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", _text(owner, name, where)))
    except ValueError:
        raise NotUnderstood(f"{where}/{name}", "Not a time.") from None
    if found.tzinfo is None:
        raise NotUnderstood(f"{where}/{name}", "The time has no zone.")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise NotUnderstood(f"{where}/{name}", "Not a time.") from None


def _position(event: Mapping[str, Any]) -> int:
    meta = event.get("meta")
    sequence = meta.get("sequence") if isinstance(meta, dict) else None
    position = sequence.get("position") if isinstance(sequence, dict) else None
    return position if type(position) is int and 0 <= position < 2**31 else 0


def _tagged(tags: Any, prefix: str | None) -> str | None:
    if not prefix or not isinstance(tags, list):
        return None
    found = sorted(t[len(prefix) :] for t in tags if isinstance(t, str) and t.startswith(prefix))
    return next((value for value in found if value), None)
