"""Business time: how many seconds of a weekly schedule lie between two instants, and when so many
seconds will have passed. Time zones, repeated and missing hours and holidays are dealt with here;
which schedule belongs to which ticket is not.

Every instant is an aware `datetime`; fractions of a second are dropped (each instant is floored to
its second, so that slices of a span add up to the span). Results are integer seconds or UTC
datetimes. Bad schedules, naive datetimes and years outside 1900-2199 raise `ValueError`.
Formulas: KPI reference, section 2 (business-hours arithmetic).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import metadata, resources
from itertools import accumulate, pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST_YEAR, LAST_YEAR = 1900, 2199
DUE_HORIZON_YEARS = 40

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_SECOND = timedelta(seconds=1)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


@dataclass(frozen=True)
class Schedule:
    """Weekly opening hours in one time zone, less holidays.

    `timezone` is an IANA name; `weekly` maps "mon".."sun" to `(open, close)` pairs of local
    "HH:MM" (half-open; close may be "24:00"; a missing day is closed); `holidays` are inclusive
    `(first_day, last_day)` pairs of local dates. Intervals and holidays come out sorted. An
    interval cannot cross midnight: an overnight shift is two intervals, and a holiday removes the
    one on its own date. Raises `ValueError` for anything else.
    """

    timezone: str
    weekly: Mapping[str, tuple[tuple[str, str], ...]]
    holidays: tuple[tuple[date, date], ...] = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone(self.timezone)
        if set(self.weekly) - set(WEEKDAYS):
            raise ValueError("weekly: unknown day, expected mon..sun")
        ordered = {d: _ordered(d, self.weekly[d]) for d in WEEKDAYS if self.weekly.get(d)}
        for first, last in self.holidays:
            if last < first:
                raise ValueError("holidays: one ends before it starts")
        object.__setattr__(self, "weekly", MappingProxyType(ordered))
        object.__setattr__(self, "holidays", tuple(sorted(self.holidays)))
        key = (self.timezone, tuple(ordered.items()), self.holidays)
        object.__setattr__(self, "_hash", hash(key))

    def __hash__(self) -> int:
        return self._hash

    @classmethod
    def parse(cls, raw: Mapping[str, object]) -> "Schedule":
        """A schedule from JSON.

        Shape: `{timezone, weekly: {mon..sun: [[open, close]]}, holidays: [{start, end}]}`; days may
        be missing and `holidays` too. Raises `ValueError` naming the part that is wrong,
        never its value.
        """
        if not isinstance(raw, Mapping):
            raise ValueError("schedule: an object is expected")
        timezone, weekly = raw.get("timezone"), raw.get("weekly")
        if not isinstance(timezone, str):
            raise ValueError("timezone: an IANA zone name is expected")
        if not isinstance(weekly, Mapping):
            raise ValueError("weekly: an object of mon..sun is expected")
        holidays = raw.get("holidays")
        holidays = [] if holidays is None else holidays
        if not isinstance(holidays, list | tuple):
            raise ValueError("holidays: a list is expected")
        days = {day: _pairs(intervals) for day, intervals in weekly.items()}
        return cls(timezone, days, tuple(_holiday(h) for h in holidays))

    @classmethod
    def from_week_minutes(cls, intervals: Iterable[Sequence[int]]) -> "Schedule":
        """A UTC schedule from `[open, close)` minutes counted from Sunday 00:00 UTC.

        An interval may cross midnight and may run over the end of the week (it wraps); overlapping
        ones are joined. Raises `ValueError` for a start outside the week or a length outside
        1 minute .. 1 week.
        """
        pieces: list[tuple[int, int]] = []
        for interval in intervals:
            start, end = _week_interval(interval)
            for low, high in ((start, min(end, _WEEK_MINUTES)), (0, end - _WEEK_MINUTES)):
                for midnight in range(low // _DAY_MINUTES * _DAY_MINUTES, high, _DAY_MINUTES):
                    cut = (max(low, midnight), min(high, midnight + _DAY_MINUTES))
                    pieces.append(cut)
        weekly: dict[str, list[tuple[str, str]]] = {}
        for start, end in _joined(pieces):
            day, opens = divmod(start, _DAY_MINUTES)
            closes = end - day * _DAY_MINUTES
            weekly.setdefault(WEEKDAYS[day - 1], []).append((_spelled(opens), _spelled(closes)))
        return cls("UTC", {day: tuple(spans) for day, spans in weekly.items()})


@dataclass(frozen=True)
class Slice:
    """A stretch `[start, end)` of a ticket's life and the schedule in force during it."""

    start: datetime
    end: datetime
    schedule: Schedule


