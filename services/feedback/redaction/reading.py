"""What the parts of this room speak of: what was found, what is known for certain, and a text as it is read.

People write one thing in many ways: full-width letters, Arabic digits, accents as characters of their own,
invisible characters in between. The patterns see one of them; `origin` leads back to what was written.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = (
    "url secret", "secret", "email", "iban", "card", "id number", "ip", "phone", "handle", "address", "name",
    "text",
)  # fmt: skip
"""Where two finds overlap, they become one of the kind that stands first here."""


@dataclass(frozen=True)
class Known:
    """The identities of a ticket's people that are known for certain, as the help desk writes them."""

    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """`text[start:end]` is personal; `kind` is one of KINDS."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Reading:
    """`lower` is `plain` in lower case, character by character: a place in one is a place in the other."""

    plain: str
    lower: str
    origin: Sequence[int] | None
    """Where each character of `plain` begins in the text, and its end; None: at the same place."""

    def place(self, start: int, end: int) -> tuple[int, int]:
        return (start, end) if self.origin is None else (self.origin[start], self.origin[end])


MASK = "\ue000"
"""Stands for what is already replaced. No pattern takes it for part of anything, nor looks past it."""

_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)})\]")
_INVISIBLE = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe0e\ufe0f"
_JOINING = "\u0300-\u036f\u0653-\u0655\u1161-\u11ff\u3099\u309a"
_UNUSUAL = re.compile(f"[{_INVISIBLE}{_JOINING}]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]+")
# Composing sorts the marks on one letter, in time quadratic in their number: never many at once.
_CLUSTER = re.compile(f"[{_INVISIBLE}]+|[^{_INVISIBLE}][{_JOINING}]{{0,8}}", re.DOTALL)


def _forms() -> dict[int, str]:
    """One character for one character."""
    forms = {
        code: str(digit)
        for code in (*range(0x80, 0x10000), *range(0x1D7CE, 0x1D800))
        if (digit := unicodedata.decimal(chr(code), None)) is not None
    }
    forms |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    forms |= dict.fromkeys(
        map(ord, "\t\r\u00a0\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))), " "
    )
    forms |= dict.fromkeys(map(ord, "\u0085\u2028\u2029\x0b\x0c"), "\n")
    forms |= dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣"), "-")
    forms |= dict.fromkeys(map(ord, "‘’ʼ`´"), "'") | dict.fromkeys(map(ord, "“”„«»"), '"')
    # The one capital whose lower case is two characters.
    return forms | {ord("﹫"): "@", ord("İ"): "I", ord("﹕"): ":"}


_FORMS = _forms()


def mask(text: str, spans: Sequence[Found] = ()) -> str:
    """Same length; placeholders and what was found are out of sight."""
    if "[" in text:
        text = _PLACEHOLDER.sub(lambda match: MASK * len(match[0]), text)
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], MASK * (span.end - span.start)]
        at = span.end
    return "".join([*parts, text[at:]])


def read(text: str) -> Reading:
    if text.isascii() or not _UNUSUAL.search(text):
        plain = text.translate(_FORMS)
        return Reading(plain, plain.lower(), None)
    parts: list[str] = []
    origin: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        if _HIDDEN.match(cluster[0]):
            continue
        composed = unicodedata.normalize("NFC", cluster[0]).translate(_FORMS)
        parts.append(composed)
        origin += [cluster.start()] * len(composed)
    plain = "".join(parts)
    return Reading(plain, plain.lower(), [*origin, len(text)])


def before(text: str, at: int, length: int) -> str:
    """What stands before a place, up to what is already replaced."""
    return text[max(0, at - length) : at].rpartition(MASK)[2]


def occurrences(text: str, part: str) -> list[int]:
    places, at = [], text.find(part)
    while at >= 0:
        places.append(at)
        at = text.find(part, at + len(part))
    return places
