"""The draw: deterministic, so anyone with the seed can repeat it. Pure."""

import hashlib
from decimal import Decimal
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
