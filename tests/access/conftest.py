"""The population, stored anew for each test that asks; connections as the application and as the owner."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

sys.path.insert(0, str(Path(__file__).parent))

from oracle import Oracle
from population import Population, Who, populate

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


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


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


@asynccontextmanager
async def acting(connection: Any, who: Who | None) -> AsyncIterator[Any]:
    """Within: the statements are this person's. What they do is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if who is not None:
            await connection.execute(
                "SELECT set_config('assay.caller_id', $1, true),"
                " set_config('assay.caller_vendor_id', $2, true), set_config('role', $3, true)",
                str(who.id), str(who.vendor_id or ""), f"assay_{who.role}",
            )  # fmt: skip
        yield connection
    finally:
        await transaction.rollback()
