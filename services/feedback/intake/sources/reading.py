"""Reading fields of payloads that come from outside: bounded, strict, and with the place named.
Pure. Every reader raises NotUnderstood with a JSON pointer; no value is ever quoted."""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from services.feedback.intake.normalised import NotUnderstood

MAX_ID = 40
LONGEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""


def obj(owner: Any, name: str, where: str = "") -> Mapping[str, Any]:
    """An object that must be there."""
    found = owner.get(name) if isinstance(owner, dict) else None
    if not isinstance(found, dict):
        raise NotUnderstood(f"{where}/{name}", "An object is missing here.")
    return found


def opt_obj(owner: Any, name: str) -> Mapping[str, Any]:
    """An object, or an empty one."""
    found = owner.get(name) if isinstance(owner, dict) else None
    return found if isinstance(found, dict) else {}


def text(owner: Any, name: str, where: str = "") -> str:
    """Text (or a whole number, as text) that must be there and not be empty."""
    found = opt_text(owner, name) if isinstance(owner, dict) else None
    if not found:
        raise NotUnderstood(f"{where}/{name}", "Text is missing here.")
    return found


def opt_text(owner: Mapping[str, Any], name: str) -> str | None:
    found = owner.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)


def key(owner: Any, name: str, where: str) -> str:
    """An id: opaque text, 1 to 40 characters."""
    text(owner, name, where)
    return cast(str, opt_key(owner, name, where))


def opt_key(owner: Mapping[str, Any], name: str, where: str) -> str | None:
    """Ids are opaque, but short: a long one would not fit into an index. Empty is none."""
    found = opt_text(owner, name) or None
    if found is not None and len(found) > MAX_ID:
        raise NotUnderstood(f"{where}/{name}", "Too long for an id.")
    return found


def flag(owner: Mapping[str, Any], name: str) -> bool | None:
    """true and false, also as the words that XML and templates use."""
    found = owner.get(name)
    if isinstance(found, bool):
        return found
    return {"true": True, "false": False}.get(found.lower()) if isinstance(found, str) else None


def moment(owner: Mapping[str, Any], name: str, where: str = "") -> datetime:
    """A time that must be there and be one."""
    text(owner, name, where)
    found = opt_moment(owner, name)
    if found is None:
        raise NotUnderstood(f"{where}/{name}", "Not a time with its zone.")
    return found


def opt_moment(owner: Mapping[str, Any], name: str) -> datetime | None:
    """RFC 3339 (any number of fractional digits, offset with or without colon) or epoch
    milliseconds → UTC, cut (not rounded) to microseconds. A bad time is None."""
    found = owner.get(name)
    try:
        if isinstance(found, int) and not isinstance(found, bool):
            if not 0 <= found <= LONGEST_MS:
                return None
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=found)
        if not isinstance(found, str) or len(found) > 40:
            return None
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", found))
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


MAX_WORD = 255
"""Of text that is short by nature."""


class Row:
    """An object while it is read. What is odd becomes None and a warning; ids that must be there raise
    NotUnderstood."""

    def __init__(self, fields: Mapping[str, Any], where: str = "", warnings: list[str] | None = None) -> None:
        self.fields, self.where = fields, where
        self.warnings: list[str] = [] if warnings is None else warnings

    def tells(self, name: str) -> bool:
        return name in self.fields

    def within(self, name: str) -> "Row":
        """An object inside it, empty where there is none. It warns into the same list."""
        return Row(opt_obj(self.fields, name), f"{self.where}/{name}", self.warnings)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    def key(self, name: str) -> str:
        return key(self.fields, name, self.where)

    def vital_id(self, name: str) -> str | None:
        """It may be missing, but where it is there somebody is credited by it. Raises NotUnderstood."""
        return opt_key(self.fields, name, self.where)

    def id(self, name: str) -> str | None:
        found = self.text(name)
        if found is None or len(found) <= MAX_ID:
            return found
        self.warn(f"{name} is too long for an id.")
        return None

    def text(self, name: str) -> str | None:
        """Empty is none."""
        found = opt_text(self.fields, name)
        if found is None and self.fields.get(name) is not None:
            self.warn(f"{name} is not text.")
        return found or None

    def word(self, name: str) -> str | None:
        """Text that is short by nature: the rest is cut off."""
        found = self.text(name)
        return found[:MAX_WORD] if found else None

    def flag(self, name: str) -> bool | None:
        found = flag(self.fields, name)
        if found is None and self.fields.get(name) not in (None, ""):
            self.warn(f"{name} is neither true nor false.")
        return found

    def time(self, name: str) -> datetime | None:
        found = opt_moment(self.fields, name)
        if found is None and self.fields.get(name) not in (None, ""):
            self.warn(f"{name} is not a time.")
        return found


# ---- Markup -------------------------------------------------------------------------------------

_BREAK = re.compile(r"<\s?(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_UNSHOWN = re.compile(r"<\s?(script|style|head|title)\b.*?(?:<\s?/\s?\1\s?>|\Z)", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<\s?/?\s?[a-zA-Z!?][^<>]*>")
_GAP = re.compile(r"(?<=[</])\s+")
_ENDLESS_NUMBER = re.compile(r"&#[0-9]{50,}")


def plain(markup: str | None) -> str:
    """HTML → the text a reader sees: blocks and <br> become line ends, entities are resolved.

    For reading and scoring only; it never makes markup safe to show as markup. Long gaps and
    endless numbers are shortened first: they do not show, and would take long or fail.
    """
    bounded = _ENDLESS_NUMBER.sub("&#1114112", _GAP.sub(" ", markup or ""))
    shown = _COMMENT.sub("", _UNSHOWN.sub("", bounded))
    lines = html.unescape(_TAG.sub("", _BREAK.sub("\n", shown))).split("\n")
    return "\n".join(line.strip() for line in lines).strip()
