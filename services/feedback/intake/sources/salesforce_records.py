"""Salesforce records, and what a Case says in our words, whichever way it came. Pure.

A record is a mapping of field names: a field that is absent is not told, None is "none". Values are
JSON's own, or text throughout (outbound messages).
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    Normalised,
    TicketFields,
    Version,
)
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.salesforce_ids import QUEUE, USER, record_id

STATUSES = {"New": "new", "Working": "open", "Escalated": "open", "On Hold": "on_hold", "Closed": "closed"}
PRIORITIES = {"Low": "low", "Medium": "normal", "High": "high", "Critical": "urgent"}
"""The picklists as Salesforce ships them: for a connection without a map of its own."""
CHANNELS = {"email": "email", "web": "web", "phone": "phone", "chat": "chat"}
MAX_WORD, MAX_CUSTOM = 255, 500
_SEEN = (("status", "status"), ("assignee", "assignee_key"), ("group", "group_key"))
_TEXTS = (("Subject", "subject"), ("Description", "description"))
_IDS = (
    ("ContactId", "requester_key"), ("AccountId", "organization_key"), ("MasterRecordId", "merged_into_key"),
)  # fmt: skip
_TIMES = (("CreatedDate", "created_at"), ("LastModifiedDate", "updated_at"))
_FLAGS = (("IsEscalated", "is_escalated"), ("IsDeleted", "is_deleted"))


class Row(reading.Row):
    """A record while it is read. Its ids are told in the form of 18 characters, whichever came."""

    def key(self, name: str) -> str:
        return record_id(super().key(name))

    def id(self, name: str) -> str | None:
        found = super().id(name)
        return record_id(found) if found else None

    def name_of(self, relation: str, kind: str | None = None) -> str | None:
        """The name that a REST row nests: {"Owner": {"Name", "Type"}}."""
        related = reading.opt_obj(self.fields, relation)
        if kind and related.get("Type") not in (None, kind):
            return None
        found = reading.opt_text(related, "Name")
        return found[:MAX_WORD] if found else None

    def version(self, fallback: datetime, key: str) -> Version:
        return Version(self.time("SystemModstamp") or self.time("LastModifiedDate") or fallback, 0, key)


def table(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return reading.opt_obj(settings, name)


def field_of(settings: Mapping[str, Any], name: str) -> str | None:
    """The field of theirs that the settings name."""
    return reading.opt_text(settings, name) or None


def entry(known: Mapping[str, Any], key: str | None) -> Any:
    """By an id in either form."""
    return (known.get(key) or known.get(key[:15])) if key else None


def queue_of(settings: Mapping[str, Any], key: str | None) -> Mapping[str, Any]:
    found = entry(table(settings, "queues"), key)
    return found if isinstance(found, dict) else {}


def status_of(settings: Mapping[str, Any], word: str | None) -> str | None:
    found = (table(settings, "status_map") or STATUSES).get(word) if word else None
    return found if isinstance(found, str) else None


def priority_of(settings: Mapping[str, Any], word: str | None) -> str | None:
    found = (table(settings, "priority_map") or PRIORITIES).get(word) if word else None
    return found if isinstance(found, str) else None


def _uuid(found: Any) -> UUID | None:
    try:
        return UUID(found) if isinstance(found, str) else None
    except ValueError:
        return None


# ---- Case ---------------------------------------------------------------------------------------


def case(row: Row, settings: Mapping[str, Any], fallback: datetime, key: str, *, whole: bool) -> Normalised:
    """A snapshot: what it shows of status and owner are also changes, without what was before.

    `whole`: it has all the custom fields that its sender ever tells. Raises NotUnderstood.
    """
    ticket = row.key("Id")
    version = row.version(fallback, key)
    state = case_state(row, settings, whole=whole)
    if state.get("merged_into_key"):
        # The loser of a merge is deleted as it stood: its last status is no one's doing.
        state["is_deleted"] = True
        state.pop("status", None)
        state.pop("status_raw", None)
    changes: tuple[Change, ...] = ()
    if not state.get("is_deleted"):
        changes = _seen(ticket, state, version, row.time("LastModifiedDate") or version.at)
    return Normalised(
        ticket,
        version,
        state,
        changes,
        agents=owner_sighting(row, state, settings),
        refetch=("ticket",) if not whole and custom_fields(row, settings) else (),
        warnings=tuple(row.warnings),
    )


def _seen(ticket: str, state: TicketFields, version: Version, at: datetime) -> tuple[Change, ...]:
    said = [(field, cast(str | None, state.get(name))) for field, name in _SEEN]
    return tuple(
        Change(
            f"seen:{ticket}:{field}:{version.at.isoformat()}", at, place, field, None, value,
            basis="snapshot",
        )
        for place, (field, value) in enumerate(said)
        if value is not None
    )  # fmt: skip


def case_state(row: Row, settings: Mapping[str, Any], *, whole: bool) -> TicketFields:
    state: dict[str, Any] = {ours: row.text(theirs) for theirs, ours in _TEXTS if row.tells(theirs)}
    state |= {ours: row.id(theirs) for theirs, ours in _IDS if row.tells(theirs)}
    if row.tells("CaseNumber"):
        state["display_id"] = row.word("CaseNumber")
    if row.tells("Type"):
        state["type"] = (row.word("Type") or "").lower() or None
    for theirs, ours in _TIMES:
        if at := row.time(theirs):
            state[ours] = at
    for theirs, ours in _FLAGS:
        if (held := row.flag(theirs)) is not None:
            state[ours] = held
    if row.tells("ClosedDate"):
        state["closed_at"] = state["solved_at"] = row.time("ClosedDate")
    for read in (_status, _priority, _channel, _owner, _vendor, _requester, _brand, _words):
        state |= read(row, settings)
    if whole and (custom := custom_fields(row, settings)) is not None:
        state["custom_fields"] = custom
    return cast(TicketFields, state)  # the names above are its own


def _status(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    word = row.word("Status")
    state: dict[str, Any] = {}
    if row.tells("Status"):
        state = {"status": status_of(settings, word), "status_raw": word}
    if row.flag("IsClosed"):
        state["status"] = "closed"  # whatever the map says of the word
    elif word and state["status"] is None:
        row.warn("The status is not mapped.")
    return state


def _priority(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    if not row.tells("Priority"):
        return {}
    word = row.word("Priority")
    found = priority_of(settings, word)
    if word and found is None:
        row.warn("The priority is not mapped.")
    return {"priority": found, "priority_raw": word}


def _channel(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    if not row.tells("Origin"):
        return {}
    word = row.word("Origin")
    return {"channel": CHANNELS.get(word.lower(), "other") if word else None, "channel_raw": word}


def _owner(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    """A case belongs to a user or to a queue, never to both."""
    if not row.tells("OwnerId"):
        return {}
    owner = row.id("OwnerId")
    state = dict.fromkeys(("assignee_key", "assignee_name", "group_key", "group_name"))
    if owner is None:
        return state
    if owner.startswith(USER):
        return state | {"assignee_key": owner, "assignee_name": row.name_of("Owner", "User")}
    if owner.startswith(QUEUE):
        name = reading.opt_text(queue_of(settings, owner), "name") or row.name_of("Owner", "Queue")
        return state | {"group_key": owner, "group_name": name}
    row.warn("The owner is neither a user nor a queue.")
    return {}


def _vendor(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The field that names it counts; only where that is empty, the queue's."""
    name = field_of(settings, "vendor_field")
    is_told = bool(name and row.tells(name))
    if name and is_told and (word := row.word(name)):
        vendor = _uuid(table(settings, "vendors").get(word))
        if vendor is None:
            row.warn("The vendor is not mapped.")
        return {"vendor_id": vendor}
    if not row.tells("OwnerId") or (name and not is_told):
        return {}  # the other half is not told
    owner = row.id("OwnerId")
    if owner and owner.startswith(QUEUE):
        return {"vendor_id": _uuid(queue_of(settings, owner).get("vendor_id"))}
    return {"vendor_id": None} if name else {}


