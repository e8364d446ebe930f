"""What the three have in common: how many calls they take, how they tell the time, how they check Basic."""

import base64
import binascii
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.requests import Request


@dataclass
class RateLimit:
    """At most `calls` credits in any `per_s` seconds. `retry_after` overrides the honest whole seconds."""

    calls: int
    per_s: float = 60.0
    retry_after: int | None = None
    clock: Callable[[], float] = time.monotonic
    refused: int = 0
    _taken: deque[tuple[float, int]] = field(default_factory=deque)

    def take(self, cost: int = 1) -> int | None:
        """None when allowed, else the seconds to wait (as sent in Retry-After)."""
        now = self.clock()
        while self._taken and self._taken[0][0] <= now - self.per_s:
            self._taken.popleft()
        if self.remaining < cost:
            self.refused += 1
            honest = math.ceil(self._taken[0][0] + self.per_s - now) if self._taken else 1
            return honest if self.retry_after is None else self.retry_after
        self._taken.append((now, cost))
        return None

    @property
    def remaining(self) -> int:
        return max(0, self.calls - sum(cost for _, cost in self._taken))


def utc(at: int | None) -> str | None:
    """Epoch seconds as 2026-03-04T08:11:02Z."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text: str) -> int | None:
    """Epoch seconds of an RFC 3339 time; None when it is not one."""
    try:
        told = datetime.fromisoformat(text.replace(" ", "+"))  # a bare + in a query string is a space
        return int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def basic(request: Request) -> str | None:
    """`user:password` of a Basic header."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def number_of(request: Request, name: str, default: int, most: int = 1 << 31) -> int | None:
    """A whole number of the query string; None when it is none, or outside 1..most."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return None
    return int(text) if 1 <= int(text) <= most else None


def root(request: Request) -> str:
    """Links lead back to wherever this was asked."""
    return f"{request.url.scheme}://{request.url.netloc}"
