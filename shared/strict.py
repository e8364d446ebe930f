"""The one reader of JSON from outside. What the framework lets through (repeated keys, NaN, NUL,
lone surrogates, endless digits, deep nesting) is refused here, and never echoed back."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from shared.errors import Fault, MalformedJson, ValidationFailed

MAX_DEPTH = 32
MAX_DIGITS = 100
"""Longer integers are refused before Python's own limit (4,300 digits) makes them an error of ours."""
INT8 = 2**63


def loads(
    body: bytes, *, max_depth: int = MAX_DEPTH, max_values: int | None = None, storable: bool = True
) -> Any:
    """Strict UTF-8, one document, no repeated keys, bounded numbers, text that Postgres can hold.

    Raises MalformedJson (400) where it is not JSON, ValidationFailed (422) where it is
    but holds what no field of ours can hold, or more than `max_values`. `storable=False` lets the
    latter two pass, and a byte order mark, for payloads that are kept raw whatever they hold (see
    `cleaned`).
    """
    try:
        value = json.loads(
            body.decode("utf-8" if storable else "utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except UnicodeDecodeError as error:
        raise MalformedJson(f"Byte {error.start} is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at character {error.pos}.") from None
    except RecursionError:
        raise MalformedJson("The nesting is too deep to read.") from None
    if not storable:
        # Counting first: only what has so many brackets can be so deep, and looking costs much more.
        if body.count(b"{") + body.count(b"[") > max_depth and _is_too_deep(value, max_depth):
            raise MalformedJson("The nesting is too deep to read.")
        return value
    faults = list(_faults(value, max_depth, max_values))
    if faults:
        raise ValidationFailed("The JSON holds what cannot be stored.", faults=faults[:20])
    return value


def _is_too_deep(root: Any, max_depth: int) -> bool:
    """A stack, not recursion: the depth is the sender's choice. What is empty is not entered."""
    stack = [(root, 1)] if isinstance(root, dict | list) else []
    while stack:
        value, depth = stack.pop()
        children = value.values() if isinstance(value, dict) else value
        inner = [child for child in children if isinstance(child, dict | list)]
        if inner and depth >= max_depth:
            return True
        stack.extend((child, depth + 1) for child in inner if child)
    return False


MAX_NAME = 64
"""A longer name in a pointer is cut: it is the sender's text, not one of our fields."""


def pointer(*path: object) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part)[:MAX_NAME].replace("~", "~0").replace("/", "~1") for part in path)


def text_fault(text: str) -> str | None:
    """The code of what makes this text unstorable, or None."""
    if "\x00" in text:
        return "nul-character"
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "invalid-unicode"
    return None


_WORDS = {
    "nul-character": "Text may not hold the NUL character.",
    "invalid-unicode": "Text may not hold half a surrogate pair.",
    "too-deep": "Nested too deeply.",
    "too-many-items": "Too many values.",
    "out-of-range": "The number is out of range.",
}


def fault(code: str, *path: object) -> Fault:
    return Fault(pointer(*path), code, _WORDS[code])


def _faults(root: Any, max_depth: int, max_values: int | None) -> Iterator[Fault]:
    # A stack, not recursion: the depth is the sender's choice. A deep value is not entered.
    stack: list[tuple[Any, tuple[object, ...]]] = [(root, ())]
    values = 1
    while stack:
        value, path = stack.pop()
        if max_values is not None and isinstance(value, dict | list):
            values += len(value)
            if values > max_values:
                yield fault("too-many-items", *path[:3])
                return  # before they are looked at one by one
        if isinstance(value, dict | list) and len(path) >= max_depth:
            yield fault("too-deep", *path[:3])
        elif isinstance(value, str):
            if code := text_fault(value):
                yield fault(code, *path)
        elif isinstance(value, dict):
            for key, child in value.items():
                if code := text_fault(key):
                    yield fault(code, *path)  # the key itself would be an echo
                stack.append((child, (*path, key)))
        elif isinstance(value, list):
            stack.extend((child, (*path, index)) for index, child in enumerate(value))
        elif isinstance(value, bool):
            continue
        elif (isinstance(value, int) and not -INT8 <= value < INT8) or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            yield fault("out-of-range", *path)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedJson("An object has the same key twice.")
    return result


def _constant(_: str) -> NoReturn:
    raise MalformedJson("NaN and Infinity are not JSON.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise MalformedJson("A number has too many digits.")
    return int(digits)


def _number(digits: str) -> float:
    if len(digits) > MAX_DIGITS:
        raise MalformedJson("A number has too many digits.")
    return float(digits)


def cleaned(value: Any) -> Any:
    """The same document with what a text column cannot hold replaced by U+FFFD, and numbers beyond
    all bounds by null.

    Recursive: only for what `loads` has bounded in depth.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {cleaned(key): cleaned(child) for key, child in value.items()}
    if isinstance(value, list):
        return [cleaned(child) for child in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
