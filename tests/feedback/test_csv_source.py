"""How the rows of a CSV become tickets, messages, changes and reviews."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from csv_samples import (
    LOG,
    MESSAGES,
    NOON,
    REVIEWS,
    SCORES,
    TALK,
    UPDATES,
    Read,
    only,
    reader,
    tickets,
)

from services.feedback.intake.normalised import Change, Normalised
from services.feedback.intake.sources.csv_mapping import Mapping


@pytest.fixture
def reading(tmp_path: Path) -> Read:
    return reader(tmp_path)


def state_of(ticket: Normalised) -> Any:
    """What is told of the ticket, field by field."""
    return SimpleNamespace(**ticket.state)


def moves(ticket: Normalised, field: str) -> list[tuple[str | None, str | None]]:
    return [(one.from_value, one.to_value) for one in ticket.changes if one.field == field]


# ---- Messages ---------------------------------------------------------------------------------


def test_rows_with_one_message_id_are_joined_in_file_order(reading: Read) -> None:
    found = reading(
        MESSAGES,
        TALK
        + "T1,m1,2024-01-05 12:00,ann,customer,no,Hello\n"
        + 'T1,m1,2024-01-05 12:00,ann,customer,no," it broke, badly"\n'
        + "T1,m2,2024-01-05 12:05,bob,staff,no,Sorry\n"
        + "T1,m1,2024-01-05 12:00,ann,customer,no,\n",
    )
    ticket = only(found)
    assert [message.body for message in ticket.messages] == ["Hello\n it broke, badly\n", "Sorry"]
    assert [message.position for message in ticket.messages] == [0, 1]
    assert [message.author_kind for message in ticket.messages] == ["requester", "agent"]
    assert found.rejected == ()


def test_a_ticket_of_messages_begins_with_its_first_message(reading: Read) -> None:
    found = reading(
        MESSAGES,
        TALK
        + "T1,m2,2024-01-05 12:05,bob,staff,no,Sorry\n"
        + "T1,m1,2024-01-05 12:00,ann,customer,no,Hello\n",
    )
    state = state_of(only(found))
    assert state.created_at == NOON
    assert state.updated_at == only(found).version.at == NOON + timedelta(minutes=5)
    assert (only(found).version.number, state.status) == (2, None)


def test_a_declared_bot_is_a_bot_whatever_the_file_calls_it(reading: Read) -> None:
    found = reading(
        MESSAGES,
        TALK
        + "T1,m1,2024-01-05 12:00,robot,staff,no,Our policy\n"
        + "T1,m2,2024-01-05 12:01,robot,something new,no,Again\n"
        + "T1,m3,2024-01-05 12:02,bob,staff,no,Me\n",
    )
    ticket = only(found)
    assert [message.author_kind for message in ticket.messages] == ["bot", "bot", "agent"]
    assert [agent.external_id for agent in ticket.agents] == ["bob"]


def test_private_is_what_the_file_says_and_never_a_guess(reading: Read) -> None:
    found = reading(
        MESSAGES,
        TALK
        + "T1,m1,2024-01-05 12:00,bob,staff,yes,Inside\n"
        + "T1,m2,2024-01-05 12:00,bob,staff,maybe,Who knows\n"
        + "T1,m3,2024-01-05 12:00,bob,staff,no,Outside\n",
    )
    assert [(m.external_id, m.is_public) for m in only(found).messages] == [
        ("m1", False),
        ("m3", True),
    ]
    assert [(row.line, row.column) for row in found.rejected] == [(3, "private")]


def test_rows_of_a_ticket_may_lie_anywhere_in_the_file(reading: Read) -> None:
    found = reading(
        MESSAGES,
        TALK
        + "T2,m1,2024-01-05 12:00,ann,customer,no,a\n"
        + "T1,m2,2024-01-05 12:00,ann,customer,no,b\n"
        + "T2,m3,2024-01-05 12:00,ann,customer,no,c\n",
    )
    assert {key: len(one.messages) for key, one in tickets(found).items()} == {"T2": 2, "T1": 1}
    assert list(tickets(found)) == ["T2", "T1"]


# ---- Updates ----------------------------------------------------------------------------------


def test_changes_come_in_file_order_and_only_where_something_changed(reading: Read) -> None:
    opened = "2024-01-05 12:00"
    found = reading(
        UPDATES,
        LOG
        + f"T1,2024-01-05 12:00,{opened},?,New,P3,Phone,desk,?\n"
        + f"T1,2024-01-05 12:10,{opened},?,Open,P3,Phone,?,bob\n"
        + f"T1,2024-01-05 12:20,{opened},2024-01-05 12:20,Done,P1,Phone,desk,bob\n"
        + f"T1,2024-01-05 12:30,{opened},?,Open,?,Phone,lab,?\n",
    )
    ticket = only(found)
    assert moves(ticket, "status") == [
        (None, "new"),
        ("new", "open"),
        ("open", "solved"),
        ("solved", "open"),
    ]
    assert moves(ticket, "group") == [(None, "desk"), ("desk", "lab")]
    assert moves(ticket, "assignee") == [(None, "bob")]
    assert moves(ticket, "priority") == [(None, "normal"), ("normal", "urgent")]
    state = state_of(ticket)
    assert (state.group_key, state.assignee_key, state.priority) == ("lab", "bob", "urgent")
    assert state.solved_at is None  # the last row knows of no solution any more
    assert (state.channel, state.channel_raw) == ("phone", "Phone")
    assert ticket.version == (NOON + timedelta(minutes=30), 4, "")


def test_a_time_that_runs_back_is_moved_forward_and_said(reading: Read) -> None:
    found = reading(
        UPDATES,
        LOG
        + "T1,2024-01-05 12:10,2024-01-05 12:00,?,New,P3,Phone,desk,?\n"
        + "T1,2024-01-05 12:00,2024-01-05 12:00,?,Open,P3,Phone,desk,?\n"
        + "T1,2024-01-05 12:30,2024-01-05 12:00,?,Done,P3,Phone,desk,?\n",
    )
    status = [one for one in only(found).changes if one.field == "status"]
    assert [one.occurred_at for one in status] == [
        NOON + timedelta(minutes=10),
        NOON + timedelta(minutes=10),
        NOON + timedelta(minutes=30),
    ]
    assert [one.position for one in status] == [1, 2, 3]
    (warning,) = found.warnings
    assert warning.startswith("export.csv, line 3: ")
    assert only(found).warnings == (warning,)


def test_a_second_reading_gives_the_same_keys(reading: Read) -> None:
    content = LOG + "T1,2024-01-05 12:10,2024-01-05 12:00,?,New,P3,Phone,desk,bob\n"
    first, second = only(reading(UPDATES, content)), only(reading(UPDATES, content))
    assert first == second
    assert len({change.key for change in first.changes}) == 4


def test_a_mended_row_leaves_the_keys_of_the_rows_below_it_alone(reading: Read) -> None:
    def keys(time: str) -> set[str]:
        rows = (
            "T1,2024-01-05 12:00,,,New,P3,,,\n"
            + f"T1,{time},,,New,P3,,,\n"
            + "T1,2024-01-05 12:30,,,Done,P3,,,\n"
        )
        return {change.key for change in only(reading(UPDATES, LOG + rows)).changes}

    assert keys("no time") == keys("2024-01-05 12:10")


def test_an_unknown_word_is_left_unknown_kept_raw_and_counted(reading: Read) -> None:
    found = reading(
        UPDATES,
        LOG
        + "T1,2024-01-05 12:00,,,Done,P1,Phone,,\n"
        + "T1,2024-01-05 12:10,,,Secret state,P9,Pigeon,,\n"
        + "T1,2024-01-05 12:20,,,Secret state,P9,Pigeon,,\n",
    )
    ticket, state = only(found), state_of(only(found))
    assert (state.status, state.status_raw) == (None, "Secret state")
    assert (state.channel, state.channel_raw, state.priority) == (None, "Pigeon", None)
    assert moves(ticket, "status") == [(None, "solved"), ("solved", None)]
    assert found.rejected == ()
    assert len(found.warnings) == 3
    assert "2 cells of state" in "".join(found.warnings)
    assert "first in line 3" in "".join(found.warnings)
    assert "Secret" not in "".join(found.warnings)


# ---- Reviews ----------------------------------------------------------------------------------


def test_each_scored_turn_is_a_review_and_hands_the_ticket_over(reading: Read) -> None:
    found = reading(
        REVIEWS,
        SCORES
        + "T1,2,2024-01-05 12:30,2024-01-05 13:00,bob,,4,0\n"
        + "T1,1,2024-01-05 12:00,2024-01-05 12:30,amy,Fine work,5,2.5\n"
        + "T1,3,2024-01-05 13:00,2024-01-05 13:10,,Nobody had it,0,0.0\n",
    )
    assert [review.key for review in found.reviews] == ["T1:2", "T1:1", "T1:3"]
    by_key = {review.key: review for review in found.reviews}
    assert by_key["T1:1"].answers == (("right", Decimal("5")), ("kind", Decimal("2.5")))
    assert by_key["T1:2"].answers == (("right", Decimal("4")), ("kind", None))
    assert by_key["T1:3"].answers == (("right", None), ("kind", None))
    assert (by_key["T1:1"].agent_key, by_key["T1:3"].agent_key) == ("amy", None)
    assert (by_key["T1:1"].summary, by_key["T1:2"].summary) == ("Fine work", None)
    assert by_key["T1:1"].reviewed_at == NOON + timedelta(minutes=30)
    assert found.totals().unscored_reviews == 1
    ticket = only(found)
    assert moves(ticket, "assignee") == [(None, "amy"), ("amy", "bob"), ("bob", None)]
    assert state_of(ticket).created_at == NOON
    assert state_of(ticket).assignee_key is None
    assert {agent.external_id for agent in ticket.agents} == {"amy", "bob"}


def test_a_turn_that_changes_nothing_hands_nothing_over(reading: Read) -> None:
    found = reading(
        REVIEWS,
        SCORES
        + "T1,1,2024-01-05 12:00,2024-01-05 12:30,amy,,5,5\n"
        + "T1,2,2024-01-05 12:30,2024-01-05 13:00,amy,,5,5\n",
    )
    assert only(found).changes == (
        Change("T1:turn:1:assignee", NOON, 1, "assignee", None, "amy", basis="history"),
    )


def test_the_scorecard_is_what_the_mapping_declares() -> None:
    rubric = Mapping.parse(REVIEWS).rubric
    assert rubric is not None
    criteria = rubric.card()["sections"][0]["criteria"]
    assert criteria == [
        {"id": "right", "title": "Right", "weight": 1, "scale": {"min": 0, "max": 5}} | {"critical": None},
        {"id": "kind", "title": "Kind", "weight": 1.5, "scale": {"min": 0, "max": 5}} | {"critical": None},
    ]
