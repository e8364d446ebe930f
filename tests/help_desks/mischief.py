"""A wrapper that makes any app misbehave as real ones do, the same way each time, and counts."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = ("429", "500", "502", "503", "cut", "short", "slow")
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0} Service trouble</h1></body></html>"


class ConnectionCut(httpx.ReadError):
    """Ends a served connection; without a server in between it reaches the client as what it would see."""


class Mischief:
    """`rates` by kind: 429, 500, 502, 503 (HTML bodies), cut (the connection, in the middle of the body),
    short (a whole answer with half the JSON), slow (`slow_s` late). Their sum is at most 1.

    What happens depends on the seed, the target and how often that target was asked, so not on the
    order of requests. After `in_a_row` misdeeds a target is answered properly once.
    """

    def __init__(
        self, app: ASGIApp, seed: int = 1, rates: Mapping[str, float] | None = None, *,
        retry_after: int = 1, date_share: float = 0.3, slow_s: float = 0.05, in_a_row: int = 3,
    ) -> None:  # fmt: skip
        self.rates = dict(rates or {})
        if unknown := set(self.rates) - set(KINDS):
            raise ValueError(f"no such mischief: {sorted(unknown)}")
        self.app, self.seed, self.retry_after = app, seed, retry_after
        self.date_share, self.slow_s, self.in_a_row = date_share, slow_s, in_a_row
        self.requests: Counter[str] = Counter()  # by path
        self.answers: Counter[tuple[str, int]] = (
            Counter()
        )  # by path and status; a cut one has the status sent
        self.misdeeds: Counter[str] = Counter()  # by kind
        self._asked: Counter[str] = Counter()
        self._row: Counter[str] = Counter()

    def statuses(self) -> Counter[int]:
        total: Counter[int] = Counter()
        for (_, status), times in self.answers.items():
            total[status] += times
        return total

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        self.requests[path] += 1
        rng, deed = self._choose(
            f"{scope['method']} {path}?{scope.get('query_string', b'').decode('latin-1')}"
        )

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers[path, message["status"]] += 1
            await send(message)

        if deed in {"429", "500", "502", "503"}:
            await self._refuse(int(deed), rng, counted)
        elif deed in {"cut", "short"}:
            await self._spoil(deed, scope, receive, counted)
        else:
            await asyncio.sleep(self.slow_s if deed else 0)
            await self.app(scope, receive, counted)

    def _choose(self, target: str) -> tuple[random.Random, str]:
        self._asked[target] += 1
        rng = random.Random(f"{self.seed}:{target}:{self._asked[target]}")
        chosen, point = "", rng.random()
        for kind in KINDS:
            point -= self.rates.get(kind, 0.0)
            if point < 0:
                chosen = kind
                break
        if chosen in {"", "slow"} or self._row[target] >= self.in_a_row:
            self._row[target] = 0
            chosen = chosen if chosen == "slow" else ""
        else:
            self._row[target] += 1
        if chosen:
            self.misdeeds[chosen] += 1
        return rng, chosen

    async def _refuse(self, status: int, rng: random.Random, send: Send) -> None:
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        if status == 429:
            wait = str(self.retry_after)
            if rng.random() < self.date_share:
                wait = format_datetime(datetime.now(UTC) + timedelta(seconds=self.retry_after), usegmt=True)
            headers.append((b"retry-after", wait.encode()))
        body = _PAGE.format(status).encode()
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _spoil(self, deed: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, then pass on only half of it."""
        start: Message = {}
        body = bytearray()

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await self.app(scope, receive, kept)
        half = bytes(body[: len(body) // 2])
        length = len(half) if deed == "short" else len(body)
        others = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await send({**start, "headers": [*others, (b"content-length", str(length).encode())]})
        await send({"type": "http.response.body", "body": half, "more_body": deed == "cut"})
        if deed == "cut":
            raise ConnectionCut("cut")
