"""Subscriptions as server-sent events; and what becomes of all who follow when a reader is slow, or the
database goes away."""

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from on_the_wire import AUDITS, PROTOCOL, asked, blocks, cursor_now, events, follower, served, socket
from sqlalchemy import make_url
from world import World

from services import wire
from services.gateway.live import feed as feeds
from services.gateway.live.positions import Position
from services.gateway.streaming import events as ours
from services.gateway.streaming import socket as sockets
from services.local import prepare_database
from services.run import create_app
from shared.config import Settings
from shared.embedded_postgres import EmbeddedPostgres
from shared.events import AuditMoved
from shared.outbox import publish

MOVED = "subscription { auditMoved { cursor audit { id state } } }"


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    async with served(world.app) as number:
        yield number


@pytest.fixture
async def audit(world: World) -> str:
    """One audit, waiting."""
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    (found,) = (await world.get("/audit/audits"))["items"]
    return str(found["id"])


async def moved(world: World, audit: str, times: int = 1) -> None:
    """Says so, without moving it."""
    async with world.db.transaction("test") as session:
        await publish(session, *[AuditMoved(audit)] * times)  # type: ignore[arg-type]  # as text


async def following(world: World) -> None:
    """Until somebody follows, and so nothing that comes is missed."""
    await asyncio.wait_for(world.app.state.live.feed._began.wait(), 5)
    await asyncio.sleep(0.3)


# ---- Events -------------------------------------------------------------------------------------------


async def test_events_are_told_with_their_cursor_as_the_id(world: World, port: int, audit: str) -> None:
    async with events(port, world, MOVED) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        await following(world)
        await moved(world, audit)
        block = await anext(blocks(response))
    assert block["event"] == "next"
    said = json.loads(block["data"])["data"]["auditMoved"]
    assert said == {"cursor": block["id"], "audit": {"id": audit, "state": "open"}}


async def test_last_event_id_resumes(world: World, port: int, audit: str) -> None:
    # given a cursor after which two things happened
    cursor = await cursor_now(world)
    await moved(world, audit, times=2)
    # when somebody comes back with it, as browsers do
    async with events(port, world, MOVED, **{"last-event-id": cursor}) as response:
        told = blocks(response)
        first, second = await anext(told), await anext(told)
    assert first["id"] != second["id"]
    # and with the first one's, there is one
    async with events(port, world, MOVED, **{"last-event-id": first["id"]}) as response:
        told = blocks(response)
        assert json.loads((await anext(told))["data"])["data"]["auditMoved"]["audit"]["id"] == audit
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(told), 0.5)


async def test_something_is_said_while_nothing_happens(
    world: World, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "BEAT_S", 0.2)
    async with events(port, world, MOVED) as response:
        told = blocks(response)
        assert [await asyncio.wait_for(anext(told), 2) for _ in range(2)] == [{"": ""}, {"": ""}]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { id } }", "OPERATION_NOT_TAKEN_HERE"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { auditMoved(after: "x") { cursor } }', "BAD_USER_INPUT"),
    ],
)
async def test_what_fails_is_told_and_the_stream_is_complete(
    world: World, port: int, query: str, code: str
) -> None:
    async with events(port, world, query) as response:
        told = [block async for block in blocks(response)]
    assert [block["event"] for block in told] == ["next", "complete"]
    document = json.loads(told[0]["data"])
    assert (document["data"], document["errors"][0]["extensions"]["code"]) == (None, code)


async def test_without_a_good_token_there_is_no_stream(world: World, port: int) -> None:
    headers = {"accept": "text/event-stream", "authorization": "Bearer nonsense"}
    answer = await asked(port, "POST", headers, json={"query": MOVED})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


