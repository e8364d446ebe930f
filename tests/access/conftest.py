"""The population, stored anew for each test that asks; connections as the application and as the owner."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.extend(str(Path(__file__).parents[1] / folder) for folder in ("feedback", "identity", "people"))

from acting import plain
from doors import DOORS, furnish
from fastapi import FastAPI
from guard_callers import Callers
from guard_population import Furnished
from oracle import Oracle
from population import Population, Who, populate
from world import World

from shared.config import Settings
from shared.db import Database, url_of

Enter = Callable[[Who | None], AbstractAsyncContextManager[Any]]


@pytest.fixture
async def everyone(db: Database) -> Population:
    stored = populate()
    await stored.store(db)
    return stored


@pytest.fixture
def oracle(everyone: Population) -> Oracle:
    return Oracle(everyone)


@pytest.fixture
async def raw(settings: Settings) -> AsyncIterator[Any]:
    """A connection with the application's login, and nothing else."""
    connection = await asyncpg.connect(plain(url_of(settings, "app")))
    yield connection
    await connection.close()


@pytest.fixture
async def owner(settings: Settings) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(plain(settings.database_url))
    yield connection
    await connection.close()


@pytest.fixture
async def callers(app: FastAPI, everyone: Population) -> AsyncIterator[Callers]:
    """Whoever asks the probes of guards, about whatever those need; what they do is undone."""
    async with World(app) as world:
        furnished = Furnished(everyone)
        await furnished.store(world.db)
        for door in DOORS:
            await furnish(world, door)
        made, before = Callers(app, furnished), app.state.db
        yield made
        app.state.db = before
        await made.close()
