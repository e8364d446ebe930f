"""Requests that really overlap, and connections that are cut under them."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

from sqlalchemy import text
from world import World

T = TypeVar("T")


async def at_once(world: World, requests: Iterable[Awaitable[T]]) -> list[T]:
    """All together. The database connections are opened before: else the first request would be
    done before the others have one."""
    size = world.app.state.settings.db_pool_size
    await asyncio.gather(*(world.get("/people/viewer") for _ in range(size)))
    return list(await asyncio.gather(*requests))


async def cut_off(world: World, waiting: asyncio.Task[Any]) -> int:
    """Cuts whatever waits for a lock, until the task is done. How many connections that were.

    Outside any transaction: in one, the database shows the same activity again and again.
    """
    cut = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'"
    )
    count = 0
    async with world.db.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not waiting.done():
            count += (await alone.execute(cut)).scalar_one()
            await asyncio.sleep(0.02)
    return count
