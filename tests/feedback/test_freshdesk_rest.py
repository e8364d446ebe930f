"""Freshdesk's REST answers: tickets and what their stats say of the history."""

from typing import Any

import pytest
from freshdesk_samples import NOON, SETTINGS, STATS, TICKET, VENDOR, at, moves, ticket

from services.feedback.intake.normalised import (
    AgentSighting,
    NotUnderstood,
    Settled,
    Version,
)
from services.feedback.intake.sources import freshdesk_rest

# ---- Tickets ----------------------------------------------------------------------------------


def test_numbers_become_words_and_ids_become_names() -> None:
    told = ticket()
    assert (told.ticket_key, told.version) == ("31", Version(at(11, 30), 0, "fd-rest:31"))
    metrics = told.state.pop("stated_metrics")
    assert told.state == {
        "display_id": "31", "subject": "x", "status": "solved", "status_raw": "4", "priority": "high",
        "priority_raw": "3", "channel": "web", "channel_raw": "2", "is_outbound": False, "type": "question",
        "is_spam": False, "is_deleted": False, "is_escalated": True, "group_key": "71", "group_name": "North",
        "vendor_id": VENDOR, "assignee_key": "91", "assignee_name": "Ida", "brand_key": "81",
        "brand": "Tents", "requester_key": "61", "organization_key": None, "language": "de", "topic": "Size",
        "tags": ["a", "b"],
        "custom_fields": {"cf_language": "Deutsch", "cf_topic": "Size"}, "created_at": at(9),
        "updated_at": at(11, 30), "solved_at": at(11), "closed_at": None, "first_replied_at": at(9, 40),
    }  # fmt: skip
    assert metrics is not None
    assert metrics["fr_escalated"] is True
    assert metrics["due_by"] == "2026-03-06T09:00:00+00:00"
    assert told.agents == (AgentSighting("91", "Ida", VENDOR),)
    assert told.warnings == ()


def test_what_is_not_in_the_row_is_not_told() -> None:
    told = freshdesk_rest.read_ticket({"id": 31}, SETTINGS, read_at=NOON)
    assert told.state == {"display_id": "31", "is_deleted": False}
    assert (told.version.at, told.changes, told.settled) == (NOON, (), ())


def test_null_is_none_but_for_tags() -> None:
    state = ticket(group_id=None, responder_id=None, type=None, source=None, tags=None).state
    names = ("group_key", "group_name", "vendor_id", "assignee_key", "assignee_name", "type", "channel")
    assert [state[name] for name in names] == [None] * 7  # type: ignore[literal-required]  # a field named by the case
    assert "tags" not in state


def test_unmapped_numbers_are_no_default() -> None:
    state = ticket(status=9, priority=7, source=102).state
    assert (state["status"], state["status_raw"]) == (None, "9")
    assert (state["priority"], state["priority_raw"]) == (None, "7")
    assert (state["channel"], state["channel_raw"]) == ("other", "102")
    assert ticket(source=101).state["channel"] == "kiosk"


def test_unknown_places_and_agents_keep_their_ids() -> None:
    told = ticket(group_id=99, product_id=99, responder_id=2**70)
    assert (told.state["group_key"], told.state["group_name"], told.state["vendor_id"]) == ("99", None, None)
    assert (told.state["brand_key"], told.state["brand"]) == ("99", None)
    assert (told.state["assignee_key"], told.state["assignee_name"]) == (str(2**70), None)


def test_an_odd_reference_says_nothing_rather_than_nobody() -> None:
    told = ticket(responder_id=1e3, group_id="g" * 41)
    assert "assignee_key" not in told.state
    assert "group_key" not in told.state
    assert told.warnings == ("/group_id: Not an id.", "/responder_id: Not an id.")


def test_deleted_and_spam_are_told() -> None:
    state = ticket(deleted=True, spam=True).state
    assert state["is_deleted"] is state["is_spam"] is True


def test_a_ticket_that_is_not_found_is_deleted() -> None:
    told = freshdesk_rest.gone("31", read_at=NOON)
    assert (told.ticket_key, told.version.at, told.state) == ("31", NOON, {"is_deleted": True})


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("French", "fr"), ("Français", "fr"), ("Franc\u0327ais", "fr"), ("العربية", "ar"), ("pt-BR", "pt"),
        ("EN", "en"), (" deutsch ", "de"), ("Klingon", None), ("xx", None), ("", None), (None, None),
        ([], None),
    ],
)  # fmt: skip
def test_languages_are_known_by_name_or_code(said: Any, code: str | None) -> None:
    assert ticket(custom_fields={"cf_language": said}).state["language"] == code


@pytest.mark.parametrize("id", [None, "", "1e3", "../../1", "٣١", True, 1.0, [], "9" * 21])
def test_a_ticket_without_a_proper_id_is_not_understood(id: Any) -> None:
    with pytest.raises(NotUnderstood) as refused:
        ticket(id=id)
    assert refused.value.pointer == "/id"


