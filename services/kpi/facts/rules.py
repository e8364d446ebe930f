"""The facts of one ticket's life (reply, resolution and waiting times, reopens, one-touch flags),
and first contact resolution over many tickets. All is decided from moments alone; where they come
from and how facts are summed is not here.

Instants are aware datetimes, durations whole seconds (each instant is floored to its second); a
duration that has not ended yet is None, never 0 and never negative. Naive datetimes and unknown
words raise `ValueError`. Formulas: KPI reference, sections 1.2 (times), 1.3 (outcome), 10.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Literal, get_args

from shared.business_hours import Schedule, business_seconds, whole_seconds

Kind = Literal["comment", "status", "assign", "group"]
Author = Literal["requester", "agent", "bot", "system"]
Span = tuple[datetime, datetime]

OPEN_STATUSES = frozenset({"new", "open", "pending", "on_hold"})
RESOLVED_STATUSES = frozenset({"solved", "closed"})
LONGEST_WINDOW_DAYS = 3660
NOBODY = ""
"""As `requester_id`: every author's kind is final, whoever the requester is."""
_REQUESTER_WAITS = frozenset({"new", "open", "on_hold"})
_AGENT_WORKS = frozenset({"new", "open"})
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a ticket; `seq` orders moments of the same instant.

    `kind` "comment" uses the author fields and `public`; "status" carries the new status in `to`
    (new, open, pending, on_hold, solved, closed); "assign" and "group" carry the new agent or
    group in `to` (None: unassigned). The first comment is the ticket's description, unless it is an
    agent's answer (`ticket_times` tells which).
    `author_kind` "agent" means a human who may reply publicly: bots, automations and light agents
    are "bot" or "system".
    """

    at: datetime
    seq: int
    kind: Kind
    author_kind: Author | None = None
    author_id: str | None = None
    public: bool | None = None
    to: str | None = None
    ref: str | None = None
    """What it was made from, so that a clock can say what stopped it."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"a moment of kind {self.kind!r} is unknown")
        if self.kind == "status" and self.to not in OPEN_STATUSES | RESOLVED_STATUSES:
            raise ValueError(f"the status {self.to!r} is unknown")


@dataclass(frozen=True)
class TicketTimes:
    """A ticket as it stood at `as_of`. Business variants are None without a schedule.

    frt: creation to the first public comment by a human agent other than the description.
    first / full resolution: creation to the first / latest move into solved or closed (full is
    None while reopened). requester wait: time in new, open, on hold; agent wait: pending; agent
    work: new, open; on hold: on hold alone. Stations count each time the ticket got another agent
    or group. `agents_touching`: distinct human agents who commented, publicly or not.
    One-touch: solved with fewer than two / exactly one agent reply; strict: exactly one, never
    pending or on hold, never reopened.
    """

    frt_s: int | None
    frt_business_s: int | None
    first_resolution_s: int | None
    first_resolution_business_s: int | None
    full_resolution_s: int | None
    full_resolution_business_s: int | None
    requester_wait_s: int
    requester_wait_business_s: int | None
    agent_wait_s: int
    on_hold_s: int
    agent_work_s: int
    reopens: int
    agent_replies: int
    is_resolved: bool
    one_touch_lt2: bool
    one_touch_exactly_one: bool
    one_touch_strict: bool
    assignee_stations: int
    group_stations: int
    agents_touching: int
    first_reply_at: datetime | None
    first_solved_at: datetime | None
    solved_at: datetime | None
    reopened_at: tuple[datetime, ...]
    first_reply_by: str | None = None
    """The `ref` of the moment that stopped the clock; likewise the next two."""
    first_solved_by: str | None = None
    solved_by: str | None = None


