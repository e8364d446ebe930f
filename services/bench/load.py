"""A load generator that costs little: ready-made requests over kept-open connections, one at a time
on each. It knows only as much HTTP as our own answers need."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast


@dataclass
class Measured:
    """Of one run: how long (seconds), and how it was answered."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies_s: list[float] = field(default_factory=list)
    cut: int = 0
    """Requests whose connection ended before the answer."""

    @property
    def acknowledged(self) -> int:
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class _Caller(asyncio.Protocol):
    def __init__(self, requests: deque[bytes], measured: Measured) -> None:
        self._requests, self._measured = requests, measured
        self._buffer = b""
        self._sent_at = 0.0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._requests.popleft())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._buffer = b""
        self._measured.latencies_s.append(time.perf_counter() - self._sent_at)
        status = int(head[9:12])
        self._measured.statuses[status] = self._measured.statuses.get(status, 0) + 1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sent_at and self._requests:
            self._measured.cut += 1
        if not self.over.done():
            self.over.set_result(None)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def send_all(
    requests: Iterable[bytes], ports: list[int], *, connections: int, seconds: float
) -> Measured:
    """Sends what it can within `seconds`, over so many connections shared out to the ports."""
    waiting, measured = deque(requests), Measured()
    loop = asyncio.get_running_loop()
    loop.call_later(seconds, waiting.clear)
    started = time.perf_counter()
    callers = []
    for number in range(connections):
        port = ports[number % len(ports)]
        _, caller = await loop.create_connection(lambda: _Caller(waiting, measured), "127.0.0.1", port)
        callers.append(caller)
    await asyncio.gather(*(caller.over for caller in callers))
    measured.seconds = time.perf_counter() - started
    return measured


def request(path: str, headers: dict[str, str], body: bytes, method: str = "POST") -> bytes:
    """The bytes of a request on a connection that is kept open."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
