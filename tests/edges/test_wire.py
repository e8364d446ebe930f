"""Over real sockets: slow senders, odd bytes (RELIABILITY.md W26, P30, Q13)."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from services import wire
from services.run import create_app
from services.serving import listen, serving
from shared.config import Settings

SLOW = int(os.environ.get("ASSAY_SLOW_CONNECTIONS", "60"))
GET = b"GET /healthz HTTP/1.1\r\nHost: assay\r\n\r\n"


@dataclass
class Server:
    app: FastAPI
    port: int

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def says(self, *parts: bytes) -> bytes:
        """All that is answered, until the connection is closed by the server."""
        async with self.connected() as (reader, writer):
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await ended(reader)

    async def stays_open_for(self, *parts: bytes, every_s: float = 0.1, at_most_s: float = 8) -> float:
        """Seconds until the server closes, while the parts are sent slowly."""
        async with self.connected() as (reader, writer):
            started = time.monotonic()
            end = asyncio.create_task(ended(reader))
            for part in parts:
                with contextlib.suppress(OSError):
                    writer.write(part)
                    await writer.drain()
                done, _ = await asyncio.wait({end}, timeout=every_s)
                if done:
                    break
            await asyncio.wait_for(end, at_most_s)
            return time.monotonic() - started


async def ended(reader: asyncio.StreamReader) -> bytes:
    heard = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65_536):
            heard += part
    return heard


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    """With short times, so that the tests are."""
    app = create_app(settings.model_copy(update={"header_timeout_s": 1.0, "body_timeout_s": 1.0}))
    listener = listen("127.0.0.1", 0)
    async with serving(app, listener, asyncio.Event()):
        yield Server(app, listener.getsockname()[1])


# ---- Slow ------------------------------------------------------------------------------------------


async def test_who_says_nothing_is_let_go(server: Server) -> None:
    assert 0.9 <= await server.stays_open_for() < 2.5


async def test_p30_headers_that_drip_in_are_not_waited_for(server: Server) -> None:
    drops = [GET[:-2], *(b"X-%d: 1\r\n" % n for n in range(100))]
    assert 0.9 <= await server.stays_open_for(*drops) < 2.5


async def test_headers_that_drip_in_on_a_kept_connection_are_not_either(server: Server) -> None:
    drops = [GET, GET[:-2], *(b"X-%d: 1\r\n" % n for n in range(100))]
    assert 0.9 <= await server.stays_open_for(*drops) < 2.5


@pytest.mark.parametrize(
    "path", ["/feedback/intake/zendesk/zd", "/people/vendors", "/healthz", "/nowhere", "/graphql"]
)
async def test_w26_a_body_that_drips_in_is_not_waited_for(server: Server, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    assert await server.stays_open_for(head.encode(), *[b"1"] * 100) < 5


async def test_w26_a_webhook_whose_body_never_begins_is_not_waited_for(server: Server) -> None:
    head = b"POST /feedback/intake/zendesk/zd HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"
    assert await server.stays_open_for(head) < 5


async def test_a_body_that_comes_steadily_is_read_however_long_it_takes(server: Server) -> None:
    read = 0

    @server.app.post("/counts")
    async def counts(request: Request) -> PlainTextResponse:
        nonlocal read
        async for part in request.stream():
            read += len(part)
        return PlainTextResponse("read")

    pieces = [b"x" * 2_000] * 40
    head = b"POST /counts HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 80000\r\n\r\n"
    assert await server.stays_open_for(head, *pieces) > 3.5
    assert read == 80_000


async def test_an_app_that_does_not_read_makes_nobody_slow(server: Server) -> None:
    @server.app.post("/late")
    async def late(request: Request) -> PlainTextResponse:
        await asyncio.sleep(7)  # more than two stretches
        return PlainTextResponse(str(len(await request.body())))

    head = b"POST /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 900000\r\n\r\n"
    answer = await server.says(head, b"x" * 900_000)
    assert answer.endswith(b"900000")


async def test_who_does_not_read_the_answer_is_let_go(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST_UNREAD_S", 0.5)
    size = 50_000_000

    @server.app.get("/large")
    async def large() -> PlainTextResponse:
        return PlainTextResponse(b"x" * size)

    async with server.connected() as (reader, writer):
        # given somebody who asks for much and reads nothing of it
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # sockets have it
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(1.5)
        # when they begin at last
        writer.transport.resume_reading()  # type: ignore[attr-defined]  # sockets have it
        # then the rest is gone
        assert len(await asyncio.wait_for(ended(reader), 5)) < size


async def test_p30_many_slow_connections_hurt_nobody(server: Server) -> None:
    """In full: ASSAY_SLOW_CONNECTIONS=500."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:

        async def typical() -> float:
            times = []
            for _ in range(60):
                started = time.perf_counter()
                assert (await client.get("/readyz")).status_code == 200
                times.append(time.perf_counter() - started)
            return sorted(times)[len(times) * 95 // 100]

        alone = await typical()
        drops = [GET[:10], *[b"x"] * 100]
        slow = [asyncio.create_task(server.stays_open_for(*drops)) for _ in range(SLOW)]
        await asyncio.sleep(0.2)
        beside = await typical()
        lasted = await asyncio.gather(*slow)
    assert max(lasted) < 4
    assert beside < max(2 * alone, alone + 0.05), (
        f"p95 {alone:.4f} s alone, {beside:.4f} s beside {SLOW} slow"
    )
    print(f"p95 {alone * 1000:.1f} ms, beside {SLOW} {beside * 1000:.1f} ms; closed by {max(lasted):.1f} s")


# ---- Odd -------------------------------------------------------------------------------------------

POST = b"POST /people/vendors HTTP/1.1\r\nHost: a\r\n"
ODD = [
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", id="Q13-two-hosts"),
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n", id="Q13-two-hosts-alike"),
    pytest.param(b"GET /healthz HTTP/1.1\r\n\r\n", id="Q13-no-host"),
    pytest.param(
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /", id="Q13-cl-te"
    ),
    pytest.param(
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /", id="Q13-te-cl"
    ),
    pytest.param(POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", id="Q13-two-lengths"),
    pytest.param(POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", id="Q13-two-lengths-alike"),
    pytest.param(POST + b"Content-Length: 5, 5\r\n\r\nhello", id="Q13-length-list"),
    pytest.param(POST + b"Content-Length: +5\r\n\r\nhello", id="Q13-signed-length"),
    pytest.param(POST + b"Content-Length: 0x5\r\n\r\nhello", id="Q13-hex-length"),
    pytest.param(POST + b"Content-Length: -5\r\n\r\nhello", id="Q13-negative-length"),
    pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="Q13-unknown-te"),
    pytest.param(POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", id="Q13-te-not-last"),
    pytest.param(
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="Q13-two-te"
    ),
    pytest.param(POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", id="Q13-space-before-colon"),
    pytest.param(b"GET /healthz HTTP/1.1\nHost: a\n\n", id="Q13-bare-lf"),
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", id="Q13-one-bare-lf"),
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", id="Q13-bare-cr"),
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", id="Q13-folded"),
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", id="Q13-nul-in-a-header"),
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", id="Q13-space-in-a-name"),
    pytest.param(b"GET /health z HTTP/1.1\r\nHost: a\r\n\r\n", id="Q13-space-in-the-address"),
    pytest.param(b"GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n", id="Q13-version"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="Q13-http2"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="Q13-tls-hello"),
    pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", id="Q13-chunk-bare-lf"),
    pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="Q13-chunk-size"),
]


@pytest.mark.parametrize("sent", ODD)
async def test_what_can_be_read_in_two_ways_is_refused_and_closed(server: Server, sent: bytes) -> None:
    answer = await server.says(sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 "), answer
    assert answer.count(b"HTTP/1.1") == 1, "nothing after it is answered"
    assert json.loads(body)["type"] == "/problems/malformed-request"
    assert b"application/problem+json" in head
    assert b"x-frame-options: DENY" in head


async def test_trailers_are_no_headers(server: Server) -> None:
    seen: list[str] = []

    @server.app.post("/shows")
    async def shows(request: Request) -> PlainTextResponse:
        await request.body()
        seen.extend(request.headers.keys())
        return PlainTextResponse("")

    sent = b"POST /shows HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    await server.says(sent + b"1\r\nx\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
    assert seen == ["host", "connection", "transfer-encoding"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param([GET[:-2], *[b"X: " + b"y" * 1_000 + b"\r\n"] * 300], id="headers"),
        pytest.param([GET[:-2] + b"X: ", *[b"y" * 1_000] * 300], id="one-header"),
        pytest.param([b"GET /", *[b"y" * 1_000] * 300], id="the-address"),
        pytest.param(
            [POST + b"Transfer-Encoding: chunked\r\n\r\n1;", *[b"y" * 1_000] * 300], id="chunk-extensions"
        ),
        pytest.param(
            [POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", *[b"y" * 1_000] * 300], id="a-trailer"
        ),
    ],
)
async def test_what_has_no_end_is_not_kept(server: Server, sent: list[bytes]) -> None:
    started = time.monotonic()
    with contextlib.suppress(ConnectionError):
        await server.says(*sent)
    assert time.monotonic() - started < 0.9, "before any time is over"


async def test_q10_headers_that_are_merely_too_large_are_answered_in_words(server: Server) -> None:
    answer = await server.says(GET[:-2] + b"X: " + b"y" * 20_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_nobody_is_answered_over_a_web_socket(server: Server) -> None:
    upgrade = b"Connection: upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    answer = await server.says(GET[:-2] + upgrade + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    assert b" 101 " not in answer.partition(b"\r\n")[0]


# ---- Behind our own proxy --------------------------------------------------------------------------


@pytest.mark.parametrize("proxies", [(), ("127.0.0.1",)], ids=["not-trusted", "trusted"])
async def test_only_our_own_proxies_are_believed(settings: Settings, proxies: tuple[str, ...]) -> None:
    app = create_app(settings.model_copy(update={"trusted_proxies": proxies}))
    seen = []

    @app.get("/who")
    async def who(request: Request) -> PlainTextResponse:
        seen.append(request.client.host if request.client else "")
        return PlainTextResponse("")

    listener = listen("127.0.0.1", 0)
    async with serving(app, listener, asyncio.Event()), httpx.AsyncClient() as client:
        answer = await client.get(
            f"http://127.0.0.1:{listener.getsockname()[1]}/who",
            headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9", "x-forwarded-proto": "https"},
        )
    assert seen == (["203.0.113.9"] if proxies else ["127.0.0.1"])
    assert ("strict-transport-security" in answer.headers) is bool(proxies)
