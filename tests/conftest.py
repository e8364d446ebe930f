"""What every test may ask for: a real Postgres, a database of its own, apps, clients, a world.

One embedded server a test process; each test gets a fresh copy of the migrated database.
"""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent))

from databases import beside, run_sql
from world import World

from services.local import prepare_database
from services.run import create_app
from shared import log
from shared.config import Settings
from shared.crypto import key_for
from shared.db import Database
from shared.embedded_postgres import EmbeddedPostgres
from shared.trail import ENTRIES

# The tests ask oftener than any caller may; those that are about limits set their own.
os.environ["ASSAY_RATE_LIMITS"] = '{"reads": 0, "writes": 0, "graphql": 0, "exports": 0}'
os.environ["ASSAY_CALLS_AT_ONCE"] = "0"
os.environ["ASSAY_GRAPHQL_POINTS_A_MINUTE"] = "0"

log.configure("console")  # no local variables in tracebacks, as in the product
TEMPLATE = "assay_template"
SECRET_KEY = SecretStr("a secret key for tests, long enough.")


def pytest_collection_finish() -> None:
    """Thousands of tests, and all they import, need not be looked through for garbage again and again."""
    gc.freeze()


def in_memory() -> str | None:
    """Thousands of databases are made and dropped: where there is room for them in memory, they never meet a
    disk."""
    folder, room = "/dev/shm", 2 * 2**30
    is_roomy = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > room
    return folder if is_roomy else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """With a migrated template database."""
    folder = tempfile.mkdtemp(prefix="assay-test-", dir=in_memory())
    os.chmod(folder, 0o755)
    server = EmbeddedPostgres(Path(folder), durable=False)
    try:
        url = server.start()
        run_sql(url, f"CREATE DATABASE {TEMPLATE}")
        prepare_database(Settings(database_url=beside(url, TEMPLATE), secret_key=SECRET_KEY))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_server: EmbeddedPostgres) -> str:
    """Its URL."""
    return postgres_server.start()


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    name = f"t{uuid4().hex}"
    run_sql(postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield beside(postgres, name)
    run_sql(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_key=SECRET_KEY,
        worker_poll_s=0.01,
        worker_backoff_s=0.01,
        db_pool_size=5,
    )


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    key = key_for(settings, ENTRIES)
    database = Database(settings.database_url, pool_size=settings.db_pool_size, trail_key=key)
    yield database
    await database.close()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    made = create_app(settings)
    yield made
    for close in made.state.at_the_end:
        await close()


@pytest.fixture
async def world(app: FastAPI) -> AsyncIterator[World]:
    async with World(app) as made:
        yield made


@pytest.fixture
def reference_dir() -> Path:
    """The reference data that stands beside the project."""
    default = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("ASSAY_REFERENCE_DIR", default))
    if not (folder / "vectors").is_dir():
        pytest.skip(f"no reference data: set ASSAY_REFERENCE_DIR (looked in {folder})")
    return folder
