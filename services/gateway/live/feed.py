"""What happens, as it is committed: read once for all in this process who follow it, kept for a while.

Events are read from their table in the order of the transactions that wrote them, and only up to the oldest
transaction that is still under way: what ends later than its neighbours is never passed by. NOTIFY says when
to look. One connection listens, while anybody follows; nothing else is held while nothing happens.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import orjson
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from services.gateway.context import Stopped
from services.gateway.live.positions import Position
from shared.db import DRIVER_ERRORS, Database
from shared.outbox import LIVE_CHANNEL

log = structlog.get_logger()

KEPT = 5_000
"""So many changes are kept for those who read slowly; whoever is further behind begins anew from a cursor."""
MAX_BEHIND = 20_000
"""So many changes are gone through for somebody who comes back."""
PAGE = 500
MAX_PART = 2**31
LOOK_ANYWAY_S = 10.0
"""So often is looked without having been told: behind some poolers nobody hears anything."""
SOON_S, LATER_S = 0.05, 1.0
"""How long a transaction is waited for that others have overtaken: at first, and at most."""
AWAY = (OSError, DBAPIError, NoConnection, *DRIVER_ERRORS)
"""What is raised while the database cannot be reached."""

_READ = "SELECT settled, is_more_to_come, xid, id::text AS id, type, payload FROM live_since($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Change:
    position: Position
    kind: str
    """Which event it was."""
    of: UUID


@dataclass(frozen=True, slots=True)
class Page:
    changes: list[Change]
    read_to: Position
    is_last: bool
    is_more_to_come: bool
    settled: int


class Feed:
    """`async with feed.followed():` while somebody follows; then `reader(…)`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.kept: deque[Change] = deque()
        self.floor = self.read_to = Position(0)
        """What happened after the floor, up to where was read, is kept."""
        self._followers = 0
        self._began = asyncio.Event()
        self._moved = asyncio.Event()
        self._told = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        self._followers += 1
        try:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
            await self._began.wait()
            yield
        finally:
            self._followers -= 1
            if self._followers == 0:
                await self.close()

    async def close(self) -> None:
        if self._reading is not None:
            reading, self._reading = self._reading, None
            self._began.clear()
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    async def move(self, seconds: float) -> None:
        """Until there is something new, or the time is over."""
        moved = self._moved
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(moved.wait(), seconds)

    async def look(self) -> None:
        """Has it read now, without having been told."""
        self._told.set()
        await self.move(LATER_S)

    async def page(self, after: Position) -> Page:
        """What happened next, out of the table; the rest of the event in the middle of which `after` stands
        comes first."""
        whole = Position(after.xid, UUID(int=after.id.int - 1)) if after.id.int else after
        rows = await self._db.fetch(_READ, whole.xid, whole.id, PAGE)
        settled = rows[0]["settled"]
        changes = [
            Change(Position(row["xid"], UUID(row["id"]), part), row["type"], UUID(of))
            for row in rows
            if row["id"]
            for part, of in enumerate(_of(row["payload"]))
        ]
        is_last = len(rows) < PAGE
        read_to = Position(settled) if is_last else Position(rows[-1]["xid"], UUID(rows[-1]["id"]), MAX_PART)
        new = [change for change in changes if change.position > after]
        return Page(new, max(read_to, after), is_last, rows[0]["is_more_to_come"], settled)

    async def _read(self) -> None:
        pause = SOON_S
        while True:
            try:
                async with self._db.listening(LIVE_CHANNEL, self._heard) as is_there:
                    while is_there():
                        self._told.clear()
                        page = await self._take()
                        if not page.is_last:
                            continue
                        pause = min(2 * pause, LATER_S) if page.is_more_to_come else SOON_S
                        await self._wait(pause if page.is_more_to_come else LOOK_ANYWAY_S)
            except Exception as error:  # the database is away: wait, what happens meanwhile is in the table
                log.warning("what is live cannot be read", error=type(error).__name__)
                await asyncio.sleep(LATER_S)

    async def _take(self) -> Page:
        page = await self.page(self.read_to)
        if not self._began.is_set() or page.settled < self.read_to.xid:
            # The beginning; or the database is another one, whose transactions count anew.
            page = Page([], Position(page.settled), True, page.is_more_to_come, page.settled)
            self.floor = page.read_to
            self.kept.clear()
        self.kept.extend(page.changes)
        while len(self.kept) > KEPT:
            self.floor = self.kept.popleft().position
        self.read_to = page.read_to
        self._began.set()
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return page

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)

    def _heard(self, *_: object) -> None:
        self._told.set()


class Reader:
    """One follower's way through the feed: a position, and nothing that grows."""

    def __init__(self, feed: Feed, kind: str, after: Position | None) -> None:
        self._feed, self._kind = feed, kind
        self._is_catching_up = after is not None
        self._position = feed.read_to if after is None else after
        self._passed = 0

    async def next(self, patience_s: float) -> list[Change]:
        """What comes next; nothing where nothing came. Raises Stopped (CURSOR_EXPIRED, FELL_BEHIND)."""
        if self._is_catching_up:
            return await self._catch_up()
        feed, until = self._feed, asyncio.get_running_loop().time() + patience_s
        while True:
            if not feed.floor <= self._position <= feed.read_to:
                raise fell_behind()
            found = self._kept()
            left_s = until - asyncio.get_running_loop().time()
            if found or left_s <= 0:
                return found
            await feed.move(left_s)

    async def _catch_up(self) -> list[Change]:
        """A page out of the table, until what is kept goes on from there."""
        feed = self._feed
        if feed.floor <= self._position <= feed.read_to:
            self._is_catching_up = False
            return self._kept()
        page = await feed.page(self._position)
        self._passed += len(page.changes)
        if self._position.xid > page.settled or self._passed > MAX_BEHIND:
            raise expired()
        self._position = page.read_to
        if page.is_last and self._position > feed.read_to:
            await feed.look()
        return [change for change in page.changes if change.kind == self._kind]

    def _kept(self) -> list[Change]:
        found = []
        for change in reversed(self._feed.kept):
            if change.position <= self._position:
                break
            if change.kind == self._kind:
                found.append(change)
        self._position = self._feed.read_to
        return found[::-1]


def expired() -> Stopped:
    words = "The cursor is too old, or too much has happened since: read anew, and `liveCursor` with it."
    return Stopped("CURSOR_EXPIRED", words)


def fell_behind() -> Stopped:
    words = "You read more slowly than things happen: subscribe again, `after` the last cursor that you have."
    return Stopped("FELL_BEHIND", words)


def _of(payload: str) -> list[str]:
    """The things that an event is about: its first field."""
    said = orjson.loads(payload).values()
    first = next(iter(said))
    return first if isinstance(first, list) else [first]
