"""First contact resolution at its edges, worked by hand: windows, repeats, what is too young."""

from datetime import UTC, datetime, timedelta

import pytest

from services.kpi.facts.rules import LONGEST_WINDOW_DAYS, Contact, Share, first_contact_resolution
from shared.business_hours import zone

BORN = datetime(2026, 2, 3, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def contact(
    created: float,
    solved: float | None,
    requester: str | None = "u",
    topic: str | None = "t",
    reopened: tuple[float, ...] = (),
    replies: int = 1,
) -> Contact:
    return Contact(
        id=f"{requester}-{created}",
        requester=requester,
        topic=topic,
        created_at=BORN + created * DAY,
        solved_at=None if solved is None else BORN + solved * DAY,
        reopened_at=tuple(BORN + r * DAY for r in reopened),
        agent_replies=replies,
    )


def shares(*made: Contact, window: int = 7, as_of: float = 100) -> tuple[tuple[int, int], ...]:
    got = first_contact_resolution(made, window, BORN + as_of * DAY)
    parts = (got.one_touch, got.no_reopen, got.no_repeat)
    return (*((s.numerator, s.denominator) for s in parts), (got.immature, got.repeats))


def test_nothing_to_divide_by_is_undefined() -> None:
    assert first_contact_resolution([], 7, BORN).no_repeat.percent is None
    assert Share(0, 3).percent == 0


def test_a_window_is_open_at_the_solve_and_closed_at_its_end() -> None:
    assert shares(contact(0, 1), contact(1, None)) == ((1, 1), (1, 1), (1, 1), (0, 0))
    assert shares(contact(0, 1), contact(8, None)) == ((1, 1), (1, 1), (0, 1), (0, 0))
    assert shares(contact(0, 1), contact(8.01, None)) == ((1, 1), (1, 1), (1, 1), (0, 0))
    assert shares(contact(0, 1, reopened=(8,)))[1] == (0, 1)
    assert shares(contact(0, 1, reopened=(8.01,)))[1] == (1, 1)
    assert shares(contact(0, 1, reopened=(1,)))[1] == (1, 1)


def test_a_ticket_matures_the_moment_its_window_has_passed() -> None:
    assert shares(contact(0, 1), as_of=8) == ((1, 1), (1, 1), (1, 1), (0, 0))
    assert shares(contact(0, 1), as_of=7.99) == ((0, 0), (0, 0), (0, 0), (1, 0))


def test_a_repeat_is_no_initial_contact_even_in_a_chain() -> None:
    # given a contact, its repeat, and a repeat of the repeat only
    chain = [contact(0, 1), contact(6, 7), contact(13, 14)]

    assert shares(*chain) == ((3, 3), (3, 3), (0, 1), (0, 2))


def test_a_parallel_ticket_opened_before_the_solve_is_no_repeat() -> None:
    assert shares(contact(0, 2), contact(1, 3))[2:] == ((2, 2), (0, 0))


def test_an_unknown_requester_or_topic_is_never_the_same_one() -> None:
    assert shares(contact(0, 1, topic=None), contact(2, 3, topic=None))[2:] == ((2, 2), (0, 0))
    assert shares(contact(0, 1, None), contact(2, 3, None))[2:] == ((2, 2), (0, 0))


def test_one_touch_needs_one_reply_and_no_reopening_at_all() -> None:
    made = [
        contact(0, 1, "a"),
        contact(0, 1, "b", replies=0),
        contact(0, 1, "c", replies=2),
        contact(0, 1, "d", reopened=(50,)),
    ]

    assert shares(*made)[:2] == ((1, 4), (4, 4))


def test_never_solved_is_in_no_rate() -> None:
    assert shares(contact(0, None)) == ((0, 0), (0, 0), (0, 0), (0, 0))


def test_a_window_of_days_is_counted_in_real_hours() -> None:
    # given a solve in Berlin the day before the clock goes back, and a return 24 h 30 min later
    berlin = zone("Europe/Berlin")
    solved = datetime(2026, 10, 24, 12, 0, tzinfo=berlin)
    back = datetime(2026, 10, 25, 11, 30, tzinfo=berlin)
    made = [Contact("1", "u", "t", solved, solved), Contact("2", "u", "t", back, None)]

    assert first_contact_resolution(made, 1, BORN + 365 * DAY).no_repeat == Share(1, 1)


def test_an_impossible_window_is_refused() -> None:
    for days in (-1, LONGEST_WINDOW_DAYS + 1):
        with pytest.raises(ValueError, match="window"):
            first_contact_resolution([], days, BORN)
