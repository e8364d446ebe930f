"""Takes personal data out of texts: e-mail addresses, and the names that are known. Pure."""

import re
from dataclasses import dataclass

RULES_VERSION = 1
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


@dataclass(frozen=True)
class Known:
    """Identities of a ticket's people that are known for certain."""

    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    start: int
    end: int
    kind: str


NOBODY = Known()


def find(
    text: str, *, language: str | None = None, region: str | None = None, known: Known = NOBODY
) -> list[Found]:
    """Non-overlapping, in order."""
    found = [Found(one.start(), one.end(), "email") for one in _EMAIL.finditer(text)]
    parts = {part for name in known.names for part in (name, *name.split()) if len(part) >= 3}
    for kind, words in (("email", set(known.emails)), ("name", parts), ("handle", set(known.handles))):
        for word in sorted(words, key=len, reverse=True):
            pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
            found += [Found(*one.span(), kind) for one in re.finditer(pattern, text, re.IGNORECASE)]
    apart: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
    return apart


def redact(
    text: str, *, language: str | None = None, region: str | None = None, known: Known = NOBODY
) -> str:
    for one in reversed(find(text, language=language, region=region, known=known)):
        text = f"{text[: one.start]}[{one.kind}]{text[one.end :]}"
    return text
