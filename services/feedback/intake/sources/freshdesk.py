"""Freshdesk automation webhooks: who may send them, and what they say. Pure.

Nothing is signed and nothing is dated, so a webhook only says "look at this ticket": what it tells
stands until the REST API (`freshdesk_rest`) has been asked. Two bodies are understood: the simple
content (names of things, under `freshdesk_webhook`) and the template that we hand out (ids only).
"""

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast
from urllib.parse import urlsplit

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    Normalised,
    Part,
    TicketFields,
    Told,
    Version,
)
from services.feedback.intake.sources import freshdesk_words as words
from services.feedback.intake.sources.reading import plain

WRAPPER = "freshdesk_webhook"
TEMPLATE = "fd_v1"
COMMENTS = ("ticket_latest_public_comment", "latest_public_comment")
MAX_EVENT = 1000
"""Characters of a triggered event; a longer one is nothing that Freshdesk writes."""

Field = Literal["status", "priority", "assignee", "group"]
CHANGED: dict[str, Field] = {
    "status": "status", "priority": "priority", "responder_id": "assignee", "group_id": "group",
}  # fmt: skip

# The key has to follow an opening bracket or a comma: inside a text its quotes would be escaped.
_TICKET_ID = re.compile(rb'[{,]\s*"ticket_id"\s*:\s*"?([0-9]{1,20})"?\s*[,}]')
_NAME = re.compile(r"[A-Za-z0-9_]{1,100}")
_UNRENDERED = re.compile(r"\{\{[^{}]{0,200}\}\}")


# ---- Is it genuine? ---------------------------------------------------------------------------


def is_genuine(authorization: str, token: str, *, user: str, password: str, expected_token: str) -> bool:
    """Basic credentials and a secret header, and both must fit. Both are always compared, in constant
    time, so that the answer does not tell which one failed."""
    expected = f"{user}:{password}"
    fits_basic = hmac.compare_digest(_credentials(authorization), _bytes(expected))
    fits_token = hmac.compare_digest(_bytes(token), _bytes(expected_token))
    return fits_basic & fits_token & bool(user and password and expected_token)


def _credentials(authorization: str) -> bytes:
    """`user:password` out of the header; empty where it is not Basic or not strictly base64."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        found = base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""
    is_basic = scheme.lower() == "basic" and base64.b64encode(found).decode() == encoded
    return found if is_basic else b""


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


# ---- Whom and what is it about? ---------------------------------------------------------------


def account_of(payload: Any) -> str | None:
    """The account's domain, as the body tells it: stated, or in the ticket's address."""
    for owner in _owners(payload):
        account = owner.get("account")
        if isinstance(account, str) and account:
            return account.lower()
    for owner in _owners(payload):
        if host := _host(owner.get("ticket_url")):
            return host
    return None


def _host(url: Any) -> str | None:
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return None
    return host.lower() if host else None


def ticket_key(payload: Any) -> str | None:
    """The ticket's id; None where there is none that may go into an address."""
    for owner in _owners(payload):
        if "ticket_id" in owner:
            return words.ticket_id(owner["ticket_id"])
    return None


def salvage(body: bytes) -> str | None:
    """The ticket's id from a body that a template has broken: placeholders are not escaped."""
    found = _TICKET_ID.search(body)
    return found[1].decode() if found else None


def _owners(payload: Any) -> list[Mapping[str, Any]]:
    """The objects in which the body may say it, the wrapped one first."""
    if not isinstance(payload, dict):
        return []
    inner = payload.get(WRAPPER)
    return [inner, payload] if isinstance(inner, dict) else [payload]


# ---- What does it say? ------------------------------------------------------------------------


def normalise(payload: Any, settings: Mapping[str, Any], *, received_at: datetime, source_key: str) -> Told:
    key = ticket_key(payload)
    if key is None:
        unrendered = any(_is_unrendered(owner.get("ticket_id")) for owner in _owners(payload))
        return Told(
            ignored="The ticket's placeholder was not filled in: a test, or a wrong placeholder."
            if unrendered
            else "It names no ticket."
        )
    version = Version(received_at, 0, source_key)
    body = _owners(payload)[0]
    is_simple = body is not payload
    if not is_simple and body.get("template") != TEMPLATE:
        return Told((Normalised(key, version, refetch=("ticket", "messages")),))
    event = triggered(body.get("triggered_event"))
    changes, warnings = _changes(event, settings, version)
    state = _state(body, settings) if is_simple else TicketFields()
    told = Normalised(
        key,
        version,
        state=state,
        changes=changes,
        agents=_agents(state),
        refetch=_refetch(body, event),
        warnings=warnings,
    )
    return Told((told,))


def _refetch(body: Mapping[str, Any], event: "Triggered | None") -> tuple[Part, ...]:
    """A comment has no id here, and may already be a later one: it is asked for, never kept."""
    has_comment = any(body.get(name) for name in COMMENTS)
    is_note = event is not None and event.name == "note_type"
    return ("ticket", "messages") if has_comment or is_note else ("ticket",)


# ---- The triggered event ----------------------------------------------------------------------


