"""Business time at its edges, worked by hand: holidays, due times, slices, refusals."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.business_hours import (
    WEEKDAYS,
    Schedule,
    Slice,
    business_seconds,
    due_at,
    slice_seconds,
    zone,
    zone_rules_version,
)

ALWAYS = (("00:00", "24:00"),)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def daily(timezone: str, *spans: tuple[str, str], holidays: Any = ()) -> Schedule:
    """The same hours on all seven days."""
    return Schedule(timezone, dict.fromkeys(WEEKDAYS, spans), tuple(holidays))


def minutes(schedule: Schedule, start: str, end: str) -> float:
    return business_seconds(schedule, moment(start), moment(end)) / 60


def test_a_holiday_takes_only_its_own_date_from_an_overnight_shift() -> None:
    # given a night shift and a holiday on Tuesday
    holiday = (date(2026, 6, 2), date(2026, 6, 2))
    nights = daily("Asia/Kolkata", ("00:00", "06:00"), ("22:00", "24:00"), holidays=[holiday])
    # then Monday's evening stays, Tuesday's early morning and late evening go
    assert minutes(nights, "2026-06-01T21:00+05:30", "2026-06-02T21:00+05:30") == 120
    assert minutes(nights, "2026-06-02T21:00+05:30", "2026-06-03T07:00+05:30") == 360


def test_year_end_holidays_run_over_the_year() -> None:
    # given offices closed from 24 December to 1 January, both included
    closed = [(date(2026, 12, 24), date(2027, 1, 1))]
    office = Schedule("Europe/Berlin", dict.fromkeys(WEEKDAYS[:5], (("09:00", "17:00"),)), tuple(closed))
    # then Wednesday 23 December and Monday 4 January count, nothing between
    assert minutes(office, "2026-12-23T16:00+01:00", "2027-01-04T10:00+01:00") == 120
    assert due_at(office, moment("2026-12-23T16:30+01:00"), 3600) == moment("2027-01-04T08:30Z")


def test_overlapping_holidays_are_removed_once() -> None:
    days = [(date(2026, 5, 4), date(2026, 5, 6)), (date(2026, 5, 5), date(2026, 5, 5))]
    schedule = daily("UTC", ("09:00", "10:00"), holidays=days)

    assert minutes(schedule, "2026-05-04T00:00Z", "2026-05-08T00:00Z") == 60


def test_five_weeks_across_a_change_of_the_clock() -> None:
    office = Schedule("America/New_York", dict.fromkeys(WEEKDAYS[:5], (("09:00", "17:00"),)))

    # Mon 2026-02-23 to Mon 2026-03-30: 25 working days of 8 hours
    assert minutes(office, "2026-02-23T00:00-05:00", "2026-03-30T00:00-04:00") == 25 * 480


@pytest.mark.parametrize(
    ("start", "target_min", "due"),
    [
        pytest.param("2026-10-25T01:30+02:00", 60, "2026-10-25T00:30Z", id="first occurrence"),
        pytest.param("2026-10-25T01:30+02:00", 120, "2026-10-25T01:30Z", id="second occurrence"),
        pytest.param("2026-10-25T02:30+02:00", 60, "2026-10-25T01:30Z", id="same wall time later"),
        pytest.param("2026-10-24T23:00+02:00", 1560, "2026-10-25T23:00Z", id="the whole long day"),
        pytest.param("2026-03-29T01:30+01:00", 60, "2026-03-29T01:30Z", id="over the gap"),
    ],
)
def test_due_times_count_real_hours_when_the_clock_changes(start: str, target_min: int, due: str) -> None:
    assert due_at(daily("Europe/Berlin", *ALWAYS), moment(start), target_min * 60) == moment(due)


def test_a_due_time_in_autumn_moves_with_the_offset_of_the_zone() -> None:
    office = Schedule("Europe/Berlin", dict.fromkeys(WEEKDAYS[:5], (("09:00", "17:00"),)))

    # Friday 16:00 in summer time, then Monday 09:00 in winter time
    assert due_at(office, moment("2026-10-23T16:00+02:00"), 7200) == moment("2026-10-26T09:00Z")
    assert due_at(office, moment("2026-10-23T16:00+02:00"), 3600) == moment("2026-10-23T15:00Z")
    assert due_at(office, moment("2026-10-23T16:00+02:00"), 3601) == moment("2026-10-26T08:00:01Z")


def test_a_target_of_nothing_is_due_at_once() -> None:
    start = moment("2026-02-07T03:00Z")

    assert due_at(daily("UTC", ("09:00", "10:00")), start, 0) == start


def test_seconds_are_counted_one_by_one() -> None:
    schedule = daily("UTC", ("09:00", "10:00"))

    start, end = moment("2026-02-03T08:59:59Z"), moment("2026-02-03T09:00:01Z")
    assert business_seconds(schedule, start, end) == 1
    assert business_seconds(schedule, start, end + timedelta(microseconds=999_999)) == 1


def test_a_schedule_that_is_never_open_counts_nothing_and_is_never_due() -> None:
    never = Schedule.parse({"timezone": "UTC", "weekly": {}})

    assert minutes(never, "2024-01-01T00:00Z", "2026-01-01T00:00Z") == 0
    with pytest.raises(ValueError, match="never reached"):
        due_at(never, moment("2026-01-01T00:00Z"), 1)


def test_a_target_beyond_the_horizon_is_refused_soon() -> None:
    rare = Schedule("UTC", {"mon": (("09:00", "09:15"),)})

    with pytest.raises(ValueError, match="never reached"):
        due_at(rare, moment("2026-01-01T00:00Z"), 10**9)
    with pytest.raises(ValueError, match="negative"):
        due_at(rare, moment("2026-01-01T00:00Z"), -1)


def test_naive_datetimes_are_refused() -> None:
    schedule, aware = daily("UTC", *ALWAYS), moment("2026-01-01T00:00Z")
    naive = datetime(2026, 10, 25, 2, 30)

    for call in (
        lambda: business_seconds(schedule, naive, aware),
        lambda: business_seconds(schedule, aware, naive),
        lambda: due_at(schedule, naive, 60),
    ):
        with pytest.raises(ValueError, match="without an offset"):
            call()


def test_years_beyond_reason_are_refused() -> None:
    schedule = daily("UTC", *ALWAYS)

    with pytest.raises(ValueError, match="outside"):
        business_seconds(schedule, datetime(1, 1, 1, tzinfo=UTC), moment("2026-01-01T00:00Z"))


def test_zoneinfo_datetimes_are_compared_as_instants() -> None:
    # given two wall times of one zone in the repeated hour, the later one reading earlier
    berlin = zone("Europe/Berlin")
    start = datetime(2026, 10, 25, 2, 50, tzinfo=berlin, fold=0)
    end = datetime(2026, 10, 25, 2, 10, tzinfo=berlin, fold=1)

    assert business_seconds(daily("Europe/Berlin", *ALWAYS), start, end) == 1200


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"timezone": "Mars/Olympus", "weekly": {}}, "timezone"),
        ({"timezone": "../etc/passwd", "weekly": {}}, "timezone"),
        ({"timezone": "Europe", "weekly": {}}, "timezone"),
        ({"timezone": "", "weekly": {}}, "timezone"),
        ({"timezone": None, "weekly": {}}, "timezone"),
        ({"timezone": "UTC"}, "weekly"),
        ({"timezone": "UTC", "weekly": {"monday": []}}, "unknown day"),
        ({"timezone": "UTC", "weekly": {"mon": [["22:00", "06:00"]]}}, "crosses midnight"),
        ({"timezone": "UTC", "weekly": {"mon": [["09:00", "09:00"]]}}, "empty"),
        ({"timezone": "UTC", "weekly": {"mon": [["24:00", "24:00"]]}}, "empty"),
        ({"timezone": "UTC", "weekly": {"mon": [["9:00", "17:00"]]}}, "not a time of day"),
        ({"timezone": "UTC", "weekly": {"mon": [["09:00", "24:01"]]}}, "not a time of day"),
        ({"timezone": "UTC", "weekly": {"mon": [["09:00", "17:60"]]}}, "not a time of day"),
        ({"timezone": "UTC", "weekly": {"mon": [["09:00", 17]]}}, "strings"),
        ({"timezone": "UTC", "weekly": {"mon": [["09:00"]]}}, "pair"),
        ({"timezone": "UTC", "weekly": {"mon": "09:00-17:00"}}, "list"),
        (
            {"timezone": "UTC", "weekly": {"mon": [["09:00", "12:00"], ["11:45", "17:00"]]}},
            "overlaps",
        ),
        ({"timezone": "UTC", "weekly": {}, "holidays": [{"start": "2026-01-01"}]}, "dates"),
        (
            {"timezone": "UTC", "weekly": {}, "holidays": [{"start": "x", "end": "2026-01-01"}]},
            "dates",
        ),
        (
            {
                "timezone": "UTC",
                "weekly": {},
                "holidays": [{"start": "2026-02-30", "end": "2026-03-01"}],
            },
            "exist",
        ),
        (
            {
                "timezone": "UTC",
                "weekly": {},
                "holidays": [{"start": "2026-01-02", "end": "2026-01-01"}],
            },
            "ends before",
        ),
        ({"timezone": "UTC", "weekly": {}, "holidays": {}}, "list"),
        ([], "object"),
    ],
)
def test_a_bad_schedule_is_refused_with_a_reason(raw: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Schedule.parse(raw)


def test_intervals_come_out_sorted_and_may_touch() -> None:
    raw = {
        "timezone": "UTC",
        "weekly": {"tue": [["12:00", "17:00"], ["09:00", "12:00"]], "mon": []},
    }
    schedule = Schedule.parse(raw)

    assert schedule.weekly == {"tue": (("09:00", "12:00"), ("12:00", "17:00"))}
    assert schedule == Schedule.parse(raw)
    assert hash(schedule) == hash(Schedule.parse(raw))
    assert minutes(schedule, "2026-02-03T00:00Z", "2026-02-04T00:00Z") == 480


def test_minutes_of_the_week_may_cross_midnight_and_wrap_over_the_week() -> None:
    # given Sat 22:00 to Sun 02:00, Sun 01:00 to 03:00, and Tue 23:00 to Wed 01:00
    week = Schedule.from_week_minutes([[6 * 1440 + 1320, 7 * 1440 + 120], [60, 180], [4260, 4380]])

    assert week.weekly == {
        "tue": (("23:00", "24:00"),),
        "wed": (("00:00", "01:00"),),
        "sat": (("22:00", "24:00"),),
        "sun": (("00:00", "03:00"),),
    }
    for bad in ([[-1, 5]], [[0, 0]], [[10080, 10090]], [[0, 10081]], [[5]]):
        with pytest.raises(ValueError, match="minutes of the week"):
            Schedule.from_week_minutes(bad)


def test_slices_sum_by_their_own_schedule_and_the_last_one_alone_by_its_own() -> None:
    early, late = daily("UTC", ("06:00", "12:00")), daily("UTC", ("12:00", "24:00"))
    cut = moment("2026-02-03T11:00Z")
    first = Slice(moment("2026-02-03T05:00Z"), cut, early)
    second = Slice(cut, moment("2026-02-03T13:00Z"), late)

    for order in ([first, second], [second, first]):
        got = slice_seconds(order)
        assert (got.cumulative, got.last_schedule_only) == (6 * 3600, 3600)
    assert slice_seconds([]).cumulative == 0


def test_zone_rules_name_their_version() -> None:
    assert zone_rules_version().startswith("tzdata 20")
