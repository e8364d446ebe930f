"""Small payloads of Salesforce's shapes, and what they say as the plain facts the corpus speaks of."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.feedback.intake.normalised import Normalised, NotUnderstood, Told

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ORG = "00D5g00000K7hQzEAJ"
CASE = "5005g0000210441AAA"
USER = "0055g0000LeaM01AQE"
QUEUE = "00G5g000004TtLmEAK"
_SPACE = UUID(int=7)
KESTREL, BRIGHTDESK = uuid5(_SPACE, "Kestrel CX"), uuid5(_SPACE, "Brightdesk")
VENDORS = {"Kestrel CX": str(KESTREL), "Brightdesk": str(BRIGHTDESK)}
SETTINGS: dict[str, Any] = {
    "status_map": {"New": "new", "Working": "open", "On Hold": "on_hold", "Solved": "solved"},
    "priority_map": {"Medium": "normal", "Critical": "urgent"},
    "record_types": {"0125g000000ZkPqAAK": "Halcyon"},
    "queues": {QUEUE: {"name": "EU Frontline Queue", "vendor_id": str(BRIGHTDESK)}},
    "vendors": VENDORS,
    "vendor_field": "Vendor__c",
    "language_field": "Case_Language__c",
    "topic_field": "Topic__c",
    "bots": ["0055g0000Robo01AQA"],
    "csat_questions": {"0Kc5g000000bTqRCAU": {"scale": [1, 5]}},
}
CASE_ROW: dict[str, Any] = {
    "Id": CASE, "CaseNumber": "000210441", "Subject": "Tent leaks", "Status": "Working",
    "Priority": "Medium", "Origin": "Web", "Type": "Problem", "IsClosed": False, "ClosedDate": None,
    "IsEscalated": True, "OwnerId": USER, "Owner": {"Name": "Lea Marchetti", "Type": "User"},
    "ContactId": "0035g00000Pq7RsAAJ", "Contact": {"Name": "Jo Groß", "Email": "jo@example.com"},
    "RecordTypeId": "0125g000000ZkPqAAK", "IsDeleted": False, "MasterRecordId": None,
    "CreatedDate": "2026-03-04T08:11:02.000+0000", "LastModifiedDate": "2026-03-04T10:44:00.000+0000",
    "SystemModstamp": "2026-03-04T10:44:01.000+0000", "Vendor__c": "Kestrel CX",
    "Case_Language__c": "de", "Topic__c": "leak", "Order__c": "A-17", "Weight__c": 2.5, "Empty__c": None,
}  # fmt: skip
EMAIL_ROW: dict[str, Any] = {
    "Id": "02s5g0000000102AAA", "ParentId": CASE, "Incoming": False, "TextBody": "Hello", "Status": "3",
    "HtmlBody": None, "FromName": "Lea Marchetti", "CreatedById": USER, "HasAttachment": True,
    "IsExternallyVisible": True, "MessageDate": "2026-03-04T09:40:12.000+0000",
    "CreatedDate": "2026-03-04T09:15:00.000+0000", "SystemModstamp": "2026-03-04T09:41:00.000+0000",
    "IsDeleted": False,
}  # fmt: skip
COMMENT_ROW: dict[str, Any] = {
    "Id": "00a5g0000000901AAA", "ParentId": CASE, "IsPublished": True, "CommentBody": "Sent it again.",
    "CreatedById": USER, "CreatedDate": "2026-03-04T10:47:31.000+0000",
    "LastModifiedDate": "2026-03-04T10:47:31.000+0000", "SystemModstamp": "2026-03-04T10:47:31.000+0000",
}  # fmt: skip
HEADER: dict[str, Any] = {
    "entityName": "Case", "recordIds": [CASE], "changeType": "UPDATE", "sequenceNumber": 2,
    "transactionKey": "0000d388-e8a0-4796-9944-732b3a99a31d", "commitTimestamp": 1772621040000,
    "commitUser": USER, "changedFields": [], "nulledFields": [], "diffFields": [],
}  # fmt: skip


def notification(sobject: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """As it is kept: all text, empty fields left out."""
    words = {True: "true", False: "false"}
    fields = {
        name: words[value] if isinstance(value, bool) else str(value)
        for name, value in row.items()
        if value is not None and not isinstance(value, dict)
    }
    return {"notification_id": "04l5g0000000001AAA", "sobject": sobject, "fields": fields}


def callout(sobject: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event_id": "sfapex-1", "event": "x", "org_id": ORG, "occurred_at": "2026-03-04T10:47:31.000Z",
        "sobject": sobject, "record": dict(row),
    }  # fmt: skip


def cometd(fields: Mapping[str, Any], **header: Any) -> dict[str, Any]:
    """Only what changed is in it."""
    made = HEADER | {"changedFields": list(fields)} | header
    return {
        "schema": "UgiaO48sa_YABPmoB3puUQ",
        "payload": {**fields, "ChangeEventHeader": made},
        "event": {"replayId": 31641490},
    }


def pubsub(fields: Mapping[str, Any], **header: Any) -> dict[str, Any]:
    """Every field is in it; null where it did not change."""
    every = dict.fromkeys(("Subject", "Status", "Priority", "OwnerId", "ContactId", "Vendor__c"))
    return {"ChangeEventHeader": HEADER | header} | every | dict(fields)


def only(told: Told) -> Normalised:
    (one,) = told.tickets
    return one


# ---- The corpus -----------------------------------------------------------------------------------


def corpus_settings(folder: Path) -> dict[str, Any]:
    """The maps of its connection, with our vendors' ids for its vendors' names."""
    connections = json.loads((folder / "connections.json").read_text())["connections"]
    maps = connections["sf-om"] | {"csat_questions": connections["sf-rest"]["csat_questions"]}
    queues = {
        key: {"name": queue["name"], "vendor_id": VENDORS[queue["vendor"]]}
        for key, queue in maps["queues"].items()
    }
    return maps | {"queues": queues, "vendors": VENDORS}


def corpus_case(folder: Path, name: str) -> tuple[bytes, dict[str, Any]]:
    """The body, and what is expected of it."""
    (request,) = json.loads((folder / "salesforce" / f"{name}.expect.json").read_text())["requests"]
    body = (folder / "salesforce" / request["body_file"]).read_bytes()
    return body, request["expect"]


def check(told: Told, expected: Mapping[str, Any]) -> None:
    """Every expected fact occurs, and as often as it should."""
    found = list(facts(told))
    for event in expected["events"]:
        wanted = {name: value for name, value in event.items() if name not in ("kind", "dedup_key")}
        for part in ("ticket", "message", "csat"):
            wanted |= wanted.pop(part, {})
        kinds = [fact for kind, fact in found if kind == event["kind"]]
        assert any(_holds(fact, wanted) for fact in kinds), (event, kinds)
    for kind, count in expected.get("counts", {}).items():
        assert sum(one == kind for one, _ in found) == count, kind


def _holds(fact: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(name in fact and fact[name] == value for name, value in wanted.items())


_TICKET = {
    "display_id": "display_id", "status": "status", "status_raw": "status_raw", "priority": "priority",
    "priority_raw": "priority_raw", "type": "type", "channel": "channel", "language": "language",
    "brand": "brand", "group_id": "group_key", "group": "group_name", "vendor": "vendor_id",
    "assignee_id": "assignee_key", "assignee": "assignee_name", "requester_id": "requester_key",
    "requester": "requester_name", "subject": "subject", "created_at": "created_at",
    "updated_at": "updated_at", "closed_at": "closed_at", "escalated": "is_escalated",
}  # fmt: skip


def facts(told: Told) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in told.tickets:
        state: dict[str, Any] = dict(one.state)
        if state:
            told_fields = {theirs: _plain(state[ours]) for theirs, ours in _TICKET.items() if ours in state}
            yield "ticket", {"id": one.ticket_key} | told_fields
        if into := state.get("merged_into_key"):
            yield "lifecycle", {"op": "merged", "ticket_id": one.ticket_key, "into": into}
        for change in one.changes:
            about: dict[str, Any] = {"ticket_id": one.ticket_key, "at": _plain(change.occurred_at)}
            if change.field.startswith("sla:"):
                about |= {"op": change.to_value, "metric": change.field[4:]} | dict(change.detail or {})
                yield "sla", about
            elif change.basis != "snapshot":
                about |= {"field": change.field, "from": change.from_value, "to": change.to_value}
                yield "change", about | {"actor_id": change.actor_key} | dict(change.detail or {})
        for message in one.messages:
            inbound = "inbound" if message.author_kind == "requester" else "outbound"
            yield "message", {
                "id": message.external_id, "ticket_id": one.ticket_key, "text": message.body,
                "author_kind": {"requester": "customer"}.get(message.author_kind, message.author_kind),
                "author_id": message.author_key, "channel": message.channel,
                "public": message.is_public, "direction": inbound if message.is_public else "internal",
                "created_at": _plain(message.sent_at),
            }  # fmt: skip
        for rating in one.ratings:
            yield "csat", {
                "ticket_id": one.ticket_key, "state": "offered" if rating.is_offer else "received",
                "raw": rating.raw, "scale": [1, 5], "score": rating.score, "comment": rating.comment,
                "sentiment": "positive" if (rating.score or 0) > 0.5 else "negative",
                "responded_at": _plain(rating.rated_at),
            }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return next((name for name, key in VENDORS.items() if str(value) == key), value)


# ---- Anything at all --------------------------------------------------------------------------------

fuzz = hypothesis_settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "150")),
    deadline=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)
odd = st.sampled_from(
    [None, "", True, 0, -1, 10**30, 1e308, 0.5, "x" * 300, "2026-99-99T00:00:00Z",
     "0001-01-01T00:00:00+23:59", 9007199254740993, "0x650004E0", "500*", [], [None], {}, {"Name": 5},
     "500" + "0" * 12, "00:00"]
)  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | odd,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a payload."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in inner:
        yield from places(child, (*path, name))


def mutated(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same payload with something else at one place."""
    if not path:
        return new
    head, *rest = path
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[head] = mutated(copied[head], tuple(rest), new)
    return copied


def one_mutation_of(*payloads: Any) -> st.SearchStrategy[Any]:
    spots = [(payload, path) for payload in payloads for path in places(payload)]
    return st.builds(lambda spot, new: mutated(*spot, new), st.sampled_from(spots), odd | anything)


def is_told(read: Any) -> None:
    """It ends in something told or in the reason why not, and in nothing else."""
    try:
        found = read()
    except NotUnderstood:
        return
    assert isinstance(found if isinstance(found, Told) else found[0], Told)
