"""From statements to rows: what `normalised.py` says, as the tables of `shared/models` hold it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    NewMessage,
    NewRating,
    Normalised,
    Version,
)
from services.feedback.intake.rules import Known, pack, pack_settled, unpack, unpack_settled
from services.feedback.redaction.rules import RULES_VERSION
from shared.ids import agent_id, derived_id, ticket_id
from shared.models.feedback import Ticket

Row = dict[str, Any]
_STATE = (
    "display_id", "solved_at", "closed_at", "first_replied_at", "subject", "description", "status",
    "status_raw", "priority", "priority_raw", "type", "channel", "channel_raw", "language", "topic",
    "brand_key", "brand", "group_key", "group_name", "vendor_id", "assignee_key", "assignee_name",
    "requester_key", "organization_key", "tags", "custom_fields",
    "is_public", "is_escalated", "is_outbound", "merged_into_key", "stated_metrics", "created_at",
    "updated_at",
)  # fmt: skip
_FLAGS = ("is_deleted", "is_spam", "is_purged", "is_erased")


def ticket_row(connection_id: UUID, key: str, known: Known) -> Row:
    values = known.values
    assignee = values.get("assignee_key")
    return {
        "id": ticket_id(connection_id, key),
        "connection_id": connection_id,
        "external_id": key,
        "told": pack(known.versions),
        "settled": pack_settled(known.settled),
        "is_provisional": known.is_provisional,
        "has_redactions": known.has_redactions,
        "redaction_version": RULES_VERSION,
        "originals_removed_at": None,
        "texts_removed_at": None,
        "assignee_id": agent_id(connection_id, assignee) if assignee else None,
        **{name: values.get(name) for name in _STATE},
        **{name: bool(values.get(name)) for name in _FLAGS},
    }


def known_of(ticket: Ticket) -> Known:
    """The other way round."""
    return Known(
        values={name: getattr(ticket, name) for name in (*_STATE, *_FLAGS)},
        versions=unpack(ticket.told),
        settled=unpack_settled(ticket.settled),
        has_redactions=ticket.has_redactions,
        first_heard_at=ticket.created_at,
        last_heard_at=ticket.updated_at,
    )


def event_row(scope: UUID, ticket_key: str, change: Change) -> Row:
    row = asdict(change)
    detail = row["detail"]
    return row | {
        "ticket_id": ticket_id(scope, ticket_key),
        "id": derived_id(scope, "event", row.pop("key")),
        "detail": dict(detail) if detail else None,
    }


def message_row(scope: UUID, ticket_key: str, new: NewMessage, is_wordless: bool) -> Row:
    row = asdict(new)
    version = new.version or Version(new.sent_at)
    del row["version"]
    is_gone = row.pop("is_gone") or is_wordless
    row |= {"body": "", "author_name": None} if is_gone else {}
    return row | _version(version) | {
        "ticket_id": ticket_id(scope, ticket_key),
        "id": derived_id(scope, "message", new.external_id),
        "is_redacted": is_gone,
    }  # fmt: skip


def rating_row(scope: UUID, ticket_key: str, new: NewRating, is_wordless: bool) -> Row:
    row = asdict(new)
    key, agent, extra = row.pop("key"), row.pop("agent_key"), row.pop("extra")
    del row["version"]
    row |= {"comment": None, "reason": None} if is_wordless else {}
    return row | _version(new.version) | {
        "ticket_id": ticket_id(scope, ticket_key),
        "id": derived_id(scope, "rating", key),
        "agent_id": agent_id(scope, agent) if agent else None,
        "extra": None if is_wordless or not extra else dict(extra),
    }  # fmt: skip


def _version(version: Version) -> Row:
    return {
        "version_at": version.at,
        "version_number": version.number,
        "version_key": version.key,
    }


def sighting_rows(scope: UUID, batch: Sequence[Normalised]) -> list[Row]:
    """One row an account: the newest name and the newest vendor that the batch tells of it."""
    rows: dict[str, Row] = {}
    for one in sorted(batch, key=lambda one: one.version):
        at = one.version.at
        credited = (AgentSighting(rating.agent_key, None) for rating in one.ratings if rating.agent_key)
        for seen in (*one.agents, *credited):
            blank = {"name": None, "named_at": None, "vendor_id": None, "vendor_seen_at": None}
            row = rows.setdefault(seen.external_id, blank)
            if seen.name is not None:
                row |= {"name": seen.name, "named_at": at}
            if seen.vendor_id is not None:
                row |= {"vendor_id": seen.vendor_id, "vendor_seen_at": at}
    return [
        {"id": agent_id(scope, key), "connection_id": scope, "external_id": key, **rows[key]}
        for key in sorted(rows, key=lambda key: agent_id(scope, key))
    ]


def distinct(rows: Iterable[Row]) -> list[Row]:
    """One row an id, in id order: two transactions lock what they share in the same order."""
    by_id: dict[UUID, Row] = {}
    for row in rows:
        by_id.setdefault(row["id"], row)
    return [by_id[key] for key in sorted(by_id)]


def newest(rows: Iterable[Row]) -> list[Row]:
    """One row an id, the newest version, in id order."""
    return distinct(sorted(rows, key=_version_of, reverse=True))


def _version_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["version_at"], row["version_number"], row["version_key"])
