"""Any other source: ticket documents (`document.py`), signed by the Standard Webhooks rule or sent as
lines of a bulk delivery. Pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    NewMessage,
    NewRating,
    Normalised,
    NotUnderstood,
    TicketFields,
    Told,
    Version,
)
from services.feedback.intake.sources.document import MessageDoc, TicketDoc, TicketDocument
from shared import strict

_AS_SAID = (
    "display_id", "created_at", "solved_at", "subject", "description", "status", "priority", "type",
    "channel", "language", "topic", "brand", "tags", "custom_fields", "is_deleted",
)  # fmt: skip
"""Fields that are told in the same words in which they are stored."""
_MUST_BE = {"created_at", "is_deleted"}
"""Null says nothing about them."""


def source_key(document: TicketDocument, body: bytes) -> str:
    """What stays the same when the document comes again."""
    return document.id or "sha256:" + hashlib.sha256(body).hexdigest()


def normalise(payload: Any, settings: Mapping[str, Any], *, received_at: datetime, source_key: str) -> Told:
    try:
        document = TicketDocument.model_validate_json(json.dumps(payload))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise NotUnderstood(strict.pointer(*first["loc"]), first["msg"]) from None
    return Told((tell(document, settings, source_key),))


def tell(document: TicketDocument, settings: Mapping[str, Any], source_key: str) -> Normalised:
    ticket = document.ticket
    version = Version(document.at, 0, source_key)
    staff = [message.author for message in document.messages if message.author_kind == "agent"]
    return Normalised(
        ticket_key=ticket.id,
        version=version,
        state=_state(ticket, settings, document.at),
        changes=(
            *(
                Change(
                    f"doc:{ticket.id}:{one.id}", one.at, number, one.field, one.old, one.new, one.actor,
                    basis="history",
                )
                for number, one in enumerate(document.changes)
            ),
            *(_taken_back(ticket.id, message, document.at) for message in document.messages
              if message.is_redacted),
        ),
        messages=tuple(
            _message(message, number, version) for number, message in enumerate(document.messages)
        ),
        ratings=tuple(
            NewRating(
                key=one.id, version=version, rated_at=one.rated_at, raw=one.raw or "",
                score=None if one.score is None else Decimal(repr(one.score)),
                comment=one.comment, agent_key=one.agent, external_id=one.id,
            )
            for one in document.ratings
        ),
        agents=tuple(
            AgentSighting(
                agent.id, agent.name, _vendor(ticket, settings) if agent is ticket.assignee else None
            )
            for agent in (*staff, ticket.assignee)
            if agent
        ),
    )  # fmt: skip


def _state(ticket: TicketDoc, settings: Mapping[str, Any], at: datetime) -> TicketFields:
    told = ticket.model_fields_set
    fields: dict[str, Any] = {
        name: getattr(ticket, name)
        for name in _AS_SAID
        if name in told and not (name in _MUST_BE and getattr(ticket, name) is None)
    }
    fields["updated_at"] = at
    for ours, theirs in (("requester_key", "requester"), ("organization_key", "organization")):
        if theirs in told:
            fields[ours] = getattr(ticket, theirs)
    if "status" in told:
        fields["status_raw"] = ticket.status
    if "assignee" in told:
        fields["assignee_key"] = ticket.assignee.id if ticket.assignee else None
        fields["assignee_name"] = ticket.assignee.name if ticket.assignee else None
    if "group" in told:
        fields["group_key"] = ticket.group
        fields["group_name"] = _group(ticket, settings).get("name")
        fields["vendor_id"] = _vendor(ticket, settings)
    return cast(TicketFields, fields)


def _group(ticket: TicketDoc, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return settings.get("groups", {}).get(ticket.group) or {}


def _vendor(ticket: TicketDoc, settings: Mapping[str, Any]) -> UUID | None:
    vendor = _group(ticket, settings).get("vendor_id")
    return UUID(vendor) if vendor else None


def _message(message: MessageDoc, number: int, version: Version) -> NewMessage:
    return NewMessage(
        external_id=message.id,
        sent_at=message.sent_at,
        position=number,
        author_kind=message.author_kind,
        author_key=message.author.id if message.author else None,
        author_name=message.author.name if message.author else None,
        is_public=message.is_public,
        body="" if message.is_redacted else message.body,
        version=version,
        edited_at=message.edited_at,
    )


def _taken_back(ticket_key: str, message: MessageDoc, at: datetime) -> Change:
    key = f"doc:{ticket_key}:{message.id}:redacted"
    return Change(key, at, 0, "redacted", None, message.id, basis="history")
