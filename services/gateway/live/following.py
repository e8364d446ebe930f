"""What the resolvers of one subscription share: each event is looked at as the caller, in a snapshot of its
own that is over before the answer is sent. Nothing is held while nothing happens.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from graphql import OperationType
from sqlalchemy import select
from sqlmodel import SQLModel
from starlette.requests import HTTPConnection

from services.gateway.context import Context
from services.gateway.live.feed import AWAY, LATER_S, Change, Reader, expired
from services.gateway.live.positions import Position
from services.gateway.live.registry import Live
from shared import clock
from shared.auth import check
from shared.events import Event
from shared.fair_shares import Standing

log = structlog.get_logger()
T = TypeVar("T")
RESUMABLE = timedelta(hours=24)
"""How old a cursor may be. Events are kept for longer (`shared/worker.py`)."""


@dataclass(frozen=True)
class Kind:
    """What can be followed: an event, who may, and the rows that it is about."""

    event: type[Event]
    action: str
    table: type[SQLModel]
    key: Any
    """The column of what the event names."""


class Following(Context):
    """Follows, and reads what is shown of it. Commands go over POST."""

    takes = frozenset({OperationType.SUBSCRIPTION})

    def __init__(
        self, connection: HTTPConnection, token: str, operation_name: str | None, after: str | None = None
    ) -> None:
        """`after`: a cursor that counts instead of the argument."""
        state = connection.app.state
        super().__init__(connection, token, state.reads, state.clients, operation_name)
        self._live: Live = state.live
        self._after = after
        self._has_turn = False
        self.cursor: str | None = None
        """Of what was yielded last."""

    async def look(self) -> None:
        """A new look, as the caller. Raises Unauthenticated (401), RoleNotInToken (403)."""
        await self._live.turns.acquire()
        self._has_turn = True
        self.renew()
        await self.open_snapshot()

    async def end(self) -> None:
        """Enters into the trail what was shown, and lets go of everything."""
        try:
            if self.stopped is None:
                await self.keep_trail()
        finally:
            try:
                await self.end_snapshot()
            finally:
                if self._has_turn:
                    self._has_turn = False
                    self._live.turns.release()

    def _standing(self, cost: int) -> Standing | None:
        """Each subscription is charged for once: many come over one connection."""
        standing: Standing | None = self.request.app.state.budgets.take(self.actor.id, cost)
        return standing

    async def follow(self, kind: Kind, after: str | None) -> AsyncGenerator[tuple[str, Any], None]:
        """(cursor, row) of what happens and the caller may see. A snapshot is open when one is yielded;
        whoever asks for the next one has ended it. Raises Stopped, and what `check` and `look` raise."""
        position = self._position(self._after or after)
        await self.end()
        every_s = self.request.app.state.settings.live_recheck_s
        async with self._live.feed.followed():
            reader = Reader(self._live.feed, kind.event.__name__, position)
            while True:
                changes = await self._patiently(reader.next, every_s)
                seen = await self._patiently(self._seen, kind, changes)
                for change in changes:
                    row = await self._patiently(self._look, kind, change) if change.of in seen else None
                    if row is not None:
                        self.cursor = self._live.cursors.write(self.actor.id, change.position, clock.now())
                        yield self.cursor, row

    def _position(self, after: str | None) -> Position | None:
        if after is None:
            return None
        position, told_at = self._live.cursors.read(self.actor.id, after)
        if told_at < clock.now() - RESUMABLE:
            raise expired()
        return position

    async def _seen(self, kind: Kind, changes: list[Change]) -> set[UUID]:
        """Of which the caller sees something. Asked too where there are none: whether they still may."""
        wanted = {change.of for change in changes}
        await self._enter(kind)
        found = await self.rows(select(kind.key).where(kind.key.in_(wanted))) if wanted else ()
        await self.end()
        return set(found)

    async def _look(self, kind: Kind, change: Change) -> Any:
        """The row, its snapshot left open; None, and none open, where it is not to be seen any more."""
        await self._enter(kind)
        found = await self.rows(select(kind.table).where(kind.key == change.of))
        if not found:
            await self.end()
            return None
        self.count(1)
        return found[0]

    async def _enter(self, kind: Kind) -> None:
        await self.look()
        check(self.actor, kind.action)

    async def _patiently(self, ask: Callable[..., Awaitable[T]], *what: Any) -> T:
        """While the database is away, it is waited for."""
        while True:
            try:
                return await ask(*what)
            except AWAY as error:
                log.warning("a follower waits for the database", error=type(error).__name__)
                with contextlib.suppress(*AWAY):
                    await self.end()
                await asyncio.sleep(LATER_S)
