"""Zendesk's words in ours, and what a ticket says: shared by its events, triggers and REST. Pure.

Events and REST name the fields of a ticket alike. Events write ids as text and enums in upper
case, REST writes numbers and lower case, triggers what a person would read.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from services.feedback.intake.normalised import (
    AgentSighting,
    NewRating,
    Normalised,
    NotUnderstood,
    TicketFields,
    Told,
    Version,
)
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.reading import Row

STATUSES = {
    "new": "new", "open": "open", "pending": "pending", "hold": "on_hold", "on-hold": "on_hold",
    "on hold": "on_hold", "solved": "solved", "closed": "closed", "archived": "closed",
}  # fmt: skip
GONE = {"deleted", "scrubbed"}
PRIORITIES = {"low", "normal", "high", "urgent"}
CHANNELS = {
    "mail": "email", "email": "email", "web": "web", "web_form": "web", "web form": "web",
    "web_service": "api", "api": "api", "web service": "api", "web service (api)": "api",
    "chat": "chat", "chat_transcript": "chat", "voice": "phone", "phone": "phone",
} | dict.fromkeys(
    ("native_messaging", "messaging", "whatsapp", "facebook", "messenger", "facebook_messenger",
     "instagram_dm", "twitter_dm", "telegram", "viber", "line", "wechat", "sms",
     "apple_business_chat", "google_rcs", "kakaotalk"),
    "messaging",
)  # fmt: skip
SCORES = {"good": Decimal(1), "bad": Decimal(0)}
NO_REASON = "no reason provided"
SYSTEM = "-1"
MAX_WORD, MAX_CUSTOM = reading.MAX_WORD, 500
RULES = {"rule", "automation", "trigger"}
Read = tuple[Told, list[str]]
"""What the rows say, and of each row that could not be read why."""
LONGEST_S = reading.LONGEST_MS // 1000
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


# ---- Words ----------------------------------------------------------------------------------------


def status_of(word: str | None) -> str | None:
    return STATUSES.get(word.lower()) if word else None


def priority_of(word: str | None) -> str | None:
    found = word.lower() if word else None
    return found if found in PRIORITIES else None


def channel_of(word: str | None) -> str | None:
    return CHANNELS.get(word.lower(), "other") if word else None


def bots_of(settings: Mapping[str, Any]) -> set[str]:
    found = settings.get("bots")
    return {one for one in found if isinstance(one, str)} if isinstance(found, list | tuple | set) else set()


def end_of_second(at: datetime) -> datetime:
    """What a row shows that is dated to the second is all that happened in that second."""
    return at.replace(microsecond=999_999)


def seconds_of(at: datetime) -> int:
    """As a version's number: it has to fit into 31 bits."""
    return max(0, min(int(at.timestamp()), 2**31 - 1))


def uuid_of(found: Any) -> UUID | None:
    try:
        return UUID(found) if isinstance(found, str) else None
    except ValueError:
        return None


def named_group(group: Any) -> tuple[str | None, UUID | None]:
    """Name and vendor of a group in the settings."""
    known = group if isinstance(group, dict) else {}
    return reading.opt_text(known, "name"), uuid_of(known.get("vendor_id"))


def tagged(tags: list[str], prefix: Any) -> str | None:
    """What the first tag with the prefix says behind it."""
    found = sorted(tag[len(prefix) :] for tag in tags if tag.startswith(prefix))
    return next((value for value in found if value), None)


