"""HTTP on the wire, before there is a request: slow senders and readers are let go, and what two readers
could read in two ways is refused. uvicorn's own protocol, with deadlines.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from shared.browsers import HEADERS
from shared.edges import MAX_ADDRESS_BYTES, MAX_HEADER_BYTES
from shared.errors import MalformedRequest

MAX_HEAD_BYTES = 4 * (MAX_ADDRESS_BYTES + MAX_HEADER_BYTES)
"""What is longer is not even answered in words; up to there, the app says what is too long."""
MIN_BODY_BYTES = 4_096
"""At least so much of a body comes in each stretch of its time, or all that is left of it."""
LONGEST_UNREAD_S = 30.0
"""How long somebody may take to read what we have for them."""

MAX_HELD_BYTES = 65_536
"""Of what is written in one turn of the loop."""
MAX_MESSAGE_BYTES = 65_536
"""Of one message that comes over a WebSocket."""


class Ambiguous(ValueError):
    """A request that another server could read otherwise."""


class Joined:
    """A transport that sends what is written in one turn of the loop as one piece: the head of an answer and
    its body, which come apart, would each be a packet of its own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        self._bytes += len(data)
        if self._bytes > MAX_HELD_BYTES:
            self._send()  # so that whoever writes on and on is told when it is too much

    def close(self) -> None:
        self._send()
        self._transport.close()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._send()
        self._transport.set_protocol(protocol)

    def _send(self) -> None:
        if self._parts:
            whole = b"".join(self._parts)
            self._parts.clear()
            self._bytes = 0
            self._transport.write(whole)


class Wire(HttpToolsProtocol):
    """See `protocol`."""

    header_s: ClassVar[float]
    body_s: ClassVar[float]
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _in_head = True
    _loose_bytes = 0
    """What came since the last piece of a body that was neither the end of a head nor a body."""
    _body_bytes = 0

    # ---- How long ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as theirs
        super().connection_made(Joined(transport, self.loop))  # type: ignore[arg-type]  # it stands for one
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._unread):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._loose_bytes += len(data)
        super().data_received(data)
        if self._loose_bytes > MAX_HEAD_BYTES:
            self.transport.abort()  # a head without end; or chunks' extensions, or trailers

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._loose_bytes = True, 0
        self._await_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # what comes after the body (trailers) is no header of the request
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._loose_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._loose_bytes = 0
        if self._deadline:
            self._deadline.cancel()
        super().on_message_complete()

    def _await_headers(self) -> None:
        self._set_deadline(self.header_s, self.transport.abort)

    def _await_body(self) -> None:
        self._body_bytes = 0
        self._set_deadline(self.body_s, self._check_body)

    def _check_body(self) -> None:
        we_wait = not (self.flow.read_paused or self.cycle.waiting_for_100_continue)
        if we_wait and self._body_bytes < MIN_BODY_BYTES:
            self.transport.abort()
        else:
            self._await_body()

    def _set_deadline(self, seconds: float, then: Callable[[], None]) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, then)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(LONGEST_UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread:
            self._unread.cancel()

    def handle_websocket_upgrade(self) -> None:
        """From here on it is a `Socket`'s."""
        if self._deadline:
            self._deadline.cancel()
        super().handle_websocket_upgrade()

    def timeout_keep_alive_handler(self) -> None:
        """What they have not read by now they will not read: closing would wait for them for ever."""
        self.transport.abort()

    # ---- What can be read in two ways -------------------------------------------------------------

    def on_headers_complete(self) -> None:
        names = [name for name, _ in self.headers]
        hosts, lengths = (
            names.count(b"host"),
            names.count(b"content-length") + names.count(b"transfer-encoding"),
        )
        if hosts > 1 or lengths > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise Ambiguous
        self._in_head = False
        super().on_headers_complete()
        self._await_body()

    def send_400_response(self, msg: str) -> None:
        """As every failure: a problem. Then the connection ends: where this request ends, nobody knows."""
        body = json.dumps(MalformedRequest().body()).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *HEADERS,
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + lines + b"\r\n" + body)
        self.transport.close()


class Socket(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=…)`. Of those who do not read, nothing is read either (each ping is answered),
    and they are let go."""

    _unread: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()
        self._unread = self.loop.call_later(LONGEST_UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread:
            self._unread.cancel()
        if not self.read_paused:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._unread:
            self._unread.cancel()
        super().connection_lost(exc)


def protocol(*, header_timeout_s: float, body_timeout_s: float) -> type[Wire]:
    """For `uvicorn.Config(http=…)`. A request's headers have to come within the first time, counted from the
    connection or from their first byte; of its body, MIN_BODY_BYTES in each stretch of the second. The app
    has its own time for whole bodies, and answers: so here is a little more of it."""
    times = {"header_s": header_timeout_s, "body_s": body_timeout_s + 2}
    return type("TimedWire", (Wire,), times)
