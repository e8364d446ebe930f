"""A storm on the intake: genuine, repeated and forged webhooks over many connections, while the
server process and its database are killed. And how to judge what is in the inbox afterwards.
"""

import asyncio
import contextlib
import itertools
import json
import random
import socket
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from world import LONG_AGO, SECRET

from services.bench import load, servers
from services.demo import zendesk

PATH = "/feedback/intake/zendesk/zd"
REPEATED, FORGED = 0.15, 0.10
"""Shares, of the genuine events."""
UNANSWERED = 0
SETTLED = (200, 401)
"""After any other answer, or none, the sender begins a new connection, a moment later."""
PATIENCE_S, PAUSE_S = 20.0, 0.5


# ---- What is posted -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Posting:
    """A webhook as somebody posts it, signed anew each time."""

    key: str
    body: bytes
    is_genuine: bool = True
    secret: str = SECRET
    signed_body: bytes = b""
    """What the signature was made over, where that is not the body."""
    age: timedelta = timedelta(0)

    def request(self) -> bytes:
        signed_at = datetime.now(UTC) - self.age
        return load.request(
            PATH, zendesk.signed(self.secret, self.signed_body or self.body, now=signed_at), self.body
        )


def events(count: int) -> list[Posting]:
    """So many different events: lives of tickets with two messages each."""
    bodies: list[bytes] = []
    for number in itertools.count(1):
        ticket = zendesk.DemoTicket(str(600_000 + number), f"Question {number}", LONG_AGO)
        ticket.created()
        ticket.comment(timedelta(0), f"How does {number} work?", by="requester")
        ticket.assign(timedelta(minutes=1))
        ticket.comment(timedelta(minutes=10), f"Like {number + 1}.", by="agent")
        ticket.move(timedelta(minutes=20), "SOLVED")
        bodies += ticket.bodies
        if len(bodies) >= count:
            break
    return [Posting(json.loads(body)["id"], body) for body in bodies[:count]]


def forgeries(genuine: Sequence[Posting], dice: random.Random) -> list[Posting]:
    made = []
    for number, model in enumerate(dice.sample(genuine, max(4, int(len(genuine) * FORGED)))):
        key = f"forged-{number}-{model.key}"
        renamed = model.body.replace(f'"{model.key}"'.encode(), f'"{key}"'.encode())
        other_words = model.body.replace(b'"NORMAL"', b'"URGENT"')
        assert model.body not in (renamed, other_words)
        forged = [
            Posting(key, renamed, secret="the secret of somebody else"),
            Posting(key, renamed, signed_body=model.body),
            Posting(model.key, other_words, signed_body=model.body),
            Posting(key, renamed, age=timedelta(hours=1)),
        ]
        made.append(replace(forged[number % 4], is_genuine=False))
    return made


def shuffled(genuine: Sequence[Posting], forged: Sequence[Posting], dice: random.Random) -> list[Posting]:
    """All of them in any order; some genuine ones again, right behind the first or anywhere."""
    postings = [*genuine, *forged]
    dice.shuffle(postings)
    again = set(dice.sample([one.key for one in genuine], int(len(genuine) * REPEATED)))
    mixed: list[Posting] = []
    later: list[Posting] = []
    for posting in postings:
        mixed.append(posting)
        if posting.is_genuine and posting.key in again:
            (mixed if dice.random() < 0.5 else later).append(posting)
    for posting in later:
        mixed.insert(dice.randrange(len(mixed)), posting)
    return mixed


# ---- Who posts ----------------------------------------------------------------------------------


