"""Commits that are shared: what arrives while one commit is on its way goes into the next.

A commit costs one wait for the disk, however many rows it holds. Nobody waits for a timer: the
first item is written at once, and those that come meanwhile are written together.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Database
from shared.errors import Overloaded

T = TypeVar("T")
R = TypeVar("R")

MAX_AT_ONCE = 200


class GroupCommit(Generic[T, R]):
    """`await add(item)` returns the item's result once the transaction that holds it is committed.

    `write(session, items)` gives one result an item, in order. Where a batch fails over its data,
    its items are tried alone, so that one of them fails for itself. Raises Overloaded where
    `max_waiting` items wait already: better refused now than answered too late.
    """

    def __init__(
        self,
        db: Database,
        write: Callable[[AsyncSession, list[T]], Awaitable[list[R]]],
        *,
        max_waiting: int = 2_000,
    ) -> None:
        self._db, self._write, self._max_waiting = db, write, max_waiting
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: T) -> R:
        if len(self._waiting) >= self._max_waiting:
            raise Overloaded
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_AT_ONCE], self._waiting[MAX_AT_ONCE:]
                await self._commit(batch)
        finally:
            self._writer = None

    async def _commit(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            async with self._db.transaction() as session:
                results = await self._write(session, [item for item, _ in batch])
        except Exception as error:  # whoever waits is told, whatever it was
            if len(batch) > 1 and isinstance(error, DBAPIError) and not _is_away(error):
                for one in batch:
                    await self._commit([one])
                return
            for _, done in batch:
                if not done.done():  # its caller may have gone
                    done.set_exception(error)
            return
        for (_, done), result in zip(batch, results, strict=True):
            if not done.done():
                done.set_result(result)


def _is_away(error: DBAPIError) -> bool:
    """The database itself is the trouble, not what was written."""
    return error.connection_invalidated or error.orig is None or not getattr(error.orig, "sqlstate", None)
