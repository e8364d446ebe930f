"""Freshdesk's REST answers: conversations, ratings, the account's own words, and whatever else comes."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from freshdesk_samples import ANY_JSON, CONVERSATION, NOON, RATING, SETTINGS, STATS, TICKET, at, conversations
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    NotUnderstood,
    Told,
    Version,
)
from services.feedback.intake.sources import freshdesk_rest

# ---- Conversations ----------------------------------------------------------------------------


def test_a_reply_is_a_public_message_of_its_agent() -> None:
    told = conversations(CONVERSATION | {"attachments": [{"attachment_url": "https://a.test/x"}]})
    (message,) = told.messages
    assert (message.external_id, message.author_kind, message.is_public) == ("41", "agent", True)
    assert (message.author_key, message.author_name, message.body) == ("91", "Ida", "a\nb")
    assert (message.attachments, message.edited_at) == (1, None)
    assert "a.test" not in repr(told)
    assert told.agents == (AgentSighting("91", "Ida"),)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"incoming": True, "user_id": 61}, "requester"),
        ({"incoming": True, "user_id": None}, "requester"),
        ({"automation_id": 5}, "system"),
        ({"auto_response": True}, "system"),
        ({"user_id": None}, "system"),
        ({"user_id": 99}, "agent"),
    ],
)
def test_who_wrote_follows_from_the_row(fields: dict[str, Any], kind: str) -> None:
    (message,) = conversations(CONVERSATION | fields).messages
    assert message.author_kind == kind


@pytest.mark.parametrize("fields", [{"source": 6}, {"category": 7}])
def test_the_comment_of_a_rating_is_no_message(fields: dict[str, Any]) -> None:
    assert conversations(CONVERSATION | fields).messages == ()


@pytest.mark.parametrize("fields", [{"private": True}, {"source": 8}, {"category": 5}, {"private": None}])
def test_private_notes_forwards_and_what_does_not_say_are_not_public(fields: dict[str, Any]) -> None:
    (message,) = conversations(CONVERSATION | fields).messages
    assert message.is_public is False


def test_an_edit_makes_a_newer_version() -> None:
    (message,) = conversations(CONVERSATION | {"last_edited_at": "2026-03-04T15:20:00+05:30"}).messages
    assert message.edited_at == at(9, 50)
    assert (message.sent_at, message.version) == (at(9, 30), Version(at(9, 50), 0, "fd-rest:41"))


def test_what_is_missing_from_a_complete_reading_was_deleted() -> None:
    told = conversations(CONVERSATION, known=frozenset({"41", "40"}))
    assert told.changes == (Change("gone:40", NOON, 0, "message_deleted", None, "40", basis="history"),)


def test_nothing_is_deleted_by_a_reading_with_gaps() -> None:
    known = frozenset({"41", "40"})
    assert conversations(CONVERSATION, known=known, is_complete=False).changes == ()
    assert conversations(CONVERSATION, {"id": None}, known=known).changes == ()
    assert conversations({"id": 41}, {"id": 40}, known=known).changes == ()


def test_rows_that_cannot_be_read_are_named_and_left_out() -> None:
    told = conversations(7, {"id": "x"}, CONVERSATION | {"ticket_id": 32}, {"id": 42}, CONVERSATION)
    assert [one.external_id for one in told.messages] == ["41"]
    assert [one.partition(":")[0] for one in told.warnings] == [
        "/0",
        "/1/id",
        "/2/ticket_id",
        "/3/created_at",
    ]


# ---- Ratings ----------------------------------------------------------------------------------


def rated(**fields: Any) -> Any:
    told, faults = freshdesk_rest.read_ratings([RATING | fields], SETTINGS)
    assert faults == []
    ((rating,),) = (one.ratings for one in told.tickets)
    return rating


@pytest.mark.parametrize(
    ("survey", "answer", "score"),
    [
        (51, 103, "1"), (51, 100, "0.5"), (51, -103, "0"), (51, 102, None), (52, 103, "1"), (52, -103, "0"),
        (52, 100, None), (99, 102, "0.833333"), (99, 101, "0.666667"), (99, -101, "0.333333"),
        (99, -102, "0.166667"), (99, 104, None), (None, "100", "0.5"), (51, "good", None),
        (51, "9" * 5000, None),
    ],
)  # fmt: skip
def test_a_score_is_the_place_on_the_surveys_own_scale(survey: Any, answer: Any, score: str | None) -> None:
    found = rated(survey_id=survey, ratings={"default_question": answer})
    assert found.score == (Decimal(score) if score else None)
    assert found.raw == str(answer)[:200]


def test_a_rating_has_a_key_and_the_newest_version_counts() -> None:
    found = rated(
        updated_at="2026-03-04T11:00:00Z", feedback="", ratings={"default_question": 103, "q1": -103}
    )
    assert (found.key, found.version, found.rated_at) == ("301", Version(at(11), 0, "fd-rest:301"), at(10))
    assert (found.comment, found.agent_key, found.group_key) == (None, "91", "71")
    assert found.extra == {"q1": "-103"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"ticket_id": None}, "/0/ticket_id"),
        ({"id": "x"}, "/0/id"),
        ({"ratings": None}, "/0/ratings/default_question"),
        ({"created_at": None, "updated_at": "never"}, "/0/created_at"),
    ],
)
def test_a_rating_without_what_makes_it_one_is_refused(fields: dict[str, Any], place: str) -> None:
    told, faults = freshdesk_rest.read_ratings([RATING | fields], SETTINGS)
    assert told.tickets == ()
    assert [fault.partition(":")[0] for fault in faults] == [place]


# ---- Configuration ----------------------------------------------------------------------------


def test_names_that_two_numbers_share_are_left_out() -> None:
    choices = {"2": ["Open", "a"], "6": ["Twin", "b"], "7": ["Twin", "c"], "x": ["No", "d"], "8": "Plain"}
    told = freshdesk_rest.read_config([], [{"name": "status", "choices": choices}])
    assert told.settings == {"status_names": {"Open": "2", "Plain": "8"}}


def test_scales_come_best_first_whatever_their_order() -> None:
    surveys = [{"id": 5, "questions": [{"default": True, "accepted_ratings": [-103, 100, 103, "x", True]}]}]
    assert freshdesk_rest.read_config(surveys, None).settings == {"surveys": {"5": [103, 100, -103]}}


# ---- Whatever comes ---------------------------------------------------------------------------


def all_read(row: Any) -> None:
    for rows in ([row], row):
        with suppress(NotUnderstood):
            told, _ = freshdesk_rest.read_tickets(rows, SETTINGS, read_at=NOON)
            assert isinstance(told, Told)
        with suppress(NotUnderstood):
            told, _ = freshdesk_rest.read_ratings(rows, SETTINGS)
            assert isinstance(told, Told)
        with suppress(NotUnderstood):
            freshdesk_rest.read_conversations("31", rows, SETTINGS, read_at=NOON, is_complete=True)
        assert isinstance(freshdesk_rest.read_config(rows, rows), Told)


@given(ANY_JSON)
def test_any_json_ends_well(payload: Any) -> None:
    all_read(payload)


@given(
    st.sampled_from([(row, name) for row in (TICKET, CONVERSATION, RATING, STATS) for name in sorted(row)]),
    ANY_JSON,
)
def test_any_change_of_one_field_ends_well(place: tuple[dict[str, Any], str], value: Any) -> None:
    row, name = place
    all_read(TICKET | {"stats": row | {name: value}} if row is STATS else row | {name: value})


@given(ANY_JSON, ANY_JSON)
def test_any_configuration_ends_well(survey: Any, choices: Any) -> None:
    surveys = [{"id": 1, "questions": [{"default": True, "accepted_ratings": survey}]}]
    fields = [{"name": name, "choices": choices} for name in ("status", "priority", "source")]
    assert isinstance(freshdesk_rest.read_config(surveys, fields), Told)
