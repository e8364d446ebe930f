"""What one stored delivery from Salesforce says: a notification of an outbound message, a change or
platform event, or the JSON of an Apex callout of ours. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.feedback.intake.normalised import NotUnderstood, Told
from services.feedback.intake.sources import reading, salesforce_events
from services.feedback.intake.sources.salesforce_ids import org18, same_org
from services.feedback.intake.sources.salesforce_messages import MESSAGES
from services.feedback.intake.sources.salesforce_records import Row, case, table

__all__ = ["normalise", "org18", "same_org"]


def normalise(payload: Any, settings: Mapping[str, Any], *, received_at: datetime, source_key: str) -> Told:
    """Raises NotUnderstood where a record lacks its id."""
    if isinstance(payload, list) and len(payload) == 1:
        payload = payload[0]
    if not isinstance(payload, dict):
        raise NotUnderstood("", "Not one event or record.")
    if "notification_id" in payload:
        return _notification(payload, settings, received_at, source_key)
    if salesforce_events.is_change(payload):
        return salesforce_events.normalise(payload, settings, received_at=received_at, source_key=source_key)
    if "sobject" in payload or "record" in payload:
        return _callout(payload, settings, received_at, source_key)
    return Told(ignored="An event that carries no record.")


def _notification(
    payload: Mapping[str, Any], settings: Mapping[str, Any], received_at: datetime, source_key: str
) -> Told:
    """A field that the message is declared to send and that is left out is empty."""
    sobject = reading.text(payload, "sobject")
    fields = reading.obj(payload, "fields")
    declared = table(settings, "declared_fields").get(sobject)
    if isinstance(declared, list):
        empty = {name: None for name in declared if isinstance(name, str) and name != "IsDeleted"}
        fields = {**empty, **fields}
    return _record(sobject, Row(fields, "/fields"), settings, received_at, source_key, whole=True)


def _callout(
    payload: Mapping[str, Any], settings: Mapping[str, Any], received_at: datetime, source_key: str
) -> Told:
    sobject = reading.text(payload, "sobject")
    fields = reading.obj(payload, "record")
    at = reading.opt_moment(payload, "occurred_at") or received_at
    return _record(sobject, Row(fields, "/record"), settings, at, source_key, whole=False)


def _record(
    sobject: str, row: Row, settings: Mapping[str, Any], fallback: datetime, key: str, *, whole: bool
) -> Told:
    if sobject == "Case":
        return Told((case(row, settings, fallback, key, whole=whole),))
    if sobject not in MESSAGES:
        return Told(ignored="A record of another kind than cases and what is said in them.")
    said = MESSAGES[sobject](row, settings, fallback, key)
    if isinstance(said, str):
        return Told(ignored=said)
    # It may come before its case.
    return Told((replace(said, refetch=("ticket",)),))