def _requester(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The contact's name and address, else what was typed into the form."""
    contact = reading.opt_obj(row.fields, "Contact")
    state: dict[str, Any] = {}
    for ours, of_contact, supplied in (
        ("requester_name", "Name", "SuppliedName"),
        ("requester_email", "Email", "SuppliedEmail"),
    ):
        found = reading.opt_text(contact, of_contact) or row.text(supplied)
        if found:
            state[ours] = found[:MAX_WORD]
        elif row.tells(supplied) and not row.id("ContactId"):
            state[ours] = None
    return state


def _brand(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    if not row.tells("RecordTypeId"):
        return {}
    key = row.id("RecordTypeId")
    name = entry(table(settings, "record_types"), key) or row.name_of("RecordType")
    return {"brand_key": key, "brand": name if isinstance(name, str) else None}


def _words(row: Row, settings: Mapping[str, Any]) -> dict[str, Any]:
    fields = {ours: field_of(settings, f"{ours}_field") for ours in ("language", "topic")}
    return {ours: row.word(name) for ours, name in fields.items() if name and row.tells(name)}


def custom_fields(row: Row, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Those that mean nothing else to us, where they hold something; None: none is told."""
    ours = {field_of(settings, name) for name in ("vendor_field", "language_field", "topic_field")}
    names = [name for name in row.fields if name.endswith("__c") and name not in ours]
    if not names:
        return None
    if len(names) > MAX_CUSTOM:
        row.warn("It has too many custom fields.")
    held = ((name[:MAX_WORD], row.fields[name]) for name in names[:MAX_CUSTOM])
    return {name: value for name, value in held if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value != "" and isinstance(value, str | int)


def owner_sighting(row: Row, state: TicketFields, settings: Mapping[str, Any]) -> tuple[AgentSighting, ...]:
    """The owner answers for the vendor that the case names."""
    assignee = state.get("assignee_key")
    if not assignee or assignee in bots_of(settings):
        return ()
    return (AgentSighting(assignee, state.get("assignee_name"), state.get("vendor_id")),)


def bots_of(settings: Mapping[str, Any]) -> set[str]:
    found = settings.get("bots")
    return {record_id(one) for one in found if isinstance(one, str)} if isinstance(found, list) else set()
