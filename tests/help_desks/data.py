"""One neutral help desk, made on the fly: the same seed and number always give the same ticket.

A ticket's last change is known by arithmetic, its story is invented backwards from there. So any page
of any export costs only its own rows. Times are whole epoch seconds.
"""

import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

By = Literal["requester", "agent", "system"]
Touch = Literal["reply", "solve", "delete", "rate"]
START = 1_767_225_600  # 2026-01-01T00:00:00Z
HOUR, DAY = 3600, 86_400
KEPT = 4096
FIRST_REPLY_TARGET_MIN = 240
AGENTS = ("Lea Marchetti", "Omar Al-Sayed", "Ines Duarte", "Jonas Weiß", "Aiko Tanaka", "Priya Nair")
GROUPS = ("EU Frontline", "MENA Frontline", "Escalations")
BRANDS = ("Halcyon", "Nordlys Gear")
LANGUAGES = ("en", "de", "fr", "ar", "fi")
CHANNELS = ("email", "web", "chat", "phone")
PRIORITIES = (None, "low", "normal", "high", "urgent")
_NAMES = ("Maija Öst", "Jürgen Groß", "Élodie Dürr", "نورة حسن", "Sam O'Neil", "Łukasz Żak", "李 伟")
_SUBJECTS = ("Tent pole snapped", "Zelt undicht ⛺", "Cannot change delivery address", "أين طلبي؟", "Refund")
_ASKS = (
    "The pole snapped on night one.\nWhat now?",
    "Die Naht reißt auf <schon wieder> & es regnet 😡",
    "L’adresse est fausse.",
    "لم أستلم استرداد المبلغ حتى الآن ‼️",
    "Any news?",
)
_ANSWERS = (
    "Sorry to hear that. A new one is on its way.",
    "Bitte senden Sie uns ein Foto.",
    "Refund issued: 49,90 € & a <10%> voucher.",
    "C’est corrigé ✅",
)
_NOTES = ("Warehouse says no stock until May.", "Asked the courier.")
_WORDS = {"good": ("👍", "Lea war super 💛", None), "neutral": (None,), "bad": ("بطيء جدًا", "Too slow", None)}


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Rating:
    level: Literal["good", "neutral", "bad"]
    comment: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """What happened in one second: a message, changes (field, before, after), a rating, or several."""

    index: int
    at: int
    by: By
    text: str | None = None
    public: bool = True
    changes: tuple[tuple[str, str | None, str | None], ...] = ()
    rating: Rating | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """`fate` is live, deleted, merged or spam. `agent` and `group` are positions in the lists above."""

    number: int
    subject: str
    requester: Person
    group: int
    brand: int
    priority: str | None
    channel: str
    language: str
    fate: str
    merged_into: int | None
    steps: tuple[Step, ...]

    @property
    def created_at(self) -> int:
        return self.steps[0].at

    @property
    def updated_at(self) -> int:
        return self.steps[-1].at

    @property
    def status(self) -> str:
        """new, open, pending, hold, solved or closed; deletion is not a status here."""
        return self.now_of("status") or "new"

    @property
    def agent(self) -> int | None:
        told = self.now_of("assignee")
        return None if told is None else int(told)

    def now_of(self, field_name: str, before: int | None = None) -> str | None:
        """The value of a field: today's, or what it was when step `before` began."""
        value: str | None = None
        for step in self.steps[:before]:
            for name, _, after in step.changes:
                value = after if name == field_name else value
        return value

    def moves_to(self, *statuses: str) -> list[int]:
        """When the status became one of these."""
        return [s.at for s in self.steps for name, _, to in s.changes if name == "status" and to in statuses]

    @property
    def messages(self) -> list[Step]:
        return [step for step in self.steps if step.text is not None]

    @property
    def rated(self) -> Step | None:
        return next((step for step in reversed(self.steps) if step.rating), None)

    @property
    def first_reply_at(self) -> int | None:
        return next((s.at for s in self.steps[1:] if s.text and s.public and s.by == "agent"), None)


def agent(position: int) -> Person:
    return Person(position, AGENTS[position], f"agent{position}@halcyon.test")


def fate_of(number: int) -> str:
    if number % 23 == 7:
        return "deleted"
    if number % 29 == 11:
        return "merged"
    return "spam" if number % 41 == 17 else "live"


