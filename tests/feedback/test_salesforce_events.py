"""Salesforce change events and callouts: told apart, named, and what they say."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from salesforce_samples import (
    BRIGHTDESK,
    CASE,
    COMMENT_ROW,
    EMAIL_ROW,
    HEADER,
    NOW,
    ORG,
    QUEUE,
    SETTINGS,
    USER,
    anything,
    callout,
    check,
    cometd,
    corpus_case,
    corpus_settings,
    fuzz,
    is_told,
    one_mutation_of,
    only,
    pubsub,
)

from services.feedback.intake.normalised import AgentSighting, NotUnderstood, Told, Version
from services.feedback.intake.sources import salesforce, salesforce_events
from shared.errors import MalformedJson

COMMITTED = datetime(2026, 3, 4, 10, 44, tzinfo=UTC)
PLATFORM_EVENT = {
    "schema": "s", "payload": {"CreatedById": USER, "EventUuid": "e981b488-81f3", "Case__c": CASE},
    "event": {"replayId": 7},
}  # fmt: skip


def tell(event: Any, settings: dict[str, Any] = SETTINGS) -> Told:
    return salesforce.normalise(event, settings, received_at=NOW, source_key="sf-cdc:1")


# ---- The corpus -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["d04_cdc_cometd_case_update", "d05_pubsub_case_create", "d10_apex_callout_casecomment"]
)
def test_the_corpus_is_told(reference_dir: Path, name: str) -> None:
    folder = reference_dir / "payloads"
    body, expected = corpus_case(folder, name)
    event = json.loads(body)
    key = salesforce_events.source_key(event, ORG)
    assert key == next(one["dedup_key"] for one in expected["events"] if "dedup_key" in one)
    check(tell(event, corpus_settings(folder)), expected)


# ---- Told apart and named -------------------------------------------------------------------------


def test_one_event_or_a_list_of_up_to_a_thousand() -> None:
    assert salesforce_events.split({"a": 1}) == [{"a": 1}]
    assert len(salesforce_events.split([{}] * 1000)) == 1000


@pytest.mark.parametrize("payload", [[{}] * 1001, [1], "x", None, [[{}]]])
def test_what_is_no_list_of_events_is_malformed(payload: Any) -> None:
    with pytest.raises(MalformedJson):
        salesforce_events.split(payload)


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (cometd({}), f"sf-cdc:{ORG}:0000d388-e8a0-4796-9944-732b3a99a31d:2:Case"),
        (pubsub({}), f"sf-cdc:{ORG}:0000d388-e8a0-4796-9944-732b3a99a31d:2:Case"),
        (PLATFORM_EVENT, f"sf-pe:{ORG}:e981b488-81f3"),
        ({"schema": "s", "payload": {"A__c": 1}, "event": {"EventUuid": "e9"}}, f"sf-pe:{ORG}:e9"),
        (callout("Case", {}), f"sf-apex:{ORG}:sfapex-1"),
        (pubsub({}, transactionKey=None), None),
        ({}, None),
    ],
)
def test_an_event_is_named_by_what_stays_when_it_comes_again(event: Any, key: str | None) -> None:
    assert salesforce_events.source_key(event, ORG) == key


def test_a_name_that_does_not_fit_is_hashed() -> None:
    key = salesforce_events.source_key(callout("Case", {}) | {"event_id": "ü" * 500}, ORG) or ""
    assert key.startswith(f"sf-apex:{ORG}:sha256:")
    assert key.isascii()
    assert len(key) <= 200


def test_only_our_callouts_name_their_organisation() -> None:
    assert salesforce_events.org_of(callout("Case", {})) == ORG
    assert salesforce_events.org_of(cometd({})) is None


# ---- Updates --------------------------------------------------------------------------------------


def test_an_update_from_cometd_tells_what_changed_and_nothing_else() -> None:
    one = only(tell(cometd({"OwnerId": USER, "Status": "Working", "Type": None})))
    assert one.version == Version(COMMITTED, 2, "sf-cdc:1")
    assert dict(one.state) == {
        "status": "open", "status_raw": "Working", "type": None,
        "assignee_key": USER, "assignee_name": None, "group_key": None, "group_name": None,
    }  # fmt: skip
    said = [(c.field, c.from_value, c.to_value, c.actor_key, c.basis) for c in one.changes]
    assert said == [("status", None, "open", USER, "told"), ("assignee", None, USER, USER, "told")]
    assert {c.occurred_at for c in one.changes} == {COMMITTED}
    assert one.agents == (AgentSighting(USER, None, None),)


def test_null_in_an_update_from_pubsub_means_unchanged_unless_it_is_named() -> None:
    one = only(tell(pubsub({"Status": "Working"}, nulledFields=["ContactId", "Priority"])))
    assert dict(one.state) == {
        "status": "open", "status_raw": "Working",
        "priority": None, "priority_raw": None, "requester_key": None,
    }  # fmt: skip


def test_an_owner_that_is_a_queue_is_a_group_with_its_vendor() -> None:
    settings = SETTINGS | {"vendor_field": None}
    one = only(tell(cometd({"OwnerId": QUEUE}), settings))
    assert one.state["group_key"] == QUEUE
    assert one.state["group_name"] == "EU Frontline Queue"
    assert one.state["assignee_key"] is None
    assert one.state["vendor_id"] == BRIGHTDESK
    assert [(c.field, c.to_value) for c in one.changes] == [("group", QUEUE)]


def test_the_vendor_is_not_told_while_the_field_that_names_it_is_not() -> None:
    assert "vendor_id" not in only(tell(cometd({"OwnerId": QUEUE}))).state


def test_a_change_to_an_unmapped_status_keeps_the_word() -> None:
    one = only(tell(cometd({"Status": "Parked"})))
    assert (one.state["status"], one.state["status_raw"]) == (None, "Parked")
    assert one.changes[0].detail == {"to_raw": "Parked"}
    assert one.warnings == ("The status is not mapped.",)


def test_changes_have_the_same_keys_however_they_came() -> None:
    there = only(tell(cometd({"Status": "Working"})))
    here = only(
        salesforce.normalise(pubsub({"Status": "Working"}), SETTINGS, received_at=NOW, source_key="x")
    )
    assert [c.key for c in there.changes] == [c.key for c in here.changes]


def test_several_records_are_told_each_once() -> None:
    told = tell(cometd({"Status": "New"}, recordIds=[CASE, CASE[:15], "5005g0000210442"]))
    assert [one.ticket_key for one in told.tickets] == [CASE, "5005g0000210442AAA"]
    assert len({c.key for one in told.tickets for c in one.changes}) == 2


@pytest.mark.parametrize(
    "lists",
    [
        {"changedFields": ["0x650004E0"]},
        {"nulledFields": ["0x02"], "changedFields": ["0x650004E0", "4-0x10"]},
        {"diffFields": ["4-0x10"]},
        {"changedFields": "0x650004E0"},
    ],
)
def test_lists_that_are_bitmaps_are_not_interpreted(lists: dict[str, Any]) -> None:
    one = only(tell(pubsub({"Status": "Working", "OwnerId": USER}, **lists)))
    assert (dict(one.state), one.changes, one.refetch) == ({}, (), ("ticket", "history"))


def test_a_difference_of_a_long_text_is_no_value() -> None:
    one = only(tell(pubsub({"Description": "--- \n+++ ", "Status": "New"}, diffFields=["Description"])))
    assert "description" not in one.state
    assert one.state["status"] == "new"
    assert one.refetch == ("ticket",)


def test_a_custom_field_by_itself_does_not_replace_the_others() -> None:
    one = only(tell(cometd({"Order__c": "A-18"})))
    assert "custom_fields" not in one.state
    assert one.refetch == ("ticket",)


# ---- Beginnings, ends, gaps -----------------------------------------------------------------------


def test_null_in_a_new_case_from_pubsub_means_none() -> None:
    row = {"Status": "New", "OwnerId": QUEUE, "IsClosedOnCreate": True, "CreatedDate": 1772621040000}
    one = only(tell(pubsub(row, changeType="CREATE")))
    assert one.state["priority"] is None
    assert one.state["requester_key"] is None
    assert one.state["status"] == "new"
    assert one.state["vendor_id"] == BRIGHTDESK
    assert one.state["created_at"] == COMMITTED
    assert [(c.field, c.to_value) for c in one.changes] == [("status", "new"), ("group", QUEUE)]


def test_absent_in_a_new_case_from_cometd_is_untold() -> None:
    one = only(tell(cometd({"Status": "New"}, changeType="CREATE")))
    assert set(one.state) == {"status", "status_raw"}


@pytest.mark.parametrize(
    ("kind", "fields", "state"),
    [
        ("DELETE", {}, {"is_deleted": True}),
        ("DELETE", {"Status": "New"}, {"is_deleted": True}),
        ("DELETE", {"MasterRecordId": CASE}, {"is_deleted": True, "merged_into_key": CASE}),
        ("UNDELETE", {}, {"is_deleted": False}),
    ],
)
def test_a_case_goes_and_comes_back(kind: str, fields: dict[str, Any], state: dict[str, Any]) -> None:
    one = only(tell(pubsub(fields, changeType=kind)))
    assert dict(one.state) == state
    assert one.changes == ()


@pytest.mark.parametrize("kind", ["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"])
def test_a_gap_asks_for_the_cases_it_names(kind: str) -> None:
    one = only(tell(pubsub({"Status": "New"}, changeType=kind)))
    assert (one.ticket_key, dict(one.state), one.refetch) == (CASE, {}, ("ticket", "history"))


@pytest.mark.parametrize(
    "header",
    [
        {"changeType": "GAP_OVERFLOW", "recordIds": []},
        {"recordIds": ["500*"]},
        {"recordIds": [CASE, "50*0"]},
        {"recordIds": [CASE] * 5000},
        {"entityName": "EmailMessage", "changeType": "GAP_CREATE"},
    ],
)
def test_what_is_lost_is_read_again_since_then(header: dict[str, Any]) -> None:
    assert tell(pubsub({}, **header)) == Told(resync_since=COMMITTED)


def test_a_loss_without_its_time_goes_back_as_far_as_the_bus_does() -> None:
    told = tell(pubsub({}, changeType="GAP_OVERFLOW", commitTimestamp="?"))
    assert told.resync_since == NOW - timedelta(hours=72)


# ---- Messages, callouts, others -------------------------------------------------------------------


def test_a_new_email_is_a_message_that_asks_for_its_case() -> None:
    fields = {name: value for name, value in EMAIL_ROW.items() if name != "Id"}
    header = {"entityName": "EmailMessage", "changeType": "CREATE", "recordIds": [EMAIL_ROW["Id"]]}
    one = only(tell(cometd(fields, **header)))
    (message,) = one.messages
    assert (one.ticket_key, dict(one.state), one.refetch) == (CASE, {}, ("ticket",))
    assert (message.external_id, message.body, message.author_kind) == (EMAIL_ROW["Id"], "Hello", "agent")
    assert message.version == one.version == Version(COMMITTED, 2, "sf-cdc:1")


def test_a_changed_email_says_nothing_without_its_case() -> None:
    assert tell(cometd({"Status": "3"}, entityName="EmailMessage")).ignored


def test_an_email_that_moved_asks_for_what_is_said_in_the_case() -> None:
    one = only(tell(cometd({"ParentId": CASE}, entityName="EmailMessage")))
    assert (one.ticket_key, one.refetch, one.messages) == (CASE, ("messages",), ())


@pytest.mark.parametrize(
    "event",
    [
        PLATFORM_EVENT,
        cometd({"Name": "x"}, entityName="Account"),
        cometd({}, entityName="Account", recordIds=["001*"]),
        cometd({}, changeType="SOMETHING_NEW"),
        callout("Contact", {"Id": "003"}),
        {},
    ],
)
def test_other_events_are_kept_and_say_nothing(event: Any) -> None:
    told = tell(event)
    assert told.ignored
    assert told.tickets == ()


def test_a_callout_of_a_comment_is_an_internal_message() -> None:
    one = only(tell(callout("CaseComment", COMMENT_ROW | {"IsPublished": False})))
    (message,) = one.messages
    assert (message.is_public, message.author_kind, message.author_key) == (False, "agent", USER)
    assert one.refetch == ("ticket",)


def test_a_list_of_one_event_is_that_event() -> None:
    assert tell([cometd({"Status": "New"})]) == tell(cometd({"Status": "New"}))


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (None, ""),
        ([1, 2], ""),
        ({"ChangeEventHeader": None}, "/ChangeEventHeader"),
        (pubsub({}, recordIds=[]), "/ChangeEventHeader/recordIds"),
        (cometd({}, recordIds=[None]), "/payload/ChangeEventHeader/recordIds/0"),
        (pubsub({}, recordIds=["5" * 41]), "/ChangeEventHeader/recordIds/0"),
        (callout("Case", {}), "/record/Id"),
        ({"sobject": "Case"}, "/record"),
        (callout("CaseComment", {"Id": "00a"}), "/record/ParentId"),
    ],
)
def test_what_lacks_its_record_is_not_understood(event: Any, pointer: str) -> None:
    with pytest.raises(NotUnderstood) as error:
        tell(event)
    assert error.value.pointer == pointer


# ---- Anything at all ------------------------------------------------------------------------------


@fuzz
@given(anything)
def test_any_value_is_told_or_not_understood(payload: Any) -> None:
    is_told(lambda: tell(payload))


@fuzz
@given(
    one_mutation_of(
        cometd({"OwnerId": USER, "Status": "Working", "Vendor__c": "x", "Order__c": 1}),
        pubsub({"Status": "Working"}, nulledFields=["ContactId"], diffFields=["Description"]),
        pubsub({"Status": "New", "CreatedDate": 1772621040000}, changeType="CREATE"),
        cometd(EMAIL_ROW, entityName="EmailMessage", changeType="CREATE"),
        {"ChangeEventHeader": HEADER | {"changeType": "GAP_UPDATE"}},
        callout("CaseComment", COMMENT_ROW),
        PLATFORM_EVENT,
    )
)
def test_any_one_thing_changed_is_told_or_not_understood(event: Any) -> None:
    is_told(lambda: tell(event))
    if isinstance(event, dict):
        key = salesforce_events.source_key(event, ORG)
        assert key is None or (key.isascii() and key.isprintable() and len(key) <= 200)
        salesforce_events.org_of(event)