def test_impossible_times_cost_only_themselves() -> None:
    told = ticket(created_at="2026-02-30T09:00:00Z", updated_at="tomorrow", stats=STATS | {"resolved_at": 7})
    assert not {"created_at", "updated_at"} & set(told.state)
    assert told.state["solved_at"] is None
    assert told.state["status"] == "solved"
    assert len(told.warnings) == 3


def test_a_date_in_the_future_does_not_outlive_the_truth() -> None:
    told = ticket(updated_at="2037-01-01T00:00:00Z", stats=STATS | {"closed_at": "2037-01-01T00:00:00Z"})
    assert told.version.at == NOON
    assert moves(told) == [("solved", at(11))]
    assert moves(told, "assignee") == []


def test_custom_fields_hold_only_what_can_be_stored() -> None:
    odd = {"a": float("inf"), "b": {"c": 1}, "d": [1, float("nan")], "e": ["x", "y"], "f": 1.5, "g": False}
    told = ticket(custom_fields=odd)
    assert told.state["custom_fields"] == {"e": ["x", "y"], "f": 1.5, "g": False}
    assert told.warnings == ("/custom_fields: Some values cannot be kept.",)


def test_one_bad_row_does_not_cost_its_page() -> None:
    told, faults = freshdesk_rest.read_tickets([TICKET, None, TICKET | {"id": "x"}], SETTINGS, read_at=NOON)
    assert [one.ticket_key for one in told.tickets] == ["31"]
    assert faults == ["/1: An object is missing here.", "/2/id: An id is missing here."]
    with pytest.raises(NotUnderstood):
        freshdesk_rest.read_tickets({}, SETTINGS, read_at=NOON)


def test_an_older_copy_in_an_overlapping_page_has_the_older_version() -> None:
    older = TICKET | {"updated_at": "2026-03-04T11:00:00Z", "status": 2}
    told, _ = freshdesk_rest.read_tickets([TICKET, older], SETTINGS, read_at=NOON)
    assert max(told.tickets, key=lambda one: one.version).state["status"] == "solved"


# ---- History ----------------------------------------------------------------------------------


def test_one_change_that_is_stated_twice_is_told_once() -> None:
    told = ticket()
    assert moves(told) == [("solved", at(11))]
    assert told.settled == (Settled("status", at(11), NOON),)


def test_a_change_keeps_its_key_when_the_ticket_moves_on() -> None:
    before = {one.key for one in ticket().changes if one.field == "status"}
    closed = {"closed_at": "2026-03-04T11:20:00Z", "status_updated_at": "2026-03-04T11:20:00Z"}
    after = ticket(status=5, stats=STATS | closed)
    assert before < {one.key for one in after.changes if one.field == "status"}
    assert moves(after) == [("solved", at(11)), ("closed", at(11, 20))]


def test_a_status_of_the_account_has_only_its_time() -> None:
    told = ticket(status=8, stats=STATS | {"resolved_at": None})
    assert moves(told) == [("on_hold", at(11))]
    (change,) = (one for one in told.changes if one.field == "status")
    assert (change.basis, change.key) == ("history", "stat:31:status:2026-03-04T11:00:00+00:00")


def test_a_reopened_ticket_is_open_since_then_and_not_solved() -> None:
    again = "2026-03-04T11:10:00Z"
    told = ticket(
        status=2, stats=STATS | {"resolved_at": None, "reopened_at": again, "status_updated_at": again}
    )
    assert moves(told) == [("open", at(11, 10))]
    assert told.state["solved_at"] is None
    assert (told.state["stated_metrics"] or {})["reopened_at"] == "2026-03-04T11:10:00+00:00"


def test_solved_comes_before_closed_at_the_same_time() -> None:
    told = ticket(status=5, stats=STATS | {"closed_at": STATS["resolved_at"]})
    ordered = sorted((one for one in told.changes if one.field == "status"), key=lambda one: one.position)
    assert [one.to_value for one in ordered] == ["solved", "closed"]


def test_without_stats_nothing_is_settled() -> None:
    told = ticket(stats=None)
    assert (moves(told), told.settled) == ([], ())
    assert not {"solved_at", "closed_at", "first_replied_at", "stated_metrics"} & set(told.state)


def test_who_has_it_is_a_snapshot_of_the_last_change() -> None:
    told = ticket(group_id=None)
    seen = [one for one in told.changes if one.basis == "snapshot"]
    assert [(one.field, one.to_value, one.occurred_at) for one in seen] == [
        ("assignee", "91", at(11, 30)),
        ("group", None, at(11, 30)),
    ]
    assert seen[0].key == "seen:31:assignee:2026-03-04T11:30:00+00:00"


@pytest.mark.parametrize(
    ("source", "opener"),
    [(1, "requester"), (10, "agent"), (7, "requester"), (3, None), (102, None), (None, None)],
)
def test_the_source_says_who_opened_it(source: int | None, opener: str | None) -> None:
    told = ticket(source=source)
    assert moves(told, "created") == ([(opener, at(9))] if opener else [])
    assert told.state["is_outbound"] is (source == 10)