async def test_streams_leave_their_callers_share_to_other_questions(settings: Settings, world: World) -> None:
    app = create_app(settings.model_copy(update={"calls_at_once": 4, "live_streams": 6}))
    async with served(app) as port, AsyncExitStack() as stack:
        for _ in range(6):
            await stack.enter_async_context(events(port, world, MOVED))
        answer = await asked(port, "POST", world.as_(), json={"query": "{ viewer { id } }"})
        assert answer.status_code == 200
        # and there are so many of them and no more
        more = await asked(port, "POST", world.as_() | {"accept": "text/event-stream"}, json={"query": MOVED})
        assert (more.status_code, more.json()["type"]) == (429, "/problems/too-many-at-once")


async def test_who_goes_away_is_forgotten(world: World, port: int) -> None:
    live = world.app.state.live
    async with events(port, world, MOVED):
        await following(world)
        assert sum(live._open.values()) == 1
    for _ in range(100):
        if not live._open:
            break
        await asyncio.sleep(0.05)
    assert (dict(live._open), live.feed._reading, live.feed._followers) == ({}, None, 0)
    assert world.app.state.reads.engine.pool.checkedout() == 0


async def test_when_the_server_stops_streams_end_and_are_not_called_complete(world: World) -> None:
    """Whoever hears `complete` does not come back."""
    app = create_app(world.app.state.settings)
    started = asyncio.get_running_loop().time()
    async with AsyncExitStack() as stack:
        async with served(app) as port:
            response = await stack.enter_async_context(events(port, world, MOVED))
            await asyncio.sleep(0.3)
        told = [block async for block in blocks(response)]
    assert told == []
    assert asyncio.get_running_loop().time() - started < 5


# ---- Slow readers -------------------------------------------------------------------------------------


