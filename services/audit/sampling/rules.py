"""The draw: deterministic, so anyone with the seed can repeat it; and what evidence may still say. Pure."""

import hashlib
from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

SPACE = 2**64


def draw(seed: str, ticket_id: UUID | str) -> int:
    """0 … 2^64-1: the first 8 bytes, big endian, of SHA-256("{seed}:{ticket_id}").

    Independent of order and of other tickets; raising a plan's rate only adds tickets.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{ticket_id}".encode()).digest()[:8], "big")


def is_drawn(drawn: int, rate: Decimal) -> bool:
    """Bernoulli: u < floor(rate * 2^64)."""
    return drawn < int(rate * SPACE)


def without_words(
    evidence: dict[str, Any], *, redacted: Collection[str], is_wordless: bool
) -> dict[str, Any]:
    """The same evidence with the bodies of redacted messages left out; of a ticket without words, all."""
    if not evidence:
        return evidence
    ticket = evidence["ticket"] | (
        {"subject": None, "description": None, "tags": None} if is_wordless else {}
    )
    messages = [
        message | {"body": "", "is_redacted": True} if is_wordless or message["id"] in redacted else message
        for message in evidence["messages"]
    ]
    return evidence | {"ticket": ticket, "messages": messages}
