"""Business time through the changes of real zones: worked by hand, and against a slow reference
that walks the clock minute by minute."""

import itertools
import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_hours import WEEKDAYS, Schedule, business_seconds, due_at, zone

EXAMPLES = int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "150"))
PROPERTY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)
MINUTE = timedelta(minutes=1)
ALWAYS = (("00:00", "24:00"),)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def daily(timezone: str, *spans: tuple[str, str], holidays: Any = ()) -> Schedule:
    """The same hours on all seven days."""
    return Schedule(timezone, dict.fromkeys(WEEKDAYS, spans), tuple(holidays))


def slow_seconds(schedule: Schedule, start: datetime, end: datetime) -> int:
    """Walks the UTC minutes. The wall clock's high-water mark says which boundaries have passed:
    it jumps over a gap, and stands still while an hour repeats."""
    tz = zone(schedule.timezone)
    closed = {
        first + timedelta(days=n) for first, last in schedule.holidays for n in range((last - first).days + 1)
    }
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    at = start.replace(second=0, microsecond=0) - timedelta(hours=6)
    highest = datetime.min
    seconds = 0
    while at < end:
        highest = max(highest, at.astimezone(tz).replace(tzinfo=None))
        clock = highest.strftime("%H:%M")
        hours = schedule.weekly.get(WEEKDAYS[highest.weekday()], ())
        if highest.date() not in closed and any(a <= clock < b for a, b in hours):
            seconds += max(0, int((min(end, at + MINUTE) - max(start, at)).total_seconds()))
        at += MINUTE
    return seconds


@pytest.mark.parametrize(
    ("timezone", "spans", "start", "end", "expected"),
    [
        # Berlin skips 02:00-03:00 on 2026-03-29 (01:00Z) and repeats it on 2026-10-25.
        pytest.param(
            "Europe/Berlin", [("02:30", "06:00")],
            "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 180,
            id="opening inside the spring gap opens at the transition",
        ),
        pytest.param(
            "Europe/Berlin", [("00:00", "02:30")],
            "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 120,
            id="closing inside the spring gap closes at the transition",
        ),
        pytest.param(
            "Europe/Berlin", [("02:00", "03:00")],
            "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 0,
            id="hours that lie in the gap do not happen",
        ),
        pytest.param(
            "Europe/Berlin", [("02:15", "02:45")],
            "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 0,
            id="hours strictly inside the gap do not happen",
        ),
        pytest.param(
            "Europe/Berlin", [("00:00", "06:00"), ("22:00", "24:00")],
            "2026-03-28T22:00+01:00", "2026-03-29T06:00+02:00", 420,
            id="a night shift is seven hours in spring",
        ),
        pytest.param(
            "Europe/Berlin", [("00:00", "06:00"), ("22:00", "24:00")],
            "2026-10-24T22:00+02:00", "2026-10-25T06:00+01:00", 540,
            id="a night shift is nine hours in autumn",
        ),
        pytest.param(
            "Europe/Berlin", [("02:30", "06:00")],
            "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 270,
            id="opening in the repeated hour opens at its first occurrence",
        ),
        pytest.param(
            "Europe/Berlin", [("00:00", "02:30")],
            "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 150,
            id="closing in the repeated hour closes at its first occurrence",
        ),
        pytest.param(
            "Europe/Berlin", [("02:00", "03:00")],
            "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 120,
            id="the repeated hour counts twice when it is open throughout",
        ),
        pytest.param(
            "Europe/Berlin", [("00:00", "02:30")],
            "2026-10-25T02:10+02:00", "2026-10-25T02:20+01:00", 20,
            id="offsets tell the two occurrences of a wall time apart",
        ),
        # Lord Howe moves by half an hour: +10:30 to +11 on 2026-10-04, back on 2026-04-05.
        pytest.param(
            "Australia/Lord_Howe", ALWAYS,
            "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 1410,
            id="a spring day of Lord Howe has 23.5 hours",
        ),
        pytest.param(
            "Australia/Lord_Howe", ALWAYS,
            "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 1470,
            id="an autumn day of Lord Howe has 24.5 hours",
        ),
        pytest.param(
            "Australia/Lord_Howe", [("02:15", "09:00")],
            "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 390,
            id="opening inside a half-hour gap",
        ),
        pytest.param(
            "Australia/Lord_Howe", [("01:45", "09:00")],
            "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 465,
            id="opening inside a half-hour fold",
        ),
        # Gaps that swallow midnight itself.
        pytest.param(
            "America/Santiago", ALWAYS,
            "2026-09-05T00:00-04:00", "2026-09-07T00:00-03:00", 2820,
            id="Santiago has no midnight on 2026-09-06",
        ),
        pytest.param(
            "America/Santiago", [("00:30", "08:00")],
            "2026-09-05T12:00-04:00", "2026-09-06T12:00-03:00", 420,
            id="opening in the missing first hour of the day",
        ),
        pytest.param(
            "Africa/Cairo", [("00:00", "09:00")],
            "2026-04-23T12:00+02:00", "2026-04-24T12:00+03:00", 480,
            id="Cairo jumps from Thursday 24:00 to Friday 01:00",
        ),
        pytest.param(
            "Asia/Beirut", [("22:00", "24:00")],
            "2026-10-24T12:00+03:00", "2026-10-25T12:00+02:00", 180,
            id="Beirut repeats the last hour of the day, so closing at 24:00 waits for it",
        ),
        pytest.param(
            "Pacific/Apia", ALWAYS,
            "2011-12-29T00:00-10:00", "2012-01-01T00:00+14:00", 2880,
            id="a date that the zone skipped has no hours",
        ),
        pytest.param(
            "Asia/Kathmandu", [("09:00", "17:00")],
            "2026-06-02T03:15+00:00", "2026-06-02T11:15+00:00", 480,
            id="Kathmandu is at +05:45 (09:00 is 03:15Z)",
        ),
        pytest.param(
            "Asia/Kathmandu", [("09:00", "17:00")],
            "2026-06-02T03:00+00:00", "2026-06-02T03:16+00:00", 1,
            id="quarter-hour offsets are not rounded",
        ),
        pytest.param(
            "America/New_York", [("09:00", "17:00")],
            "2026-02-03T15:30+01:00", "2026-02-04T00:30+09:00", 60,
            id="start and end may carry offsets of other zones",
        ),
    ],
)  # fmt: skip
def test_zones_are_followed_through_their_changes(
    timezone: str, spans: list[tuple[str, str]], start: str, end: str, expected: int
) -> None:
    schedule = daily(timezone, *spans)

    assert business_seconds(schedule, moment(start), moment(end)) == expected * 60
    assert slow_seconds(schedule, moment(start), moment(end)) == expected * 60


