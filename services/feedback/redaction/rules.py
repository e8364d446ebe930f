"""Which parts of a text are personal, and the text without them. Pure; time grows with the text's length."""

from collections.abc import Iterable

from services.feedback.redaction.introductions import find_introductions
from services.feedback.redaction.links import find_links
from services.feedback.redaction.names import find_known
from services.feedback.redaction.numbers import find_numbers
from services.feedback.redaction.places import find_places
from services.feedback.redaction.reading import KINDS, MASK, Found, Known, mask, read
from services.feedback.redaction.secrets import find_secrets

__all__ = ["KINDS", "RULES_VERSION", "Found", "Known", "find", "redact"]

RULES_VERSION = 1
"""Grows with each change of what is found; stored beside each redacted text."""

MOST_ROUNDS = 6
"""What was replaced no longer stands between its neighbours, so a second look may see more (and a third).
Ordinary texts are at rest after one; one that never is was built to be, and goes as a whole."""

_RANK = {kind: rank for rank, kind in enumerate(KINDS)}


def find(
    text: str, *, language: str | None = None, region: str | None = None, known: Known = Known()
) -> list[Found]:
    """What is personal in it, in order; no two overlap.

    `language`: BCP 47 (de, pt-BR); `region`: ISO 3166 alpha-2, whose phone numbers are written without a
    country code. Both only sharpen. Placeholders of an earlier pass stay out of it.
    """
    finds: list[Found] = []
    masked = mask(text)
    for _ in range(MOST_ROUNDS):
        new = _look(masked, language, region, known)
        if not new:
            return finds
        finds = sorted([*finds, *new], key=lambda one: one.start)
        masked = mask(masked, new)
    return [Found(0, len(text), "text")]


def redact(
    text: str, *, language: str | None = None, region: str | None = None, known: Known = Known()
) -> str:
    """The text with `[kind]` in place of each find. Done twice, it stays the same."""
    parts, at = [], 0
    for one in find(text, language=language, region=region, known=known):
        parts += [text[at : one.start], f"[{one.kind}]"]
        at = one.end
    return "".join([*parts, text[at:]])


def _look(text: str, language: str | None, region: str | None, known: Known) -> list[Found]:
    reading = read(text)
    finds = [
        *find_links(reading),
        *find_secrets(reading),
        *find_numbers(reading, language, region),
        *find_places(reading),
        *find_known(reading, known, language),
        *find_introductions(reading),
    ]
    return [
        Found(*reading.place(one.start, one.end), one.kind)
        for one in _apart(finds)
        if MASK not in reading.plain[one.start : one.end]
    ]


def _apart(finds: Iterable[Found]) -> list[Found]:
    """Overlapping finds become one: whatever was personal in either is gone."""
    apart: list[Found] = []
    for one in sorted(finds, key=lambda one: (one.start, -one.end)):
        if apart and one.start < apart[-1].end:
            last = apart.pop()
            kind = min(last.kind, one.kind, key=_RANK.__getitem__)
            one = Found(last.start, max(last.end, one.end), kind)
        apart.append(one)
    return apart
