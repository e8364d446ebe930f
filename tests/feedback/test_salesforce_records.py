"""What Salesforce's cases, e-mails and comments say, from an outbound message or a callout."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from salesforce_samples import (
    BRIGHTDESK,
    CASE,
    CASE_ROW,
    COMMENT_ROW,
    EMAIL_ROW,
    KESTREL,
    NOW,
    ORG,
    QUEUE,
    SETTINGS,
    USER,
    anything,
    callout,
    check,
    corpus_case,
    corpus_settings,
    fuzz,
    is_told,
    notification,
    one_mutation_of,
    only,
)

from services.feedback.intake.normalised import (
    AgentSighting,
    NewMessage,
    Normalised,
    NotUnderstood,
    Told,
    Version,
)
from services.feedback.intake.sources import salesforce, salesforce_soap

STAMPED = datetime(2026, 3, 4, 10, 44, 1, tzinfo=UTC)
MODIFIED = datetime(2026, 3, 4, 10, 44, tzinfo=UTC)


def tell(payload: Any, settings: dict[str, Any] = SETTINGS) -> Told:
    return salesforce.normalise(payload, settings, received_at=NOW, source_key="sf-om:1")


def case(changed: dict[str, Any] | None = None, **settings: Any) -> Normalised:
    return only(tell(notification("Case", CASE_ROW | (changed or {})), SETTINGS | settings))


def email(**changed: Any) -> NewMessage:
    (message,) = only(tell(notification("EmailMessage", EMAIL_ROW | changed))).messages
    return message


def comment(**changed: Any) -> NewMessage:
    (message,) = only(tell(callout("CaseComment", COMMENT_ROW | changed))).messages
    return message


# ---- The corpus -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d01_om_case_created", "d02_om_case_closed", "d03_om_emailmessages_rtl"])
def test_the_corpus_is_told(reference_dir: Path, name: str) -> None:
    folder = reference_dir / "payloads"
    body, expected = corpus_case(folder, name)
    settings = corpus_settings(folder)
    message = salesforce_soap.parse(body)
    assert salesforce.same_org(message.org_id or "", ORG)
    told = []
    for place, one in enumerate(message.notifications):
        key = salesforce_soap.source_key(ORG, one)
        assert key.startswith(expected["events"][place]["dedup_key"] + ":")
        kept = json.loads(salesforce_soap.as_json(one))
        told += salesforce.normalise(kept, settings, received_at=NOW, source_key=key).tickets
    check(Told(tuple(told)), expected)


# ---- Case -----------------------------------------------------------------------------------------


def test_a_case_in_our_words() -> None:
    one = case()
    assert one.ticket_key == CASE
    assert one.version == Version(STAMPED, 0, "sf-om:1")
    assert dict(one.state) == {
        "display_id": "000210441", "subject": "Tent leaks", "status": "open", "status_raw": "Working",
        "priority": "normal", "priority_raw": "Medium", "channel": "web", "channel_raw": "Web",
        "type": "problem", "is_escalated": True, "is_deleted": False,
        "assignee_key": USER, "assignee_name": None, "group_key": None, "group_name": None,
        "vendor_id": KESTREL, "requester_key": "0035g00000Pq7RsAAJ",
        "brand_key": "0125g000000ZkPqAAK", "brand": "Halcyon", "language": "de", "topic": "leak",
        "created_at": datetime(2026, 3, 4, 8, 11, 2, tzinfo=UTC), "updated_at": MODIFIED,
        "custom_fields": {"Order__c": "A-17", "Weight__c": "2.5"},
    }  # fmt: skip
    assert one.agents == (AgentSighting(USER, None, KESTREL),)
    assert one.refetch == ()
    assert one.warnings == ()


def test_a_snapshot_shows_values_without_what_was_before() -> None:
    changes = case({"OwnerId": QUEUE}).changes
    assert [(c.field, c.from_value, c.to_value, c.basis) for c in changes] == [
        ("status", None, "open", "snapshot"),
        ("group", None, QUEUE, "snapshot"),
    ]
    assert {c.occurred_at for c in changes} == {MODIFIED}
    assert changes[0].key == f"seen:{CASE}:status:2026-03-04T10:44:01+00:00"


def test_a_field_that_is_declared_and_left_out_is_empty() -> None:
    declared = {"Case": ["Id", "Subject", "Type", "ClosedDate", "Vendor__c", "ContactId"]}
    read = tell({"notification_id": "n", "sobject": "Case", "fields": {"Id": CASE, "OwnerId": QUEUE}},
                SETTINGS | {"declared_fields": declared})  # fmt: skip
    state = only(read).state
    nothing = ("subject", "type", "closed_at", "requester_key")
    assert {name: state.get(name, "untold") for name in nothing} == dict.fromkeys(nothing)
    assert state["vendor_id"] == BRIGHTDESK
    assert "status" not in state


def test_a_field_that_is_not_declared_and_left_out_is_untold() -> None:
    read = tell({"notification_id": "n", "sobject": "Case", "fields": {"Id": CASE}})
    assert dict(only(read).state) == {}


@pytest.mark.parametrize("word", ["Working", "Parked", "Closed"])
def test_closed_is_closed_whatever_the_map_says(word: str) -> None:
    state = case({"Status": word, "IsClosed": True, "ClosedDate": "2026-03-04T10:44:00.000Z"}).state
    assert (state["status"], state["status_raw"]) == ("closed", word)
    assert state["closed_at"] == state["solved_at"] == MODIFIED


def test_words_that_are_not_mapped_are_kept_raw() -> None:
    one = case({"Status": "Parked", "Priority": "P0", "Origin": "Fax", "Vendor__c": "Nobody"})
    state = one.state
    assert (state["status"], state["status_raw"]) == (None, "Parked")
    assert (state["priority"], state["priority_raw"]) == (None, "P0")
    assert (state["channel"], state["channel_raw"]) == ("other", "Fax")
    assert state["vendor_id"] is None
    assert set(one.warnings) == {
        "The status is not mapped.", "The priority is not mapped.", "The vendor is not mapped.",
    }  # fmt: skip
    assert "status" not in {change.field for change in one.changes}


def test_without_a_map_the_words_that_salesforce_ships_are_known() -> None:
    state = case({"Status": "Escalated", "Priority": "Low"}, status_map={}, priority_map={}).state
    assert (state["status"], state["priority"]) == ("open", "low")


def test_an_empty_vendor_field_leaves_it_to_the_queue() -> None:
    state = only(tell(callout("Case", CASE_ROW | {"Vendor__c": None, "OwnerId": QUEUE}))).state
    assert (state["vendor_id"], state["group_name"]) == (BRIGHTDESK, "EU Frontline Queue")


def test_an_id_of_fifteen_characters_is_the_same_case() -> None:
    assert case({"Id": CASE[:15]}).ticket_key == CASE


def test_a_requester_without_a_contact_is_who_filled_the_form() -> None:
    supplied = {"ContactId": None, "Contact": None, "SuppliedName": "Jo", "SuppliedEmail": "jo@x.example"}
    state = only(tell(callout("Case", CASE_ROW | supplied))).state
    assert (state["requester_key"], state["requester_name"]) == (None, "Jo")
    assert state["requester_email"] == "jo@x.example"


def test_a_bad_time_or_id_costs_one_field_only() -> None:
    one = case({"CreatedDate": "2026-13-45", "ClosedDate": "soon", "ContactId": "x" * 41})
    assert "created_at" not in one.state
    assert one.state["closed_at"] is None
    assert one.state["requester_key"] is None
    assert one.state["status"] == "open"
    assert set(one.warnings) == {
        "CreatedDate is not a time.", "ClosedDate is not a time.", "ContactId is too long for an id.",
    }  # fmt: skip


def test_the_version_falls_back_on_what_there_is() -> None:
    assert case({"SystemModstamp": None}).version.at == MODIFIED
    assert case({"SystemModstamp": None, "LastModifiedDate": None}).version.at == NOW
    record = {"Id": CASE, "Status": "New"}
    assert only(tell(callout("Case", record))).version.at == datetime(2026, 3, 4, 10, 47, 31, tzinfo=UTC)


@pytest.mark.parametrize("row", [{"Id": None}, {"Id": ""}, {"Id": "5" * 41}])
def test_a_case_without_an_id_is_not_understood(row: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood) as error:
        tell(callout("Case", CASE_ROW | row))
    assert error.value.pointer == "/record/Id"


# ---- E-mails --------------------------------------------------------------------------------------


def test_an_email_of_an_agent() -> None:
    one = only(tell(notification("EmailMessage", EMAIL_ROW)))
    at = datetime(2026, 3, 4, 9, 41, tzinfo=UTC)
    assert one.messages == (
        NewMessage(
            external_id="02s5g0000000102AAA", sent_at=datetime(2026, 3, 4, 9, 40, 12, tzinfo=UTC), position=0,
            author_kind="agent", author_key=USER, author_name="Lea Marchetti", is_public=True, body="Hello",
            version=Version(at, 0, "sf-om:1"), channel="email", attachments=1,
        ),
    )  # fmt: skip
    assert (one.ticket_key, dict(one.state), one.refetch) == (CASE, {}, ("ticket",))
    assert one.agents == (AgentSighting(USER, None),)


@pytest.mark.parametrize(
    ("changed", "kind", "key"),
    [
        ({"Incoming": True}, "requester", None),
        ({"CreatedById": "0055g0000Robo01AQA"}, "bot", "0055g0000Robo01AQA"),
        ({"CreatedById": None}, "system", None),
    ],
)
def test_who_wrote_an_email(changed: dict[str, Any], kind: str, key: str | None) -> None:
    message = email(**changed)
    assert (message.author_kind, message.author_key) == (kind, key)


def test_an_email_that_outsiders_may_not_see_is_internal() -> None:
    assert email(IsExternallyVisible=False).is_public is False
    assert email(IsExternallyVisible=None).is_public is True


def test_an_email_of_markup_only_is_read_as_text() -> None:
    assert email(TextBody=None, HtmlBody="<p>Hello</p><p>49&nbsp;€</p>").body == "Hello\n49\xa0€"


def test_markup_that_is_made_to_take_long_does_not() -> None:
    begun = time.perf_counter()
    email(TextBody=None, HtmlBody=("<" + " " * 100_000) * 5)
    assert time.perf_counter() - begun < 1


def test_an_email_without_its_date_was_sent_when_it_was_made() -> None:
    assert email(MessageDate=None).sent_at == datetime(2026, 3, 4, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize("changed", [{"Status": "5"}, {"ParentId": None}])
def test_a_draft_and_an_email_of_no_case_say_nothing(changed: dict[str, Any]) -> None:
    assert tell(notification("EmailMessage", EMAIL_ROW | changed)).ignored


# ---- Comments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, "agent"),
        ({"CreatedBy": {"UserType": "Standard"}}, "agent"),
        ({"CreatedBy": {"UserType": "CspLitePortal"}}, "requester"),
        ({"CreatedBy": {"UserType": "AutomatedProcess"}}, "system"),
        ({"CreatedById": "0035g00000Pq7RsAAJ"}, "requester"),
        ({"CreatedById": "0055g0000Robo01AQA"}, "bot"),
    ],
)
def test_who_wrote_a_comment(changed: dict[str, Any], kind: str) -> None:
    assert comment(**changed).author_kind == kind


def test_a_comment_is_public_where_it_is_published_and_internal_where_nobody_says() -> None:
    assert comment().is_public is True
    assert comment(IsPublished=False).is_public is False
    assert comment(IsPublished=None).is_public is False


def test_a_comment_that_was_changed_later_was_edited() -> None:
    assert comment().edited_at is None
    later = "2026-03-04T11:00:00.000+0000"
    assert comment(LastModifiedDate=later).edited_at == datetime(2026, 3, 4, 11, tzinfo=UTC)


# ---- Anything at all ------------------------------------------------------------------------------


@fuzz
@given(
    one_mutation_of(
        notification("Case", CASE_ROW), notification("EmailMessage", EMAIL_ROW), callout("Case", CASE_ROW),
        callout("EmailMessage", EMAIL_ROW), callout("CaseComment", COMMENT_ROW),
    )
)  # fmt: skip
def test_any_one_thing_changed_is_told_or_not_understood(payload: Any) -> None:
    is_told(lambda: tell(payload))


@fuzz
@given(anything, one_mutation_of(SETTINGS | {"declared_fields": {"Case": ["Id", "Subject"]}}))
def test_odd_settings_break_nothing(value: Any, settings: Any) -> None:
    if isinstance(settings, dict):
        is_told(lambda: tell(notification("Case", CASE_ROW | {"Subject": "x"}), settings))
        is_told(lambda: tell({"notification_id": "n", "sobject": "Case", "fields": value}, settings))