async def test_who_reads_too_slowly_is_told_where_to_go_on_and_keeps_nobody_waiting(
    world: World, audit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given that little is kept, and two who follow, of whom one does not ask for more
    monkeypatch.setattr(feeds, "KEPT", 20)
    monkeypatch.setattr(feeds, "PAGE", 10)
    feed = world.app.state.live.feed
    async with feed.followed():
        start = feed.read_to
        slow, quick = (feeds.Reader(feed, "AuditMoved", None) for _ in range(2))
        heard = []
        for _ in range(10):
            await moved(world, audit, times=5)
            heard += await asyncio.wait_for(quick.next(5), 5)
        # then the quick one has heard all, in order, and no more is kept than may be
        while len(heard) < 50:
            heard += await asyncio.wait_for(quick.next(5), 5)
        assert heard == sorted(heard, key=lambda change: change.position)
        assert len(feed.kept) == 20
        # and the slow one is told to come back
        with pytest.raises(feeds.Stopped, match="subscribe again") as caught:
            await slow.next(1)
        assert caught.value.code == "FELL_BEHIND"
        # which works: from the table
        again, caught_up = feeds.Reader(feed, "AuditMoved", start), []
        while len(caught_up) < 50:
            caught_up += await again.next(1)
        assert caught_up == heard
        assert await again.next(0.2) == []


async def test_whoever_missed_too_much_is_told_to_read_anew(
    world: World, audit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_BEHIND", 30)
    monkeypatch.setattr(feeds, "PAGE", 10)
    feed = world.app.state.live.feed
    await moved(world, audit, times=50)
    async with feed.followed():
        reader = feeds.Reader(feed, "AuditMoved", Position(1))
        for _ in range(3):
            await reader.next(1)
        with pytest.raises(feeds.Stopped, match="read anew"):
            await reader.next(1)


async def test_who_does_not_read_is_let_go_and_the_others_hear_everything(
    world: World, port: int, audit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an audit with long words, and somebody who follows it without reading
    monkeypatch.setattr(sockets, "UNREAD_S", 0.5)
    monkeypatch.setattr(wire, "LONGEST_UNREAD_S", 0.5)
    specialist = await world.person("specialist")
    await world.reviewed(specialist)
    await world.db.fetch("UPDATE review SET summary = repeat('long ', 2000)")
    wide = " ".join(f"r{number}: reviews {{ summary }}" for number in range(14))
    after = await cursor_now(world)
    async with socket(port) as deaf, follower(port, world, AUDITS, after=after) as other:
        await deaf.init(world.as_()["authorization"])
        deaf.socket.transport.pause_reading()
        await deaf.follow(f"subscription {{ auditMoved {{ cursor audit {{ {wide} }} }} }}")
        # when much happens
        for _ in range(4):
            await moved(world, audit, times=30)
            # then the other one hears it all
            for _ in range(30):
                await other.next()
        await asyncio.sleep(1.5)
        # and who did not read has been let go
        assert sum(world.app.state.live._open.values()) == 1
        assert world.app.state.live.feed._followers == 1


async def test_who_pings_without_reading_the_answers_is_let_go(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST_UNREAD_S", 0.5)
    handshake = (
        "GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(handshake.encode())
    assert b" 101 " in await reader.readline()
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # sockets have it
    with pytest.raises((ConnectionError, TimeoutError)) as caught:
        await pings_without_end(writer)
    assert caught.type is not TimeoutError, "the server takes pings for ever"
    writer.close()


async def pings_without_end(writer: asyncio.StreamWriter) -> None:
    ping = b"\x89\xfd" + bytes(4) + b"x" * 125
    async with asyncio.timeout(20):
        while True:
            writer.write(ping * 500)
            await writer.drain()
            await asyncio.sleep(0)


# ---- The database goes away ---------------------------------------------------------------------------


async def test_a_listener_that_is_cut_off_listens_again_and_nothing_is_lost(
    world: World, port: int, audit: str
) -> None:
    async with follower(port, world, AUDITS, after=await cursor_now(world)) as lead:
        await moved(world, audit)
        await lead.next()
        # when every connection of ours is cut
        await world.db.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'assay_app'"
        )
        await moved(world, audit, times=3)
        # then what happened meanwhile is told, each once
        said = [await lead.next() for _ in range(3)]
        assert len({one["cursor"] for one in said}) == 3
        await lead.hear_nothing()


async def test_a_database_that_is_started_again_is_found_again(settings: Settings) -> None:
    """Killed, not stopped: as when the machine goes down."""
    folder = tempfile.mkdtemp(prefix="assay-test-")
    os.chmod(folder, 0o755)
    server = EmbeddedPostgres(Path(folder))
    relay = Relay()
    try:
        own = settings.model_copy(
            update={"database_url": await relay.to(await asyncio.to_thread(server.start))}
        )
        await asyncio.to_thread(prepare_database, own)
        async with World(create_app(own)) as world, served(world.app) as port:
            connection = await world.connection()
            await world.plan(connection["id"])
            await world.solved_ticket()
            (audit,) = (await world.get("/audit/audits"))["items"]
            async with follower(port, world, AUDITS, after=await cursor_now(world)) as lead:
                await moved(world, audit["id"])
                await lead.next()
                # when the database is killed and comes up again
                await asyncio.to_thread(server.kill)
                await lead.hear_nothing(1)
                await relay.to(await asyncio.to_thread(server.start))
                await again(world, audit["id"])
                # then what happens is told
                said = await lead.hear(15)
                assert said["payload"]["data"]["auditMoved"]["audit"]["id"] == audit["id"]
                await lead.hear_nothing()
    finally:
        await relay.close()
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder, ignore_errors=True)


class Relay:
    """An address that stays, before a server whose address does not."""

    _port = 0
    _listener: asyncio.Server | None = None

    async def to(self, url: str) -> str:
        """The same URL, at the address that stays."""
        target = make_url(url)
        self._port = target.port or 0
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        here = self._listener.sockets[0].getsockname()[1]
        return target.set(port=here).render_as_string(hide_password=False)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copied(reader, there[1]), copied(there[0], writer))

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.close()


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()


async def again(world: World, audit: str) -> None:
    for _ in range(50):
        try:
            await moved(world, audit)
        except Exception:  # its connections are those of before
            await asyncio.sleep(0.2)
        else:
            return
    raise AssertionError("the database does not come back")