CHANGES = [
    ("Europe/Berlin", "2026-03-29T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    ("America/Santiago", "2026-09-06T04:00Z"),
    ("America/Santiago", "2026-04-05T03:00Z"),
    ("Africa/Cairo", "2026-04-23T22:00Z"),
    ("Africa/Cairo", "2026-10-29T21:00Z"),
    ("Asia/Beirut", "2026-03-28T22:00Z"),
    ("Asia/Beirut", "2026-10-24T21:00Z"),
    ("America/St_Johns", "2026-11-01T04:30Z"),
    ("Africa/Casablanca", "2025-02-23T02:00Z"),
    ("Asia/Kathmandu", "2025-12-31T18:15Z"),
    ("Pacific/Kiritimati", "2025-12-31T10:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
]


@st.composite
def schedules_near_a_change(draw: st.DrawFn) -> tuple[Schedule, datetime, datetime]:
    name, change = draw(st.sampled_from(CHANGES))
    weekly: dict[str, tuple[tuple[str, str], ...]] = {}
    for day in WEEKDAYS:
        grid = st.one_of(st.integers(0, 16), st.integers(0, 96))
        cuts = sorted(draw(st.sets(grid, max_size=6)))
        spans = zip(cuts[::2], cuts[1::2], strict=False)
        weekly[day] = tuple(
            (f"{a // 4:02d}:{a % 4 * 15:02d}", f"{b // 4:02d}:{b % 4 * 15:02d}") for a, b in spans
        )
    centre = moment(change)
    first = draw(st.integers(-2, 2))
    length = draw(st.integers(-1, 1))
    day = centre.date() + timedelta(days=first)
    holidays = ((day, day + timedelta(days=length)),) if length >= 0 else ()
    start = centre + timedelta(seconds=draw(st.integers(-40 * 3600, 20 * 3600)))
    end = start + timedelta(seconds=draw(st.integers(0, 60 * 3600)))
    return Schedule(name, weekly, holidays), start, end


@given(schedules_near_a_change())
@PROPERTY
def test_the_count_equals_a_walk_minute_by_minute(
    case: tuple[Schedule, datetime, datetime],
) -> None:
    schedule, start, end = case

    assert business_seconds(schedule, start, end) == slow_seconds(schedule, start, end)


@given(schedules_near_a_change(), st.floats(0, 1))
@PROPERTY
def test_parts_of_a_span_add_up_to_the_span(case: tuple[Schedule, datetime, datetime], share: float) -> None:
    schedule, start, end = case
    middle = start + (end - start) * share

    parts = business_seconds(schedule, start, middle) + business_seconds(schedule, middle, end)
    assert parts == business_seconds(schedule, start, end)


@given(schedules_near_a_change())
@PROPERTY
def test_due_is_the_first_second_that_reaches_the_target(
    case: tuple[Schedule, datetime, datetime],
) -> None:
    schedule, start, end = case
    target = slow_seconds(schedule, start, end)
    if target == 0:
        return

    due = due_at(schedule, start, target)

    assert due <= end
    assert slow_seconds(schedule, start, due) == target
    assert slow_seconds(schedule, start, due - timedelta(seconds=1)) == target - 1


def test_two_years_are_counted_day_by_day_to_the_same_number() -> None:
    schedule = Schedule(
        "Europe/Berlin",
        {"mon": (("00:00", "03:15"),), "sat": (("22:00", "24:00"),), "sun": (("00:00", "06:00"),)},
        ((date(2025, 12, 20), date(2026, 1, 11)),),
    )
    start, end = moment("2025-02-01T10:00Z"), moment("2027-02-01T10:00Z")
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]

    whole = business_seconds(schedule, start, end)

    assert whole == sum(business_seconds(schedule, a, b) for a, b in itertools.pairwise(days))
    assert business_seconds(schedule, days[400], days[430]) == slow_seconds(schedule, days[400], days[430])