class _Story:
    """Steps in the order told; their times are offsets from the creation until it is `told`."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.steps, self.at, self.status = rng, list[Step](), 0, "new"

    def step(
        self, by: By, text: str | None = None, to: str | None = None, *, public: bool = True, gap: int = 0,
        more: tuple[tuple[str, str | None, str | None], ...] = (), rating: Rating | None = None,
    ) -> None:  # fmt: skip
        if self.steps:
            self.at += gap or self.rng.choice((61, 600, HOUR, 5 * HOUR + 7, 9 * HOUR, 26 * HOUR))
        changes = more
        if to and to != self.status:
            changes = (*more, ("status", self.status, to))
            self.status = to
        self.steps.append(Step(len(self.steps), self.at, by, text, public, changes, rating))

    def told(self, last_at: int) -> tuple[Step, ...]:
        shift = last_at - self.at
        return tuple(replace(step, at=step.at + shift) for step in self.steps)


def _tell(rng: random.Random, fate: str, group: int, priority: str | None) -> _Story:
    """2 to 6 messages, taken or not, perhaps solved, rated, closed; then what became of it."""
    story, pick = _Story(rng), rng.random
    created = (("status", None, "new"), ("group", None, str(group)), ("priority", None, priority))
    story.step("agent" if pick() < 0.1 else "requester", rng.choice(_ASKS), more=created)
    if pick() < 0.4:
        story.step("system", "We got your message.", gap=1)
    if pick() < 0.85:
        who = str(rng.randrange(len(AGENTS)))
        note = rng.choice(_NOTES) if pick() < 0.4 else None
        story.step("agent", note, "open", public=False, more=(("assignee", None, who),))
        for _ in range(0 if fate == "merged" else rng.randrange(2)):
            story.step("agent", rng.choice(_ANSWERS), "pending" if pick() < 0.8 else "hold")
            story.step("requester", rng.choice(_ASKS), "open")
        story.step("agent", rng.choice(_ANSWERS), "solved" if pick() < 0.75 else "pending")
        if story.status == "solved":
            _after_solving(story)
    else:
        story.step("requester", rng.choice(_ASKS))
    if fate == "merged":
        story.step("agent", "Closed and merged into another request.", "closed", public=False)
    elif fate != "live":
        story.step("agent", more=(("fate", "live", fate),))
    return story


def _after_solving(story: _Story) -> None:
    if story.rng.random() < 0.1 and len(story.steps) < 5:
        story.step("requester", "Still broken!", "open")
        story.step("agent", None, "solved")
    if story.rng.random() < 0.4:
        story.step("requester", rating=_rating(story.rng))
    if story.rng.random() < 0.5:
        story.step("system", None, "closed", gap=4 * DAY)


def _rating(rng: random.Random) -> Rating:
    level: Literal["good", "neutral", "bad"] = rng.choice(("good", "good", "good", "neutral", "bad"))
    return Rating(level, rng.choice(_WORDS[level]))


@dataclass
class Desk:
    """Tickets 1..count, ordered by (last change, number); `now` is its clock and moves only by hand."""

    seed: int = 1
    start: int = START
    now: int = START
    journal: list[int] = field(default_factory=list)  # numbers touched or added, in that order
    order: list[tuple[int, int]] = field(default_factory=list)
    _stamps: dict[int, int] = field(default_factory=dict)  # when the invented story ends
    _extra: dict[int, list[tuple[Touch, int]]] = field(default_factory=dict)
    _made: dict[int, Ticket] = field(default_factory=dict)  # a few, for rows that follow each other

    @property
    def count(self) -> int:
        return len(self.order)

    def __getitem__(self, number: int) -> Ticket:
        if number not in self._made:
            if len(self._made) >= KEPT:
                self._made.clear()
            self._made[number] = self._make(number)
        return self._made[number]

    def _make(self, number: int) -> Ticket:
        if number not in self._stamps:
            raise KeyError(number)
        rng = random.Random(f"{self.seed}:{number}")
        fate = fate_of(number)
        who = rng.randrange(max(1, number // 2), number + 1)
        person = Person(who, _NAMES[who % len(_NAMES)], f"customer{who}@example.com")
        group, priority = rng.randrange(len(GROUPS)), rng.choice(PRIORITIES)
        ticket = Ticket(
            number, rng.choice(_SUBJECTS), person, group, rng.randrange(len(BRANDS)), priority,
            rng.choice(CHANNELS), rng.choice(LANGUAGES), fate,
            max(1, number - 1) if fate == "merged" else None,
            _tell(rng, fate, group, priority).told(self._stamps[number]),
        )  # fmt: skip
        for what, at in self._extra.get(number, ()):
            ticket = _touched(ticket, what, at)
        return ticket

    def fate(self, number: int) -> str:
        deleted = any(what == "delete" for what, _ in self._extra.get(number, ()))
        return "deleted" if deleted else fate_of(number)

    def since(self, stamp: int, number: int = 0) -> int:
        """The position in `order` of the first ticket at or behind this."""
        return bisect_left(self.order, (stamp, number))

    def until(self, stamp: int) -> int:
        """The position behind the last ticket changed at this time or before."""
        return bisect_right(self.order, (stamp, 1 << 62))

    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    def touch(self, number: int, what: Touch = "reply") -> Ticket:
        """Something happens to a ticket one second from now: it moves to the end of the order."""
        before = self[number].updated_at
        self.now += 1
        self._extra.setdefault(number, []).append((what, self.now))
        del self.order[self.since(before, number)]
        self._enter(number)
        return self[number]

    def add(self) -> Ticket:
        """A ticket is born (its story ends one second from now)."""
        self.now += 1
        number = self.count + 1
        self._stamps[number] = self.now
        self._enter(number)
        return self[number]

    def _enter(self, number: int) -> None:
        insort(self.order, (self.now, number))
        self.journal.append(number)
        self._made.pop(number, None)


def _touched(ticket: Ticket, what: Touch, at: int) -> Ticket:
    index, status = len(ticket.steps), ticket.status
    if what == "delete":
        step = Step(index, at, "agent", changes=(("fate", ticket.fate, "deleted"),))
        return replace(ticket, fate="deleted", steps=(*ticket.steps, step))
    if what == "rate":
        step = Step(index, at, "requester", rating=Rating("good", "🙏"))
    elif what == "solve":
        step = Step(index, at, "agent", "Solved.", changes=(("status", status, "solved"),))
    else:
        opened = (("status", status, "open"),) if status in {"solved", "pending", "hold"} else ()
        step = Step(index, at, "requester", "One more thing …", changes=opened)
    return replace(ticket, steps=(*ticket.steps, step))


def make_tickets(
    count: int, seed: int = 1, *, start: int = START, spacing_s: int = 120, same_second: int = 3
) -> Desk:
    """A desk of `count` tickets; `same_second` of them share each last-change time, `spacing_s` apart.

    The clock stands an hour behind the last change."""
    desk = Desk(seed, start)
    desk.order = [(start + n // same_second * spacing_s, n) for n in range(1, count + 1)]
    desk._stamps = {number: stamp for stamp, number in desk.order}
    desk.now = (desk.order[-1][0] if desk.order else start) + HOUR
    return desk


Entry = tuple[int, int, int]  # time, ticket number, which row of that ticket
Rows = Callable[[Ticket], Iterable[tuple[int, int]]]  # (time, which row)


class Indexes:
    """Rows that hang on tickets, in the order of their own times. Built at first use in one pass."""

    def __init__(self, desk: Desk, kinds: Mapping[str, Rows]) -> None:
        self._desk, self._kinds, self._read = desk, kinds, 0
        self._entries: dict[str, list[Entry]] = {}

    def __getitem__(self, kind: str) -> list[Entry]:
        if not self._entries:
            self._build()
        pending = set(self._desk.journal[self._read :])
        self._read = len(self._desk.journal)
        for number in sorted(pending):
            for name, entries in self._entries.items():
                entries[:] = [entry for entry in entries if entry[1] != number]
                for entry in self._rows(name, self._desk[number]):
                    insort(entries, entry)
        return self._entries[kind]

    def since(self, kind: str, stamp: int) -> list[Entry]:
        entries = self[kind]
        return entries[bisect_left(entries, (stamp, 0, 0)) :]

    def _build(self) -> None:
        self._entries = {name: [] for name in self._kinds}
        self._read = len(self._desk.journal)
        for _, number in self._desk.order:
            ticket = self._desk[number]
            for name, entries in self._entries.items():
                entries.extend(self._rows(name, ticket))
        for entries in self._entries.values():
            entries.sort()

    def _rows(self, kind: str, ticket: Ticket) -> list[Entry]:
        return [(at, ticket.number, which) for at, which in self._kinds[kind](ticket)]
