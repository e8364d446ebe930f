"""What the privacy room decides: what counts as a mention of somebody, and how long things are kept. Pure."""

import html
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KEEP_DAYS = {"originals": 180, "texts": 730}
"""Data class → days after the ticket's last change, where nobody has said otherwise."""
LEAST_KEY = 5
"""A shorter key says nothing where it is found: any number might be it."""
LEAST_WORD = 3
_TOKEN = re.compile(rf"[0-9A-Za-z_-]{{{LEAST_KEY},}}")


@dataclass(frozen=True)
class Needles:
    """By what a person is found in what was delivered: names and addresses anywhere, keys as whole words."""

    words: tuple[str, ...]
    keys: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str | None], keys: Iterable[str | None]) -> "Needles":
        return cls(
            tuple(sorted({word.casefold() for word in words if word and len(word) >= LEAST_WORD})),
            frozenset(key for key in keys if key and len(key) >= LEAST_KEY),
        )


def mentions(body: bytes, needles: Needles) -> bool:
    """Whether it says who they are, however it is written: JSON with or without escapes, XML, or neither."""
    text = body.decode("utf-8", "replace")
    readings = [text]
    if "\\" in text:
        readings.append(_unescaped(text))
    if "&" in text:
        readings.append(html.unescape(text))
    return any(_says(reading, needles) for reading in readings)


def _says(text: str, needles: Needles) -> bool:
    folded = text.casefold()
    if any(word in folded for word in needles.words):
        return True
    return not needles.keys.isdisjoint(_TOKEN.findall(text))


def _unescaped(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        return re.sub(r"\\u([0-9a-fA-F]{4})", lambda one: chr(int(one[1], 16)), text)


def says(value: Any, needles: Needles, exact: Collection[str | None]) -> bool:
    """Whether a value of ours, or anything in it, names them; `exact` are their keys, however short."""
    if isinstance(value, Mapping):
        return any(says(one, needles, exact) for one in value.values())
    if isinstance(value, list | tuple):
        return any(says(one, needles, exact) for one in value)
    return value is not None and (value in exact or _says(str(value), needles))