def ticket_times(
    created_at: datetime,
    created_by: Author,
    moments: Iterable[Moment],
    as_of: datetime,
    schedule: Schedule | None = None,
    *,
    requester_id: str | None = None,
) -> TicketTimes:
    """What is known of a ticket at `as_of` (moments up to and including that instant).

    Moments come in any order; those before `created_at` count as at creation. The ticket starts as
    new. An agent who is the requester counts as requester: named by `requester_id`, or seen as the
    author of the description of a ticket the requester created. On a ticket that no agent opened, a
    first comment by an agent is an answer when it came after the creation, or at any instant when
    `requester_id` names somebody else.
    """
    born, until = _second(created_at), _second(as_of)
    until = max(born, until)
    last = _utc(as_of)
    past = sorted((m for m in moments if _utc(m.at) <= last), key=lambda m: (_utc(m.at), m.seq))
    story = _statuses([m for m in past if m.kind == "status"], born)
    comments = [m for m in past if m.kind == "comment"]
    description = _description(comments, created_at, created_by, requester_id)
    if description is not None and created_by == "requester" and requester_id is None:
        requester_id = description.author_id
    by_agents = [
        m
        for m in comments
        if m.author_kind == "agent" and (requester_id is None or m.author_id != requester_id)
    ]
    replies = [m for m in by_agents if m.public and m is not description]
    replied = max(born, _second(replies[0].at)) if replies else None
    solved = story.resolved_at[0] if story.resolved_at else None
    resolved = story.resolved_at[-1] if story.is_resolved else None
    waits = story.spans(_REQUESTER_WAITS, until)
    one = story.is_resolved and len(replies) == 1
    return TicketTimes(
        frt_s=_elapsed(born, replied),
        frt_business_s=_business(schedule, born, replied),
        first_resolution_s=_elapsed(born, solved),
        first_resolution_business_s=_business(schedule, born, solved),
        full_resolution_s=_elapsed(born, resolved),
        full_resolution_business_s=_business(schedule, born, resolved),
        requester_wait_s=_length(waits),
        requester_wait_business_s=(
            None if schedule is None else sum(business_seconds(schedule, *span) for span in waits)
        ),
        agent_wait_s=_length(story.spans({"pending"}, until)),
        on_hold_s=_length(story.spans({"on_hold"}, until)),
        agent_work_s=_length(story.spans(_AGENT_WORKS, until)),
        reopens=len(story.reopened_at),
        agent_replies=len(replies),
        is_resolved=story.is_resolved,
        one_touch_lt2=story.is_resolved and len(replies) < 2,
        one_touch_exactly_one=one,
        one_touch_strict=one and not story.paused and not story.reopened_at,
        assignee_stations=_stations(m.to for m in past if m.kind == "assign"),
        group_stations=_stations(m.to for m in past if m.kind == "group"),
        agents_touching=len({m.author_id for m in by_agents}),
        first_reply_at=replied,
        first_solved_at=solved,
        solved_at=resolved,
        reopened_at=story.reopened_at,
        first_reply_by=replies[0].ref if replies else None,
        first_solved_by=story.resolved_by[0] if story.resolved_by else None,
        solved_by=story.resolved_by[-1] if story.is_resolved else None,
    )


@dataclass(frozen=True)
class Contact:
    """A ticket as first contact resolution sees it. `solved_at`: the first solve, None if never;
    `requester` or `topic` None: not known, so never "the same"."""

    id: str
    requester: str | None
    topic: str | None
    created_at: datetime
    solved_at: datetime | None
    reopened_at: tuple[datetime, ...] = ()
    agent_replies: int = 0


