"""Rows of Salesforce's REST query: cases, messages, history, milestones, survey answers."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from salesforce_samples import (
    CASE,
    CASE_ROW,
    COMMENT_ROW,
    EMAIL_ROW,
    KESTREL,
    NOW,
    QUEUE,
    SETTINGS,
    USER,
    anything,
    check,
    corpus_case,
    corpus_settings,
    fuzz,
    is_told,
    one_mutation_of,
    only,
)

from services.feedback.intake.normalised import AgentSighting, Normalised, Settled, Version
from services.feedback.intake.sources.salesforce_rest import (
    Read,
    read_cases,
    read_comments,
    read_emails,
    read_history,
    read_milestones,
    read_survey_answers,
)

LOSER = "5005g0000210300AAA"
ROW = {
    "Id": "0175g0000H00004AQA", "CaseId": CASE, "Field": "Status", "OldValue": "New", "NewValue": "Working",
    "DataType": "DynamicEnum", "CreatedById": USER, "CreatedDate": "2026-03-04T10:44:00.000+0000",
}  # fmt: skip
OWNER = ROW | {
    "Id": "0175g0000H00003AQA", "Field": "Owner", "OldValue": QUEUE, "NewValue": USER, "DataType": "EntityId",
}  # fmt: skip
MILESTONE = {
    "Id": "5555g0000M00001AQA", "CaseId": CASE, "MilestoneType": {"Name": "First Response"},
    "TargetDate": "2026-03-04T12:11:02.000+0000", "CompletionDate": "2026-03-04T13:40:12.000+0000",
    "IsCompleted": True, "IsViolated": True, "TargetResponseInMins": 240,
    "SystemModstamp": "2026-03-04T13:40:13.000+0000",
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "Id": "0Kf5g0000S00001CQA", "ResponseId": "0Ke5g0000R00001CQA", "QuestionId": "0Kc5g000000bTqRCAU",
    "Datatype": "Int", "NumberValue": 4.0, "ResponseValue": "4",
    "CreatedDate": "2026-03-05T07:00:11.000+0000",
    "Response": {"CompletionDateTime": "2026-03-05T07:00:10.000+0000", "Status": "Completed"},
    "Subjects": [CASE],
}  # fmt: skip
WORDS = ANSWER | {
    "Id": "0Kf5g0000S00002CQA", "QuestionId": "0Kc5g000000bTqSCAU", "Datatype": "String",
    "NumberValue": None, "ResponseValue": "Quick!",
}  # fmt: skip


def cases(*rows: Any) -> Read:
    return read_cases(list(rows), SETTINGS, read_at=NOW)


def history(*rows: Any) -> Read:
    return read_history(list(rows), SETTINGS, read_at=NOW)


def rated(*rows: Any) -> Normalised:
    return only(read_survey_answers(list(rows), SETTINGS)[0])


# ---- The corpus -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("d06_rest_query_cases", lambda rows, maps: read_cases(rows, maps, read_at=NOW)),
        ("d07_rest_case_history", lambda rows, maps: read_history(rows, maps, read_at=NOW)),
        ("d08_rest_case_milestones", lambda rows, maps: read_milestones(rows)),
        ("d09_rest_survey_responses", read_survey_answers),
    ],
)
def test_the_corpus_is_told(reference_dir: Path, name: str, read: Any) -> None:
    folder = reference_dir / "payloads"
    body, expected = corpus_case(folder, name)
    told, reasons = read(json.loads(body)["records"], corpus_settings(folder))
    assert reasons == []
    check(told, expected)


# ---- Cases ----------------------------------------------------------------------------------------


def test_a_row_names_its_owner_and_its_contact() -> None:
    told, reasons = cases(CASE_ROW)
    one = only(told)
    assert reasons == []
    assert one.state["assignee_name"] == "Lea Marchetti"
    assert (one.state["requester_name"], one.state["requester_email"]) == ("Jo Groß", "jo@example.com")
    assert one.state["custom_fields"] == {"Order__c": "A-17", "Weight__c": 2.5}
    assert one.agents == (AgentSighting(USER, "Lea Marchetti", KESTREL),)
    assert one.version.at == datetime(2026, 3, 4, 10, 44, 1, tzinfo=UTC)
    assert one.refetch == ()
    assert {change.field for change in one.changes} == {"status", "assignee"}


def test_the_loser_of_a_merge_points_at_the_winner_whose_messages_are_asked_for() -> None:
    told, _ = cases(CASE_ROW | {"Id": LOSER, "IsDeleted": True, "MasterRecordId": CASE})
    loser, winner = told.tickets
    assert (loser.state["merged_into_key"], loser.state["is_deleted"]) == (CASE, True)
    assert "status" not in loser.state
    assert loser.changes == ()
    assert (winner.ticket_key, dict(winner.state), winner.refetch) == (CASE, {}, ("messages",))


def test_a_deleted_case_is_deleted() -> None:
    one = only(cases(CASE_ROW | {"IsDeleted": True})[0])
    assert one.state["is_deleted"] is True
    assert one.state["merged_into_key"] is None
    assert one.changes == ()


@pytest.mark.parametrize("broken", [None, [], {}, {"Id": 5.0}, {"Id": "x" * 41}])
def test_a_broken_row_loses_none_of_its_neighbours(broken: Any) -> None:
    told, reasons = cases(CASE_ROW, broken, CASE_ROW | {"Id": LOSER})
    assert [one.ticket_key for one in told.tickets] == [CASE, LOSER]
    assert len(reasons) == 1
    assert reasons[0].startswith("/records/1")


# ---- Messages -------------------------------------------------------------------------------------


def test_messages_of_a_reading_ask_for_nothing() -> None:
    emails, _ = read_emails([EMAIL_ROW, EMAIL_ROW | {"Status": "5"}], SETTINGS, read_at=NOW)
    comments, _ = read_comments([COMMENT_ROW], SETTINGS, read_at=NOW)
    for one in (only(emails), only(comments)):
        assert (one.ticket_key, one.refetch, len(one.messages)) == (CASE, (), 1)


def test_a_message_that_was_deleted_is_taken_back() -> None:
    for read, row in ((read_emails, EMAIL_ROW), (read_comments, COMMENT_ROW)):
        one = only(read([row | {"IsDeleted": True}], SETTINGS, read_at=NOW)[0])
        assert one.messages == ()
        assert [(c.field, c.to_value) for c in one.changes] == [("message_deleted", row["Id"])]


# ---- History --------------------------------------------------------------------------------------


def test_an_owner_change_is_one_change_from_its_row_of_ids() -> None:
    names = OWNER | {"Id": "0175g", "OldValue": "EU Frontline", "NewValue": "Lea", "DataType": "Text"}
    one = only(history(names, OWNER)[0])
    said = [(c.key, c.field, c.from_value, c.to_value, c.actor_key, c.basis) for c in one.changes]
    assert said == [("hist:0175g0000H00003AQA", "assignee", QUEUE, USER, USER, "history")]
    assert one.settled == (Settled("assignee", None, NOW), Settled("group", None, NOW))


def test_an_owner_that_becomes_a_queue_is_a_change_of_group() -> None:
    (change,) = only(history(OWNER | {"OldValue": USER, "NewValue": QUEUE})[0]).changes
    assert (change.field, change.from_value, change.to_value) == ("group", USER, QUEUE)


def test_only_fields_that_occur_are_known_for_certain() -> None:
    created = ROW | {"Field": "created", "OldValue": None, "NewValue": None}
    one = only(history(created, ROW, ROW | {"Field": "Description", "Id": "0179"})[0])
    assert one.settled == (Settled("status", None, NOW),)
    assert [(c.from_value, c.to_value) for c in one.changes] == [("new", "open")]


def test_words_that_are_not_mapped_are_kept_in_the_detail() -> None:
    (change,) = only(history(ROW | {"NewValue": "Parked"})[0]).changes
    assert change.to_value is None
    assert change.detail == {"from_raw": "New", "to_raw": "Parked"}


def test_a_broken_row_takes_the_certainty_of_its_field() -> None:
    told, reasons = history(ROW, ROW | {"Id": "0178", "CreatedDate": "?"}, OWNER)
    one = only(told)
    assert len(one.changes) == 2
    assert {stretch.field for stretch in one.settled} == {"assignee", "group"}
    assert len(reasons) == 1


def test_a_stretch_may_begin_where_the_reading_began() -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    told, _ = read_history([ROW], SETTINGS, read_at=NOW, since=since)
    assert only(told).settled == (Settled("status", since, NOW),)


def test_changes_of_one_second_are_chained_from_what_was_to_what_is() -> None:
    rows = [
        ROW | {"Id": "3", "OldValue": "New", "NewValue": "Working"},
        ROW | {"Id": "1", "OldValue": "On Hold", "NewValue": "Solved"},
        ROW | {"Id": "2", "OldValue": "Working", "NewValue": "On Hold"},
    ]
    for one in (only(history(*rows)[0]), only(history(*reversed(rows))[0])):
        assert [(c.from_value, c.position) for c in one.changes] == [("new", 0), ("open", 1), ("on_hold", 2)]


# ---- Milestones -----------------------------------------------------------------------------------


def test_a_milestone_can_be_missed_and_met_later() -> None:
    one = only(read_milestones([MILESTONE])[0])
    assert [(c.field, c.to_value, c.key) for c in one.changes] == [
        ("sla:First Response", "fulfilled", "milestone:5555g0000M00001AQA:fulfilled"),
        ("sla:First Response", "breached", "milestone:5555g0000M00001AQA:breached"),
    ]
    assert [c.detail for c in one.changes] == [{"target_min": 240}] * 2


def test_a_milestone_that_still_runs_says_nothing() -> None:
    told, reasons = read_milestones([MILESTONE | {"IsCompleted": False, "IsViolated": False}])
    assert (told.tickets, reasons) == ((), [])


def test_a_bad_time_costs_one_end_of_a_milestone() -> None:
    one = only(read_milestones([MILESTONE | {"CompletionDate": "?"}])[0])
    assert [c.to_value for c in one.changes] == ["breached"]
    assert one.warnings == ("CompletionDate is not a time.",)


# ---- Surveys --------------------------------------------------------------------------------------


def test_a_response_is_one_rating_of_its_number_and_its_words() -> None:
    one = rated(WORDS, ANSWER)
    (rating,) = one.ratings
    at = datetime(2026, 3, 5, 7, 0, 10, tzinfo=UTC)
    assert one.ticket_key == CASE
    assert (rating.key, rating.score, rating.raw) == ("0Ke5g0000R00001CQA", Decimal("0.75"), "4")
    assert (rating.comment, rating.rated_at, rating.agent_key) == ("Quick!", at, None)
    assert rating.version == Version(at, 0, "sf-rest:SurveyResponse:0Ke5g0000R00001CQA")
    assert rating.extra is None


@pytest.mark.parametrize("number", [0, 6, 5.5, None, True, "5"])
def test_a_number_off_the_scale_has_no_score(number: Any) -> None:
    one = rated(ANSWER | {"NumberValue": number})
    assert one.ratings[0].score is None
    assert one.warnings


def test_a_score_has_six_places() -> None:
    maps = {"csat_questions": {"0Kc5g000000bTqRCAU": {"scale": [1, 7]}}}
    told, _ = read_survey_answers([ANSWER | {"NumberValue": 3}], maps)
    assert only(told).ratings[0].score == Decimal("0.333333")


def test_further_answers_are_kept_beside() -> None:
    more = ANSWER | {"Id": "0Kf9", "QuestionId": "0Kc9", "ResponseValue": "Blue", "Datatype": "Choice"}
    assert rated(ANSWER, more).ratings[0].extra == {"0Kc9": "Blue"}


@pytest.mark.parametrize(
    "changed",
    [{"Response": {"Status": "Started"}}, {"Response": None}, {"QuestionId": "0Kc5g000000other"}],
)
def test_what_is_not_completed_or_not_the_question_is_no_rating(changed: dict[str, Any]) -> None:
    told, reasons = read_survey_answers([ANSWER | changed, WORDS | changed], SETTINGS)
    assert (told.tickets, reasons) == ((), [])


def test_a_response_of_no_case_loses_itself_only() -> None:
    lost = ANSWER | {"ResponseId": "0Ke9", "Subjects": []}
    told, reasons = read_survey_answers([lost, ANSWER], SETTINGS)
    assert len(told.tickets) == len(reasons) == 1
    assert reasons[0].startswith("/records/0/Subjects")


# ---- Anything at all ------------------------------------------------------------------------------


def read_all(rows: Any, settings: Any = SETTINGS) -> None:
    for read in (read_cases, read_emails, read_comments, read_history):
        is_told(lambda read=read: read(rows, settings, read_at=NOW))
    is_told(lambda: read_milestones(rows))
    is_told(lambda: read_survey_answers(rows, settings))


@fuzz
@given(anything)
def test_any_value_is_read_or_refused(rows: Any) -> None:
    read_all(rows)


@fuzz
@given(one_mutation_of([CASE_ROW, EMAIL_ROW, COMMENT_ROW], [ROW, OWNER], [MILESTONE], [ANSWER, WORDS]))
def test_any_one_thing_changed_is_read_or_refused(rows: Any) -> None:
    read_all(rows)
    if isinstance(rows, list) and len(rows) > 1:
        told, reasons = read_history(rows, SETTINGS, read_at=NOW)
        assert len(told.tickets) + len(reasons) <= len(rows)