class Triggered(NamedTuple):
    """`{status:{from:2,to:4}}` or `{note_type:public}`: what set the rule off. It is not JSON."""

    name: str
    moved: tuple[str, str] | None
    """from and to, as written; None where it is not a change. Either may be empty."""


def triggered(event: Any) -> Triggered | None:
    if not isinstance(event, str) or len(event) > MAX_EVENT:
        return None
    if not (event.startswith("{") and event.endswith("}")):
        return None
    name, _, value = event[1:-1].partition(":")
    if not _NAME.fullmatch(name):
        return None
    if not (value.startswith("{from:") and value.endswith("}")):
        return Triggered(name, None)
    old, comma, new = value[len("{from:") : -1].partition(",to:")
    return Triggered(name, (old, new) if comma else None)


def _changes(
    event: Triggered | None, settings: Mapping[str, Any], version: Version
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The change, if one is named, and warnings. Only the first of several is ever named."""
    if event is None or event.moved is None or event.name not in CHANGED:
        return (), ()
    field, (old, new) = CHANGED[event.name], event.moved
    to_value = _value(field, new, settings)
    if to_value is None and new and field in ("assignee", "group"):
        return (), (f"/triggered_event: The new {field} is not known by this name.",)
    change = Change(
        # Equal bytes are a new event once the time of retries is over: the time tells them apart.
        key=f"{version.key}:{version.at.isoformat()}:change",
        occurred_at=version.at,
        position=0,
        field=field,
        from_value=_value(field, old, settings),
        to_value=to_value,
        basis="hint",
        detail={"from_raw": old, "to_raw": new, "at_is_approximate": True},
    )
    return (change,), ()


def _value(field: Field, raw: str, settings: Mapping[str, Any]) -> str | None:
    """A side of a change in our words; ids stay ids. None: none, or not known."""
    if not raw:
        return None
    match field:
        case "status":
            return words.status(words.status_number(raw, settings), settings)
        case "priority":
            return words.priority(words.priority_number(raw, settings))
        case "assignee":
            return words.ticket_id(raw) or words.agent_named(raw, settings)
        case "group":
            return words.ticket_id(raw) or words.group_named(raw, settings)


# ---- The ticket, in names ---------------------------------------------------------------------


def _state(body: Mapping[str, Any], settings: Mapping[str, Any]) -> TicketFields:
    """What is told. Never when it was created or changed: no placeholder has a time with its zone."""
    fields: dict[str, Any] = {}
    for name in ("requester_name", "requester_email"):
        if (found := _told(body, name)) is not None:
            fields[name] = found or None
    if subject := _told(body, "ticket_subject"):
        fields["subject"] = subject
    if description := _told(body, "ticket_description"):
        fields["description"] = plain(description)
    if (kind := _told(body, "ticket_type")) is not None:
        fields["type"] = kind.lower() or None
    if (tags := _told(body, "ticket_tags")) is not None:
        fields["tags"] = sorted({tag.strip() for tag in tags.split(",")} - {""})
    return cast(TicketFields, fields | _enums(body, settings) | _places(body, settings))


def _enums(body: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Status, priority and channel always are something: empty tells nothing about them."""
    fields: dict[str, Any] = {}
    if word := _told(body, "ticket_status"):
        fields["status"] = words.status(words.status_number(word, settings), settings)
        fields["status_raw"] = word
    if word := _told(body, "ticket_priority"):
        fields["priority"] = words.priority(words.priority_number(word, settings))
        fields["priority_raw"] = word
    if word := _told(body, "ticket_source"):
        number = words.source_number(word, settings)
        fields["channel"], fields["channel_raw"] = words.channel(number, settings), word
        if number is not None:
            fields["is_outbound"] = number == words.OUTBOUND
    return fields


def _places(body: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Group, brand and assignee. Empty is none; of a name that is not known for certain only the name
    is told."""
    fields: dict[str, Any] = {}
    if (name := _told(body, "ticket_group_name")) is not None:
        fields["group_name"] = name or None
        key = words.group_named(name, settings) if name else None
        if key or not name:
            fields["group_key"], fields["vendor_id"] = key, words.group(key, settings)[1]
    if (name := _told(body, "ticket_product_name")) is not None:
        fields["brand"] = name or None
        key = words.product_named(name, settings) if name else None
        if key or not name:
            fields["brand_key"] = key
    if (name := _told(body, "ticket_agent_name")) is not None:
        fields["assignee_name"] = name or None
        key = words.agent_named(name, settings) if name else None
        if key or not name:
            fields["assignee_key"] = key
    return fields


def _agents(state: TicketFields) -> tuple[AgentSighting, ...]:
    key = state.get("assignee_key")
    return (AgentSighting(key, state.get("assignee_name"), state.get("vendor_id")),) if key else ()


def _told(body: Mapping[str, Any], name: str) -> str | None:
    """A placeholder's text, "" where it is empty; None: not sent, or not filled in."""
    found = body.get(name)
    return found.strip() if isinstance(found, str) and not _is_unrendered(found) else None


def _is_unrendered(value: Any) -> bool:
    return isinstance(value, str) and _UNRENDERED.fullmatch(value.strip()) is not None