@dataclass(frozen=True)
class Share:
    """A count out of a count. `percent` is exact, None for an empty denominator."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> Fraction | None:
        return Fraction(100 * self.numerator, self.denominator) if self.denominator else None


@dataclass(frozen=True)
class Fcr:
    """First contact resolution over the tickets whose window has passed.

    `one_touch`: exactly one reply and never reopened; `no_reopen`: not reopened within the window;
    `no_repeat`: also no new ticket by the same requester on the same topic within it, counted over
    initial contacts. `immature`: solved tickets whose window is still running, in none of them;
    `repeats`: matured tickets left out of `no_repeat` because they are repeats themselves.
    """

    one_touch: Share
    no_reopen: Share
    no_repeat: Share
    immature: int
    repeats: int


def first_contact_resolution(tickets: Sequence[Contact], window_days: int, as_of: datetime) -> Fcr:
    """FCR with the window `(solve, solve + window_days]`, matured when it ends by `as_of`.

    What happened after `as_of` is not seen. Days are 24 hours. Raises `ValueError` for a window
    outside 0..`LONGEST_WINDOW_DAYS`. O(n log n).
    """
    if not 0 <= window_days <= LONGEST_WINDOW_DAYS:
        raise ValueError(f"a window is 0 to {LONGEST_WINDOW_DAYS} days")
    window = timedelta(days=window_days)
    last = _utc(as_of)
    known = [(t, _utc(t.created_at)) for t in tickets if _utc(t.created_at) <= last]
    solves = [(t, _solved(t)) for t, _ in known]
    solved = [(t, at) for t, at in solves if at is not None and at <= last]
    matured = [(t, at) for t, at in solved if at + window <= last]
    created, ended = _by_issue(known), _by_issue(solved)
    one_touch = no_reopen = no_repeat = repeats = 0
    for ticket, at in matured:
        reopens = [r for r in map(_utc, ticket.reopened_at) if r <= last]
        held = not any(at < r <= at + window for r in reopens)
        one_touch += ticket.agent_replies == 1 and not reopens
        no_reopen += held
        issue = (ticket.requester, ticket.topic)
        opened = _utc(ticket.created_at)
        before = ended.get(issue, [])
        if bisect_left(before, opened - window) < bisect_left(before, opened):
            repeats += 1
            continue
        after = created.get(issue, [])
        came_back = bisect_right(after, at) < bisect_right(after, at + window)
        no_repeat += held and not came_back
    return Fcr(
        one_touch=Share(one_touch, len(matured)),
        no_reopen=Share(no_reopen, len(matured)),
        no_repeat=Share(no_repeat, len(matured) - repeats),
        immature=len(solved) - len(matured),
        repeats=repeats,
    )


@dataclass(frozen=True)
class _Story:
    """Which status held from when, and the moves between resolved and unresolved."""

    held: tuple[tuple[str, datetime], ...]
    resolved_at: tuple[datetime, ...]
    reopened_at: tuple[datetime, ...]
    resolved_by: tuple[str | None, ...]

    @property
    def is_resolved(self) -> bool:
        return self.held[-1][0] in RESOLVED_STATUSES

    @property
    def paused(self) -> bool:
        return any(status in ("pending", "on_hold") for status, _ in self.held)

    def spans(self, statuses: frozenset[str] | set[str], until: datetime) -> list[Span]:
        """The times spent in any of `statuses` up to `until`, neighbours joined."""
        ends = [start for _, start in self.held[1:]] + [until]
        spans: list[Span] = []
        for (status, start), end in zip(self.held, ends, strict=True):
            if status not in statuses or start >= end:
                continue
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return spans


def _statuses(moves: Sequence[Moment], born: datetime) -> _Story:
    held: list[tuple[str, datetime]] = [("new", born)]
    resolved: list[tuple[datetime, str | None]] = []
    reopened: list[datetime] = []
    for move in moves:
        before, to, at = held[-1][0], move.to, max(born, _second(move.at))
        if to is None:
            continue
        held.append((to, at))
        was, now = before in RESOLVED_STATUSES, to in RESOLVED_STATUSES
        if now and not was:
            resolved.append((at, move.ref))
        elif was and not now:
            reopened.append(at)
    return _Story(
        tuple(held), tuple(at for at, _ in resolved), tuple(reopened), tuple(ref for _, ref in resolved)
    )


def _description(
    comments: Sequence[Moment], created_at: datetime, created_by: Author, requester_id: str | None
) -> Moment | None:
    """The first comment, unless it is an agent answering a ticket that no agent opened (its
    description was not handed over). At the instant of creation an agent's comment is an answer
    only when the requester is known to be somebody else."""
    if not comments:
        return None
    first = comments[0]
    if first.author_kind != "agent" or created_by == "agent":
        return first
    is_later = _utc(first.at) > _utc(created_at)
    is_by_another = requester_id is not None and first.author_id != requester_id
    return None if is_later or is_by_another else first


def _stations(values: Iterable[str | None]) -> int:
    count, current = 0, None
    for value in values:
        count += value is not None and value != current
        current = value
    return count


def _by_issue(
    pairs: Iterable[tuple[Contact, datetime]],
) -> dict[tuple[str | None, str | None], list[datetime]]:
    """Sorted instants by (requester, topic); tickets with an unknown one are left out."""
    grouped: dict[tuple[str | None, str | None], list[datetime]] = {}
    for ticket, at in pairs:
        if ticket.requester is not None and ticket.topic is not None:
            grouped.setdefault((ticket.requester, ticket.topic), []).append(at)
    for instants in grouped.values():
        instants.sort()
    return grouped


def _solved(ticket: Contact) -> datetime | None:
    """The first solve, never before creation."""
    at = ticket.solved_at
    return None if at is None else max(_utc(at), _utc(ticket.created_at))


def _utc(at: datetime) -> datetime:
    """The instant in UTC: times of one zone would be compared and added by the wall clock."""
    if at.utcoffset() is None:
        raise ValueError("a datetime without an offset is ambiguous; give one with a time zone")
    return at.astimezone(UTC)


def _second(at: datetime) -> datetime:
    return datetime.fromtimestamp(whole_seconds(at), UTC)


def _elapsed(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else (end - start) // _SECOND


def _business(schedule: Schedule | None, start: datetime, end: datetime | None) -> int | None:
    return None if schedule is None or end is None else business_seconds(schedule, start, end)


def _length(spans: Iterable[Span]) -> int:
    return sum((end - start) // _SECOND for start, end in spans)