def told_by_tags(tags: list[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {"tags": sorted(tags)}
    for ours in ("language", "topic"):
        prefix = settings.get(f"{ours}_tag_prefix")
        if isinstance(prefix, str) and prefix:
            state[ours] = tagged(tags, prefix)
    return state


# ---- A ticket -------------------------------------------------------------------------------------


def ticket_state(row: Row, settings: Mapping[str, Any]) -> TicketFields:
    """Of a ticket as events and REST show it. Raises NotUnderstood.

    Of one that is deleted nothing else counts: its texts may be placeholders already.
    """
    state: dict[str, Any] = {"display_id": row.key("id")}
    for name in ("created_at", "updated_at"):
        if at := row.time(name):
            state[name] = at
    word = (row.word("status") or "").lower()
    if word in GONE:
        return cast(
            TicketFields, state | {"is_deleted": True} | ({"is_purged": True} if word == "scrubbed" else {})
        )
    for read in (_words, _people, _places, _tags, _custom_fields):
        state |= read(row, settings)
    return cast(TicketFields, state)  # the names above are its own


def _words(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    if row.tells("subject"):
        state["subject"] = row.text("subject")
    if row.tells("type"):
        state["type"] = (row.word("type") or "").lower() or None
    for name, read in (("status", status_of), ("priority", priority_of)):
        if row.tells(name):
            word = row.word(name)
            state |= {name: read(word), f"{name}_raw": word}
            if word and state[name] is None:
                row.warn(f"The {name} is not one we know.")
    if state.get("status_raw"):
        state["is_deleted"] = False
    if (is_public := row.flag("is_public")) is not None:
        state["is_public"] = is_public
    via = row.within("via")
    if via.tells("channel"):
        word = via.word("channel")
        state |= {"channel": channel_of(word), "channel_raw": word}
    return state


def _people(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    if row.tells("assignee_id"):
        # The name goes with the id: that of the one before must not stay.
        state |= {"assignee_key": row.vital_id("assignee_id"), "assignee_name": None}
    if row.tells("requester_id"):
        state["requester_key"] = row.id("requester_id")
    if row.tells("organization_id"):
        found = row.id("organization_id")
        state["organization_key"] = None if found == "0" else found
    return state


def _places(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    if row.tells("brand_id"):
        key = row.id("brand_id")
        brand = reading.opt_obj(settings, "brands").get(key) if key else None
        state |= {"brand_key": key, "brand": brand if isinstance(brand, str) else None}
    if row.tells("group_id"):
        key = row.id("group_id")
        name, vendor = named_group(reading.opt_obj(settings, "groups").get(key) if key else None)
        state |= {"group_key": key, "group_name": name, "vendor_id": vendor}
    return state


def _tags(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    """null is "not told" and not "none"."""
    tags = row.fields.get("tags")
    if not isinstance(tags, list):
        return {}
    return told_by_tags([tag[:MAX_WORD] for tag in tags if isinstance(tag, str) and tag], settings)


def _custom_fields(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    fields = row.fields.get("custom_fields")
    if not isinstance(fields, list):
        return {}
    if len(fields) > MAX_CUSTOM:
        row.warn("It has too many custom fields.")
    held = [Row(one, row.where, row.warnings) for one in fields[:MAX_CUSTOM] if isinstance(one, dict)]
    found = {one.id("id"): one.fields.get("value") for one in held}
    return {"custom_fields": {key: value for key, value in found.items() if key and _is_plain(value)}}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int)


def assignee_sighting(state: TicketFields) -> tuple[AgentSighting, ...]:
    """The group answers for the vendor of whom it lets work."""
    assignee = state.get("assignee_key")
    return (AgentSighting(assignee, None, state.get("vendor_id")),) if assignee else ()


# ---- A rating -------------------------------------------------------------------------------------


def rating(
    ticket_key: str,
    version: Version,
    raw: str,
    *,
    rated_at: datetime,
    comment: str | None = None,
    reason: str | None = None,
    agent_key: str | None = None,
    group_key: str | None = None,
    external_id: str | None = None,
) -> NewRating | None:
    """One a ticket: the newest replaces the others. None: it was not even offered."""
    word = raw.lower()
    if word == "unoffered":
        return None
    return NewRating(
        key=ticket_key,
        version=version,
        score=SCORES.get(word),
        raw=raw[:MAX_WORD],
        comment=comment,
        agent_key=agent_key,
        rated_at=rated_at,
        is_offer=word == "offered",
        reason=None if reason and reason.strip().lower() == NO_REASON else reason,
        group_key=group_key,
        external_id=external_id,
    )


# ---- Rows of REST -----------------------------------------------------------------------------------


def each(rows: Any, read: Callable[[Row], Iterable[Normalised]]) -> Read:
    tickets: list[Normalised] = []
    reasons: list[str] = []
    for place, found in enumerate(rows if isinstance(rows, list) else [None]):
        where = f"/{place}"
        try:
            if not isinstance(found, dict):
                raise NotUnderstood(where, "A row is an object.")
            tickets += read(Row(found, where))
        except NotUnderstood as error:
            reasons.append(str(error))
    return Told(tuple(tickets)), reasons


def generated_at(row: Row) -> datetime | None:
    """When the export made the row: epoch seconds. `updated_at` misses what the system changes."""
    found = row.fields.get("generated_timestamp")
    if found is None:
        return None
    if type(found) is int and 0 < found <= LONGEST_S:
        return datetime.fromtimestamp(found, UTC)
    row.warn("generated_timestamp is not a time.")
    return None


def whole(found: Any) -> int | None:
    """Negative is as good as nothing."""
    return found if type(found) is int and 0 <= found < 2**53 else None


def shown(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def is_by_rule(audit: Row, event: Row) -> bool:
    """A trigger may act inside an agent's audit: then its event says so itself."""
    via = event.within("via") if event.tells("via") else audit.within("via")
    return via.fields.get("channel") in RULES if isinstance(via.fields.get("channel"), str) else False


def value_of(event: Row, field: str, name: str) -> str | None:
    if field == "status":
        return status_of(event.word(name))
    return priority_of(event.word(name)) if field == "priority" else event.vital_id(name)


def promise(sla: Row) -> dict[str, Any] | None:
    if not sla.fields:
        return None
    return {
        "target_min": whole(sla.fields.get("target")),
        "business_hours": sla.flag("business_hours"),
        "policy": sla.within("policy").word("title"),
    }
