"""Requests that really overlap."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from world import World

T = TypeVar("T")


async def at_once(world: World, requests: Iterable[Awaitable[T]]) -> list[T]:
    """All together. The database connections are opened before: else the first request would be
    done before the others have one."""
    size = world.app.state.settings.db_pool_size
    await asyncio.gather(*(world.get("/people/viewer") for _ in range(size)))
    return list(await asyncio.gather(*requests))
