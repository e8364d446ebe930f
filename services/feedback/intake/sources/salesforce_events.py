"""Salesforce change data capture, from CometD or decoded from the Pub/Sub API, and how events of any
kind are told apart and named. Pure.

CometD sends the fields that changed. Pub/Sub sends all: on an update null means unchanged, unless
the header names the field as nulled.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    Normalised,
    NotUnderstood,
    Part,
    TicketFields,
    Told,
    Version,
)
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.salesforce_ids import fitted, record_id
from services.feedback.intake.sources.salesforce_messages import MESSAGES
from services.feedback.intake.sources.salesforce_records import (
    Row,
    case_state,
    custom_fields,
    owner_sighting,
)
from shared.errors import MalformedJson

MAX_EVENTS, MAX_RECORDS = 1000, 2000
BUS_KEEPS = timedelta(hours=72)
"""How far back an event can speak; used where it does not say when it happened."""
HEADER = "ChangeEventHeader"
_LISTS = ("nulledFields", "changedFields", "diffFields")
_BITMAP = re.compile(r"(?:[0-9]+-)?0x[0-9A-Fa-f]*")
_CHANGED = (("status", "status", "status_raw"), ("priority", "priority", "priority_raw"))


# ---- Telling events apart -----------------------------------------------------------------------


def split(payload: Any) -> list[dict[str, Any]]:
    """One event, or a list of up to 1,000. Raises MalformedJson."""
    events = payload if isinstance(payload, list) else [payload]
    if len(events) > MAX_EVENTS:
        raise MalformedJson(f"At most {MAX_EVENTS} events come together.")
    if not all(isinstance(event, dict) for event in events):
        raise MalformedJson("An event is a JSON object.")
    return events


def org_of(event: Mapping[str, Any]) -> str | None:
    """Only our own callouts say it."""
    return reading.opt_text(event, "org_id") or None


def source_key(event: Mapping[str, Any], org18: str) -> str | None:
    """What stays the same when the event comes again; None: nothing names it."""
    body = _body(event)
    if is_change(event):
        header = reading.opt_obj(body, HEADER)
        parts = [
            reading.opt_text(header, name) for name in ("transactionKey", "sequenceNumber", "entityName")
        ]
        if not all(parts):
            return None
        prefix = f"sf-cdc:{org18}:"
        return fitted(prefix + ":".join(part or "" for part in parts), prefix)
    if found := reading.opt_text(event, "event_id"):
        prefix = f"sf-apex:{org18}:"
        return fitted(prefix + found, prefix)
    found = reading.opt_text(body, "EventUuid") or reading.opt_text(
        reading.opt_obj(event, "event"), "EventUuid"
    )
    prefix = f"sf-pe:{org18}:"
    return fitted(prefix + found, prefix) if found else None


def is_change(event: Mapping[str, Any]) -> bool:
    return HEADER in _body(event)


def _body(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """CometD wraps it: {schema, payload, event}."""
    return event if HEADER in event else reading.opt_obj(event, "payload") or event


# ---- What a change event says -------------------------------------------------------------------


class _Event:
    """A change event, its header read."""

    def __init__(self, event: Mapping[str, Any], received_at: datetime, source_key: str) -> None:
        self.body = _body(event)
        where = "" if self.body is event else "/payload"
        self.header = reading.obj(self.body, HEADER, where)
        self.where = f"{where}/{HEADER}"
        self.is_sparse = "schema" in event
        """Only what changed is in it (CometD)."""
        self.entity = reading.text(self.header, "entityName", self.where)
        self.kind = reading.text(self.header, "changeType", self.where)
        self.stamp = reading.opt_moment(self.header, "commitTimestamp")
        number = self.header.get("sequenceNumber")
        self.number = number if type(number) is int and 0 <= number < 2**31 else 0
        self.received_at = received_at
        self.version = Version(self.stamp or received_at, self.number, source_key)
        transaction = reading.opt_text(self.header, "transactionKey")
        self.key = f"cdc:{transaction}:{self.number}" if transaction else source_key
        actor = reading.opt_text(self.header, "commitUser") or ""
        self.actor = record_id(actor) if 0 < len(actor) <= reading.MAX_ID else None
        self.warnings = () if self.stamp else ("commitTimestamp is not a time.",)

    def names(self, name: str) -> list[str]:
        found = self.header.get(name)
        listed = found if isinstance(found, list) else [found]
        return [one for one in listed if isinstance(one, str)]

    @property
    def is_encoded(self) -> bool:
        """Its lists are bitmaps over a schema that is not here."""
        return any(_BITMAP.fullmatch(one) for name in _LISTS for one in self.names(name))

    @property
    def is_lost(self) -> bool:
        """It stands for more records than it names."""
        ids = self.header.get("recordIds")
        if self.kind == "GAP_OVERFLOW" or not isinstance(ids, list):
            return self.kind == "GAP_OVERFLOW"
        return len(ids) > MAX_RECORDS or any(isinstance(one, str) and "*" in one for one in ids)

    @property
    def is_gap(self) -> bool:
        return self.kind.startswith("GAP_")

    def tickets(self) -> list[str]:
        """The records, each once. Raises NotUnderstood."""
        ids = self.header.get("recordIds")
        if not isinstance(ids, list) or not ids:
            raise NotUnderstood(f"{self.where}/recordIds", "The records' ids are missing.")
        named = {str(place): found for place, found in enumerate(ids)}
        return list(
            dict.fromkeys(record_id(reading.key(named, place, f"{self.where}/recordIds")) for place in named)
        )

    def row(self) -> Row:
        """The fields it tells; a text that is sent as a difference is no value."""
        fields = {name: value for name, value in self.body.items() if name != HEADER}
        if self.kind == "UPDATE":
            nulled, changed = set(self.names("nulledFields")), set(self.names("changedFields"))
            shown = {
                name: value
                for name, value in fields.items()
                if value is not None
                or name in nulled
                or (self.is_sparse and (not changed or name in changed))
            }
            fields = dict.fromkeys(sorted(nulled - shown.keys() - {HEADER})) | shown
            for name in self.names("diffFields"):
                fields.pop(name, None)
        elif self.kind == "UNDELETE":
            fields = {name: value for name, value in fields.items() if value is not None}
        return Row(fields, self.where.removesuffix(f"/{HEADER}"))

    def resync(self) -> Told:
        return Told(resync_since=self.stamp or self.received_at - BUS_KEEPS)

    def at_most(self, *parts: Part) -> Told:
        """Nothing but that these tickets are to be asked for."""
        return Told(
            tuple(
                Normalised(ticket, self.version, refetch=parts, warnings=self.warnings)
                for ticket in self.tickets()
            )
        )


def normalise(
    payload: Mapping[str, Any], settings: Mapping[str, Any], *, received_at: datetime, source_key: str
) -> Told:
    """Raises NotUnderstood."""
    event = _Event(payload, received_at, source_key)
    if event.entity != "Case" and event.entity not in MESSAGES:
        return Told(ignored="A change of another kind of record.")
    if event.is_lost:
        return event.resync()
    if event.entity in MESSAGES:
        return _message(event, settings)
    if event.is_gap or (event.kind == "UPDATE" and event.is_encoded):
        return event.at_most("ticket", "history")
    if event.kind not in ("CREATE", "UPDATE", "DELETE", "UNDELETE"):
        return Told(ignored="A change of an unknown type.")
    return _case(event, settings)


def _case(event: _Event, settings: Mapping[str, Any]) -> Told:
    """The same for each of its records."""
    row = event.row()
    tickets = event.tickets()
    state, refetch = TicketFields(), False
    agents: tuple[AgentSighting, ...] = ()
    if event.kind == "DELETE":
        state["is_deleted"] = True
        if winner := row.id("MasterRecordId"):
            state["merged_into_key"] = winner
    else:
        is_update = event.kind == "UPDATE"
        state = case_state(row, settings, whole=not is_update)
        agents = owner_sighting(row, state, settings)
        refetch = is_update and bool(event.names("diffFields") or custom_fields(row, settings) is not None)
    if event.kind == "UNDELETE":
        state["is_deleted"] = False
    return Told(
        tuple(
            Normalised(
                ticket,
                event.version,
                state,
                _changes(event, ticket, state),
                agents=agents,
                refetch=("ticket",) if refetch else (),
                warnings=(*event.warnings, *row.warnings),
            )
            for ticket in tickets
        )
    )


def _changes(event: _Event, ticket: str, state: TicketFields) -> tuple[Change, ...]:
    """An owner is one thing: a user or a queue. What was before is not told."""
    if event.kind not in ("CREATE", "UPDATE"):
        return ()
    told: list[tuple[str, str | None, dict[str, Any] | None]] = [
        (field, state.get(name), {"to_raw": state.get(raw)})  # type: ignore[misc]  # a field named by a table
        for field, name, raw in _CHANGED
        if name in state and (event.kind == "UPDATE" or (state.get(name) and field == "status"))
    ]
    for field, owner in (("assignee", state.get("assignee_key")), ("group", state.get("group_key"))):
        if owner:
            told.append((field, owner, None))
    return tuple(
        Change(
            f"{event.key}:{ticket}:{field}", event.version.at, event.number, field, None, value,
            event.actor, "told", detail,
        )
        for field, value, detail in told
    )  # fmt: skip


def _message(event: _Event, settings: Mapping[str, Any]) -> Told:
    """Only a new one has all its fields, and so the case that it belongs to."""
    if event.is_gap:
        return event.resync()
    row = event.row()
    ids = event.tickets()
    if event.kind == "UPDATE" and row.text("ParentId"):
        told = Normalised(row.key("ParentId"), event.version, refetch=("messages",), warnings=event.warnings)
        return Told((told,))
    if event.kind != "CREATE":
        return Told(ignored="A change of a message that does not say in which case it is.")
    found: list[Normalised] = []
    for external_id in ids:
        one = Row({**row.fields, "Id": external_id}, row.where)
        said = MESSAGES[event.entity](one, settings, event.version.at, event.version.key)
        if isinstance(said, str):
            return Told(ignored=said)
        newer = tuple(replace(message, version=event.version) for message in said.messages)
        found.append(
            replace(
                said, version=event.version, messages=newer, refetch=("ticket",),
                warnings=(*event.warnings, *said.warnings),
            )
        )  # fmt: skip
    return Told(tuple(found))