@dataclass(frozen=True)
class SliceSeconds:
    """Business seconds of a sliced span. `cumulative`: each slice by its own schedule (waits);
    `last_schedule_only`: the whole span by the schedule of the last slice (single events)."""

    cumulative: int
    last_schedule_only: int


def business_seconds(schedule: Schedule, start: datetime, end: datetime) -> int:
    """Seconds of `[start, end)` inside the schedule; 0 when `end` is not after `start`."""
    low, high = whole_seconds(start), whole_seconds(end)
    if high <= low:
        return 0
    return sum(
        year.elapsed(high) - year.elapsed(low)
        for year in (_year(schedule, y) for y in _years_touching(low, high))
    )


def due_at(schedule: Schedule, start: datetime, seconds: int) -> datetime:
    """The earliest instant (UTC) at which `seconds` of business time have passed since `start`.

    A target that ends exactly at closing is due at closing; a target of 0 is due at `start`.
    Raises `ValueError` for a negative target and for one not reached within
    `DUE_HORIZON_YEARS` (always so for a schedule that never opens).
    """
    if seconds < 0:
        raise ValueError("a target of business seconds cannot be negative")
    low = whole_seconds(start)
    if seconds == 0:
        return _EPOCH + timedelta(seconds=low)
    first = _years_touching(low, low + 1).start
    left = seconds
    for number in range(first, min(first + DUE_HORIZON_YEARS, LAST_YEAR) + 1):
        year = _year(schedule, number)
        before = year.elapsed(low)
        if year.total - before >= left:
            return _EPOCH + timedelta(seconds=year.instant_of(before + left))
        left -= year.total - before
    raise ValueError(f"{seconds} business seconds are never reached by this schedule")


def slice_seconds(slices: Sequence[Slice]) -> SliceSeconds:
    """Business seconds over slices whose schedules may differ (any order; no slices give zeros)."""
    if not slices:
        return SliceSeconds(0, 0)
    ordered = sorted(slices, key=lambda s: (whole_seconds(s.start), whole_seconds(s.end)))
    last = ordered[-1]
    return SliceSeconds(
        cumulative=sum(business_seconds(s.schedule, s.start, s.end) for s in ordered),
        last_schedule_only=business_seconds(last.schedule, ordered[0].start, last.end),
    )


def whole_seconds(instant: datetime) -> int:
    """Seconds since 1970-01-01 UTC, floored. Raises `ValueError` for naive or absurd instants."""
    if instant.utcoffset() is None:
        raise ValueError("a datetime without an offset is ambiguous; give one with a time zone")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"the year {instant.year} is outside {FIRST_YEAR}-{LAST_YEAR}")
    return (instant - _EPOCH) // _SECOND


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone from the pinned `tzdata` package (the host's rules only where that package is
    not installed), so that equal inputs give equal seconds everywhere. Raises `ValueError`."""
    if not _ZONE_NAME.fullmatch(name):
        raise ValueError("timezone: not an IANA zone name")
    try:
        with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
            return ZoneInfo.from_file(rules, key=name)
    except ModuleNotFoundError:
        pass
    except (OSError, ValueError):
        raise ValueError("timezone: not an IANA zone name") from None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError("timezone: not an IANA zone name") from None


def zone_rules_version() -> str:
    """The version of the zone rules in use, to be stored with a published number."""
    try:
        return f"tzdata {metadata.version('tzdata')}"
    except metadata.PackageNotFoundError:
        return "host"


@dataclass(frozen=True)
class _Year:
    """The open intervals of one local year as epoch seconds, with running totals before each."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]
    before: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.before[-1]

    def elapsed(self, at: int) -> int:
        """Open seconds of this year before the instant `at`."""
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return 0
        return self.before[index] + min(at, self.closes[index]) - self.opens[index]

    def instant_of(self, elapsed: int) -> int:
        """The first instant by which `elapsed` (1..total) open seconds have passed."""
        index = bisect_left(self.before, elapsed) - 1
        return self.opens[index] + elapsed - self.before[index]


@lru_cache(maxsize=256)
def _year(schedule: Schedule, year: int) -> _Year:
    tz = zone(schedule.timezone)
    closed = _holidays_in(schedule, year)
    clocks = [
        [(_minutes(opens), _minutes(closes)) for opens, closes in schedule.weekly.get(day, ())]
        for day in WEEKDAYS
    ]
    spans: list[tuple[int, int]] = []
    midnight = datetime(year, 1, 1)
    while midnight.year == year:
        if midnight.date() not in closed:
            for opens, closes in clocks[midnight.weekday()]:
                low = _utc_seconds(tz, midnight + timedelta(minutes=opens))
                high = _utc_seconds(tz, midnight + timedelta(minutes=closes))
                if low < high:
                    spans.append((low, high))
        midnight += timedelta(days=1)
    totals = accumulate((high - low for low, high in spans), initial=0)
    return _Year(tuple(s[0] for s in spans), tuple(s[1] for s in spans), tuple(totals))


