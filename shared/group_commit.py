"""Commits that are shared: what arrives while one commit is on its way goes into the next.

A commit costs one wait for the disk, however many rows it holds. Nobody waits for a timer: the
first item is written at once, and those that come meanwhile are written together.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.errors import Overloaded

T = TypeVar("T")
R = TypeVar("R")

MAX_AT_ONCE = 200


class GroupCommit(Generic[T, R]):
    """`await add(item)` returns the item's result once the transaction that holds it is committed.

    `write(items)` commits, and gives one result an item, in order. Where a batch fails over its data,
    its items are tried alone, so that one of them fails for itself. Raises Overloaded where
    `max_waiting` items wait already: better refused now than answered too late.
    """

    def __init__(
        self,
        write: Callable[[list[T]], Awaitable[list[R]]],
        *,
        max_waiting: int = 2_000,
    ) -> None:
        self._write, self._max_waiting = write, max_waiting
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
            results = await self._write([item for item, _ in batch])
        except Exception as error:  # whoever waits is told, whatever it was
            if len(batch) > 1 and _is_about_data(error):
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


def _is_about_data(error: Exception) -> bool:
    """What was written is the trouble (SQLSTATE classes 22 and 23), not the database itself."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return isinstance(state, str) and state[:2] in ("22", "23")