@dataclass
class Sender:
    """Posts each once, whatever comes back, and remembers what came back."""

    port: int
    sent: int = 0
    answers: list[tuple[Posting, int]] = field(default_factory=list)
    """With the status; UNANSWERED where the connection ended or nothing came in time."""
    _marks: dict[int, asyncio.Event] = field(default_factory=dict)

    def statuses(self, *, genuine: bool) -> Counter[int]:
        return Counter(status for posting, status in self.answers if posting.is_genuine is genuine)

    def got(self, status: int) -> set[Posting]:
        """What was answered so at least once."""
        return {posting for posting, given in self.answers if given == status}

    async def post_all(self, postings: Iterable[Posting], *, connections: int) -> None:
        waiting = deque(postings)
        await asyncio.gather(*(self._lane(waiting) for _ in range(connections)))

    async def until_sent(self, count: int) -> None:
        """Returns when so many have been begun."""
        mark = self._marks.setdefault(count, asyncio.Event())
        if self.sent < count:
            await mark.wait()

    async def _lane(self, waiting: deque[Posting]) -> None:
        while waiting:
            reader, writer = await self._connected()
            with contextlib.closing(writer):
                while waiting and await self._post(waiting.popleft(), reader, writer) in SETTLED:
                    pass
            if waiting:
                await asyncio.sleep(PAUSE_S * random.random())

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", self.port)
                await asyncio.sleep(0.05)

    async def _post(
        self, posting: Posting, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> int:
        status = UNANSWERED
        self.sent += 1
        if mark := self._marks.get(self.sent):
            mark.set()
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                writer.write(posting.request())
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = next(
                    line[15:] for line in head.split(b"\r\n") if line.startswith(b"content-length:")
                )
                await reader.readexactly(int(length))
                status = int(head[9:12])
        self.answers.append((posting, status))
        return status


# ---- What is killed -----------------------------------------------------------------------------


class Product:
    """The server process, on an address that it keeps over its restarts."""

    def __init__(self, setting: servers.Setting) -> None:
        self._setting, self.port = setting, _port()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Self]:
        await self.start()
        try:
            yield self
        finally:
            if self._process.returncode is None:
                self._process.terminate()
            await self._process.wait()

    async def start(self) -> None:
        self._process = await servers.start(self._setting, self.port, servers.ours("feedback")(self.port))
        await servers.answers(self.port, within_s=60)

    async def kill_and_start(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        assert self._process.returncode is None, "it had ended by itself"
        self._process.kill()
        await self._process.wait()
        await self.start()


class Door:
    """One address for a database whose port is another each time it starts: so a server process
    outlives its database, and has to find back to it."""

    def __init__(self) -> None:
        self.behind = 0
        self.port = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pour(reader, inner_writer), _pour(inner_reader, writer))


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError), contextlib.closing(target):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()


def _port() -> int:
    """Free, and none that the system hands out by itself: nobody else gets it while its server is
    down, and who tries to connect meanwhile cannot end up connected to himself."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            port = random.randrange(15_000, 30_000)
            probe.bind(("127.0.0.1", port))
            return port


# ---- What is there afterwards -------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """A row of the inbox, with how many events and deliveries speak of it."""

    key: str | None
    """None: no row at all, but events that speak of one."""
    body: bytes | None
    events: int = 1
    deliveries: int = 1


_KEPT = """
    SELECT source_key AS key, body, count(DISTINCT event.id) AS events, count(delivery.id) AS deliveries
    FROM inbox
    FULL JOIN event ON payload->>'inbox_id' = inbox.id::text
    LEFT JOIN delivery ON event_id = event.id
    GROUP BY inbox.id
"""


async def kept(database_url: str) -> list[Kept]:
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        return [Kept(**row) for row in await connection.fetch(_KEPT)]
    finally:
        await connection.close()


def faults(
    rows: Iterable[Kept], *, acknowledged: Iterable[Posting], genuine: Iterable[Posting],
    forged: Iterable[Posting],
) -> list[str]:  # fmt: skip
    """What is wrong with an inbox, in words; empty: nothing."""
    rows = list(rows)
    bodies: Mapping[str, bytes] = {posting.key: posting.body for posting in genuine}
    forged_bodies = {posting.body for posting in forged}
    forged_keys = {posting.key for posting in forged} - bodies.keys()
    there = {(row.key, row.body) for row in rows}
    found = [f"lost: {one.key}" for one in acknowledged if (one.key, one.body) not in there]
    names = [name for row in rows for name in (row.key, row.body) if name is not None]
    found += [f"there {count} times: {name!r}" for name, count in Counter(names).items() if count > 1]
    for row in rows:
        if row.body in forged_bodies or row.key in forged_keys:
            found.append(f"forged and stored: {row.key}")
        elif row.key is None or bodies.get(row.key) != row.body:
            found.append(f"sent by nobody: {row.key}")
        if (row.events, row.deliveries) != (1, 1):
            found.append(f"{row.events} events and {row.deliveries} deliveries: {row.key}")
    return found