def _holidays_in(schedule: Schedule, year: int) -> set[date]:
    days: set[date] = set()
    for first, last in schedule.holidays:
        day, stop = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
        while day <= stop:
            days.add(day)
            day += timedelta(days=1)
    return days


def _years_touching(low: int, high: int) -> range:
    """The local years that `[low, high)` can touch in any zone (two days of slack cover the date
    line and an hour repeated at new year)."""
    slack = timedelta(days=2)
    first = (_EPOCH + timedelta(seconds=low) - slack).year
    last = (_EPOCH + timedelta(seconds=high) + slack).year
    return range(first, last + 1)


def _utc_seconds(tz: ZoneInfo, wall: datetime) -> int:
    """The instant a local boundary falls on: the first occurrence of a repeated wall time, the
    transition itself for a wall time that is skipped."""
    earlier = wall.replace(tzinfo=tz, fold=0)
    offset, other = earlier.utcoffset(), earlier.replace(fold=1).utcoffset()
    assert offset is not None
    assert other is not None
    naive = (wall - datetime(1970, 1, 1)) // _SECOND
    before_gap, after_gap = offset // _SECOND, other // _SECOND
    if after_gap <= before_gap:
        return naive - before_gap
    low, high = naive - after_gap, naive - before_gap
    while high - low > 1:
        middle = (low + high) // 2
        local = (_EPOCH + timedelta(seconds=middle)).astimezone(tz).replace(tzinfo=None)
        low, high = (low, middle) if local >= wall else (middle, high)
    return high


def _ordered(day: str, intervals: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    spans = sorted(intervals, key=lambda span: _minutes(span[0]))
    for opens, closes in spans:
        if _minutes(opens) >= _minutes(closes):
            raise ValueError(
                f"weekly.{day}: an interval is empty or crosses midnight; an overnight shift is two intervals"
            )
    for (_, closes), (opens, _) in pairwise(spans):
        if _minutes(opens) < _minutes(closes):
            raise ValueError(f"weekly.{day}: an interval overlaps the one before it")
    return tuple(spans)


def _minutes(clock: str) -> int:
    if clock == "24:00":
        return _DAY_MINUTES
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError("weekly: not a time of day between 00:00 and 24:00 (HH:MM)")
    return int(match[1]) * 60 + int(match[2])


def _spelled(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _pairs(intervals: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(intervals, list | tuple):
        raise ValueError("weekly: a list of [open, close] is expected")
    pairs: list[tuple[str, str]] = []
    for pair in intervals:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError("weekly: an interval is a pair [open, close]")
        opens, closes = pair
        if not isinstance(opens, str) or not isinstance(closes, str):
            raise ValueError("weekly: times are strings HH:MM")
        pairs.append((opens, closes))
    return tuple(pairs)


def _holiday(raw: object) -> tuple[date, date]:
    if not isinstance(raw, Mapping):
        raise ValueError("holidays: each is an object with start and end")
    first, last = raw.get("start"), raw.get("end")
    if not isinstance(first, str) or not isinstance(last, str):
        raise ValueError("holidays: start and end are dates YYYY-MM-DD")
    if not (_DATE.fullmatch(first) and _DATE.fullmatch(last)):
        raise ValueError("holidays: start and end are not dates YYYY-MM-DD")
    try:
        return date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise ValueError("holidays: start or end are not days that exist") from None


def _week_interval(interval: Sequence[int]) -> tuple[int, int]:
    if len(interval) != 2:
        raise ValueError("minutes of the week: an interval is a pair [open, close]")
    start, end = interval
    if not (0 <= start < _WEEK_MINUTES and 0 < end - start <= _WEEK_MINUTES):
        raise ValueError(f"minutes of the week: {start}-{end} is not an interval of one week")
    return start, end


def _joined(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted pieces with overlapping and touching ones of the same day joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(pieces):
        low, high = joined[-1] if joined else (-1, -1)
        if start <= high and start // _DAY_MINUTES == low // _DAY_MINUTES:
            joined[-1] = (low, max(high, end))
        else:
            joined.append((start, end))
    return joined
