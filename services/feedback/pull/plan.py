"""What a reading of a help desk consists of, by platform: which addresses, in which order, and what
an answer says. Pure; asking them is `client.py`'s."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.feedback.intake.normalised import Normalised, Part, Told

Settings = Mapping[str, Any]
Cursor = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """One GET. `ends` are statuses that are an answer too: there is no (more) such thing."""

    path: str
    params: Mapping[str, str]
    ends: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is the parsed JSON; None for a status of `Ask.ends`."""

    status: int
    body: Any
    links: frozenset[str]
    """Which relations its Link header names; where they lead is never followed."""
    read_at: datetime
    """Just before it was asked: what happened later is not in it."""


@dataclass(frozen=True)
class Page:
    """What one answer says. `next` is where to go on; None: this stage is over."""

    told: Told
    rows: int
    refused: tuple[str, ...] = ()
    """Why single rows were left out."""
    next: Cursor | None = None


@dataclass(frozen=True)
class Stretch:
    """The time that is read, and by which words the account's own are understood."""

    since: datetime
    until: datetime
    settings: Settings


@dataclass(frozen=True)
class Single:
    """One ticket that is asked for, and what is known of it."""

    key: str
    settings: Settings
    known_messages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stage:
    name: str
    ask: Callable[[Stretch, Cursor | None], Ask]
    read: Callable[[Stretch, Cursor | None, Answer], Page]


@dataclass(frozen=True)
class Detail:
    """What one ticket is asked for: a chain of pages, then what they say together."""

    ask: Callable[[Single, Cursor | None], Ask]
    next: Callable[[Cursor | None, Answer], Cursor | None]
    read: Callable[[Single, list[Answer]], tuple[Normalised, ...]]


@dataclass(frozen=True)
class Plan:
    stages: tuple[Stage, ...]
    details: Mapping[Part, Detail]
    """Which parts of one ticket can be asked for, and how."""
    wanted: tuple[Part, ...]
    """What is asked for of every ticket that a reading finds changed; empty: the stages tell it all."""


def rows_of(answer: Answer, name: str | None = None) -> list[Any]:
    """The list that an answer is, or holds. Anything else is no rows."""
    found = answer.body
    if name is not None:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, list) else []


def field_of(answer: Answer, *names: str) -> Any:
    """A value inside the answer's objects, or None."""
    found = answer.body
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found
