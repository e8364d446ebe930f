"""Facts of tickets at their edges, worked by hand: who replied, what was resolved when, who
waited."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.kpi.facts.rules import (
    Author,
    Contact,
    Moment,
    TicketTimes,
    first_contact_resolution,
    ticket_times,
)
from shared.business_hours import WEEKDAYS, Schedule, zone

BORN = datetime(2026, 2, 3, 15, 0, tzinfo=UTC)


def says(
    second: float, author: Author, name: str = "x", *, public: bool = True, seq: int | None = None
) -> Moment:
    at = BORN + timedelta(seconds=second)
    return Moment(at, int(second) * 10 if seq is None else seq, "comment", author, name, public)


def turns(second: float, status: str, *, seq: int | None = None) -> Moment:
    at = BORN + timedelta(seconds=second)
    return Moment(at, int(second) * 10 + 5 if seq is None else seq, "status", to=status)


ASKED = says(0, "requester")


def told(*moments: Moment, by: Author = "requester", until: float = 100_000, **more: Any) -> TicketTimes:
    return ticket_times(BORN, by, moments, BORN + timedelta(seconds=until), **more)


# --- replies -----------------------------------------------------------------------------------


def test_bots_systems_and_internal_notes_do_not_reply() -> None:
    got = told(
        ASKED,
        says(10, "bot", "b"),
        says(20, "system", "light"),
        says(30, "agent", "a1", public=False),
        says(40, "agent", "a2"),
    )

    assert (got.frt_s, got.agent_replies, got.agents_touching) == (40, 1, 2)
    assert got.first_reply_at == BORN + timedelta(seconds=40)


def test_an_agents_own_public_description_is_no_reply() -> None:
    got = told(says(0, "agent", "a1"), says(60, "agent", "a1"), by="agent")

    assert (got.frt_s, got.agent_replies, got.agents_touching) == (60, 1, 1)


def test_after_an_internal_description_the_first_public_comment_is_the_reply() -> None:
    note = says(0, "agent", "a1", public=False)

    assert told(note, says(60, "agent", "a1"), by="agent").frt_s == 60


def test_a_ticket_an_agent_wrote_down_for_the_requester_is_answered_by_the_next_comment() -> None:
    assert told(ASKED, says(60, "agent", "a1"), by="agent").frt_s == 60


def test_a_phone_ticket_solved_silently_and_reopened_is_answered_later() -> None:
    # given a call written down, solved at once and reopened by the customer
    got = told(
        says(0, "agent", "a1"),
        turns(0, "solved"),
        says(7200, "requester"),
        turns(7200, "open"),
        says(9000, "agent", "a1"),
        turns(9000, "solved"),
        by="agent",
    )
    # then the later reply stops the clock, and the first solve took no time
    assert (got.frt_s, got.first_resolution_s, got.full_resolution_s) == (9000, 0, 9000)
    assert (got.reopens, got.agent_replies, got.requester_wait_s) == (1, 1, 1800)


def test_an_agent_who_is_the_requester_is_an_end_user() -> None:
    # given an agent's own request, and a second agent's answer
    own = [says(0, "agent", "a1"), says(50, "agent", "a1"), says(90, "agent", "a2")]
    # then only the other agent replied, named or not
    for more in ({}, {"requester_id": "a1"}):
        got = told(*own, **more)
        assert (got.frt_s, got.agent_replies, got.agents_touching) == (90, 1, 1)


def test_an_agent_who_is_named_as_requester_is_an_end_user_on_a_ticket_others_opened() -> None:
    opened = [says(0, "agent", "a2"), says(50, "agent", "a1"), says(90, "agent", "a2")]

    assert told(*opened, by="agent", requester_id="a1").frt_s == 90


def test_a_later_agents_comment_replies_even_where_the_description_is_missing() -> None:
    assert told(says(60, "agent", "a1")).frt_s == 60


@pytest.mark.parametrize("by", ["requester", "bot", "system"])
def test_an_agents_first_comment_at_creation_answers_a_known_other_requester(by: Author) -> None:
    # given a reporter who is known, and an assignee's comment as the first one, at creation
    comment = [says(0, "agent", "assignee"), says(60, "agent", "assignee")]
    # then it is the reply, also of an author the help desk does not name
    got = told(*comment, by=by, requester_id="reporter")
    assert (got.frt_s, got.agent_replies, got.first_reply_at) == (0, 2, BORN)
    unnamed = Moment(BORN, 0, "comment", "agent", None, True)
    assert told(unnamed, by=by, requester_id="reporter").frt_s == 0
    # and it is the description where an agent opened the ticket, or the requester is not known or
    # is that very agent
    assert told(*comment, by="agent", requester_id="reporter").frt_s == 60
    assert told(*comment, by=by, requester_id="assignee").frt_s is None
    description = comment[0]
    assert told(description, by=by).frt_s is None
    assert told(description, says(60, "agent", "other"), by=by).frt_s == 60


def test_an_agents_internal_first_comment_at_creation_answers_nothing() -> None:
    note = says(0, "agent", "a1", public=False)

    got = told(note, says(60, "agent", "a1"), requester_id="reporter")

    assert (got.frt_s, got.agent_replies, got.agents_touching) == (60, 1, 1)


def test_never_answered_is_unknown_and_not_zero() -> None:
    got = told(ASKED, says(5, "bot", "b"))

    assert (got.frt_s, got.first_reply_at, got.agent_replies) == (None, None, 0)
    assert (got.first_resolution_s, got.full_resolution_s) == (None, None)


def test_replies_after_the_solve_count() -> None:
    got = told(ASKED, says(10, "agent", "a"), turns(10, "solved"), says(20, "agent", "a"))

    assert (got.agent_replies, got.one_touch_lt2, got.is_resolved) == (2, False, True)


# --- resolution --------------------------------------------------------------------------------


def test_closed_without_solved_resolves() -> None:
    got = told(ASKED, turns(500, "closed"))

    assert (got.first_resolution_s, got.full_resolution_s, got.is_resolved) == (500, 500, True)


def test_closing_a_solved_ticket_moves_nothing() -> None:
    got = told(ASKED, turns(500, "solved"), turns(9000, "closed"))

    assert (got.first_resolution_s, got.full_resolution_s, got.reopens) == (500, 500, 0)
    assert got.requester_wait_s == 500


def test_full_resolution_is_unknown_while_open_again_and_the_first_stays() -> None:
    got = told(ASKED, turns(500, "solved"), turns(800, "open"), until=1000)

    assert (got.first_resolution_s, got.full_resolution_s, got.solved_at) == (500, None, None)
    assert (got.is_resolved, got.reopens, got.requester_wait_s) == (False, 1, 700)
    assert (got.one_touch_lt2, got.one_touch_exactly_one) == (False, False)


def test_closed_straight_after_a_reopening_is_the_latest_resolution() -> None:
    got = told(ASKED, turns(500, "solved"), turns(800, "open"), turns(900, "closed"))

    assert (got.first_resolution_s, got.full_resolution_s) == (500, 900)


def test_leaving_solved_for_any_unsolved_status_is_a_reopening() -> None:
    got = told(
        ASKED,
        turns(10, "solved"),
        turns(20, "pending"),
        turns(30, "closed"),
        turns(40, "on_hold"),
        turns(50, "solved"),
    )

    assert got.reopens == 2
    assert got.reopened_at == (BORN + timedelta(seconds=20), BORN + timedelta(seconds=40))
    assert got.full_resolution_s == 50


def test_a_status_repeated_is_not_a_change() -> None:
    got = told(ASKED, turns(10, "solved"), turns(20, "solved"), turns(30, "solved"))

    assert (got.full_resolution_s, got.reopens, got.requester_wait_s) == (10, 0, 10)


def test_changes_of_the_same_instant_are_chained_by_their_number() -> None:
    # given open, solved, open and solved in one second, handed over in any order
    chain = [turns(60, s, seq=n) for n, s in enumerate(("open", "solved", "open", "solved"))]

    for order in (chain, chain[::-1], [chain[2], chain[0], chain[3], chain[1]]):
        got = told(ASKED, *order)
        assert (got.first_resolution_s, got.reopens, got.is_resolved) == (60, 1, True)
        assert got.requester_wait_s == 60


# --- waiting -----------------------------------------------------------------------------------


def test_waits_go_to_whoever_is_waited_for_and_stop_at_the_reading() -> None:
    got = told(ASKED, turns(100, "open"), turns(300, "pending"), turns(600, "on_hold"), until=1000)

    assert (got.requester_wait_s, got.agent_wait_s) == (700, 300)
    assert (got.on_hold_s, got.agent_work_s) == (400, 300)


def test_what_happens_after_the_reading_is_not_seen_and_at_it_is() -> None:
    moments = [ASKED, says(60, "agent", "a"), turns(60, "solved")]

    assert told(*moments, until=60).is_resolved is True
    before = told(*moments, until=59)
    assert (before.is_resolved, before.frt_s, before.requester_wait_s) == (False, None, 59)


def test_nothing_is_ever_negative() -> None:
    # given a reply and a solve stamped before the creation, and a reading before it
    early = [says(-50, "requester", seq=0), says(-30, "agent", "a"), turns(-20, "solved")]

    got = told(*early)
    assert (got.frt_s, got.full_resolution_s, got.requester_wait_s) == (0, 0, 0)
    got = told(ASKED, until=-10)
    assert (got.requester_wait_s, got.is_resolved, got.frt_s) == (0, False, None)


def test_fractions_of_a_second_are_dropped_from_instants() -> None:
    got = told(ASKED, turns(10.9, "pending"), turns(20.2, "solved"), until=30.5)

    assert (got.requester_wait_s, got.agent_wait_s, got.full_resolution_s) == (10, 10, 20)


def test_business_times_count_opening_hours_only() -> None:
    # given a ticket of Tuesday 15:00Z under hours to 16:00Z, answered Wednesday 10:00Z
    office = Schedule("UTC", dict.fromkeys(WEEKDAYS[:5], (("09:00", "16:00"),)))
    nineteen = 19 * 3600
    got = told(
        ASKED,
        says(nineteen, "agent", "a"),
        turns(nineteen, "pending"),
        turns(nineteen + 3600, "open"),
        turns(nineteen + 7200, "solved"),
        schedule=office,
    )

    assert (got.frt_business_s, got.frt_s) == (7200, nineteen)
    assert got.requester_wait_business_s == 3 * 3600
    assert got.first_resolution_business_s == got.full_resolution_business_s == 4 * 3600


def test_zoneinfo_datetimes_are_ordered_as_instants() -> None:
    # given wall times in the repeated hour of one zone, the later reading earlier
    berlin = zone("Europe/Berlin")
    born = datetime(2026, 10, 25, 2, 50, tzinfo=berlin, fold=0)
    solved = Moment(datetime(2026, 10, 25, 2, 10, tzinfo=berlin, fold=1), 1, "status", to="solved")

    got = ticket_times(born, "requester", [solved], born + timedelta(days=1))

    assert got.full_resolution_s == 1200


# --- touches and stations ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moments", "flags"),
    [
        ([says(5, "agent", "a"), turns(5, "solved")], (True, True, True)),
        ([turns(5, "solved")], (True, False, False)),
        ([says(5, "agent", "a"), turns(5, "pending"), turns(6, "solved")], (True, True, False)),
        ([says(5, "agent", "a"), turns(5, "on_hold"), turns(6, "solved")], (True, True, False)),
        ([says(5, "agent", "a"), says(6, "agent", "b"), turns(7, "solved")], (False,) * 3),
        ([says(5, "agent", "a")], (False, False, False)),
    ],
)
def test_one_touch_has_three_readings(moments: list[Moment], flags: tuple[bool, ...]) -> None:
    got = told(ASKED, *moments)

    assert (got.one_touch_lt2, got.one_touch_exactly_one, got.one_touch_strict) == flags


def test_stations_count_each_arrival_at_another_agent_or_group() -> None:
    # given agents A, A again, B, nobody, A and groups G, H
    agents = [Moment(BORN, n, "assign", to=to) for n, to in enumerate(["A", "A", "B", None, "A"])]
    groups = [Moment(BORN, n, "group", to=to) for n, to in enumerate(["G", "H"], 10)]

    got = told(ASKED, *agents, *groups)

    assert (got.assignee_stations, got.group_stations, got.agents_touching) == (3, 2, 0)


@pytest.mark.parametrize("bad", [{"to": "hold"}, {"to": None}, {"to": "Solved"}])
def test_an_unknown_status_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="status"):
        Moment(BORN, 1, "status", **bad)


def test_an_unknown_kind_is_refused() -> None:
    unknown: Any = "merge"

    with pytest.raises(ValueError, match="kind"):
        Moment(BORN, 1, unknown)


def test_naive_datetimes_are_refused() -> None:
    naive = BORN.replace(tzinfo=None)

    for call in (
        lambda: ticket_times(naive, "requester", [], BORN),
        lambda: ticket_times(BORN, "requester", [], naive),
        lambda: ticket_times(BORN, "requester", [Moment(naive, 1, "status", to="open")], BORN),
        lambda: first_contact_resolution([], 7, naive),
        lambda: first_contact_resolution([Contact("1", "u", "t", naive, None)], 7, BORN),
    ):
        with pytest.raises(ValueError, match="without an offset"):
            call()
