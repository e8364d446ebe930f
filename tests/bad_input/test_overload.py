"""RELIABILITY.md §2.4 A21: without a database, room or a free connection, callers are told to come again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from at_once import cut_off
from refusals import lasting_world, refused
from sqlalchemy import text
from world import World

NEW = {"key": "v", "name": "A vendor"}


def come_again(answer: Any) -> None:
    refused(answer, 503, "overloaded")
    assert 0 < int(answer.headers["retry-after"]) < 60


async def test_a21_a_pool_without_a_free_connection(postgres: str) -> None:
    # given an application with one connection, which one request holds while it waits for a lock
    async with lasting_world(postgres, db_pool_timeout_s=0.3) as world:
        blocker = world.db.engine.connect()
        async with blocker as held:
            await held.exec_driver_sql("LOCK TABLE vendor IN ACCESS EXCLUSIVE MODE")
            waiting = [
                asyncio.create_task(world.client.get("/people/vendors", headers=world.as_()))
                for _ in range(world.app.state.settings.db_pool_size)
            ]
            await asyncio.sleep(0.3)
            # when another one comes, then it is told to come again and not kept waiting
            come_again(await world.client.get("/people/viewer", headers=world.as_()))
            await held.rollback()
        # and those that waited are answered, and so is the next one
        assert [one.status_code for one in await asyncio.gather(*waiting)] == [200] * len(waiting)
        assert (await world.client.get("/people/viewer", headers=world.as_())).status_code == 200


@contextlib.asynccontextmanager
async def failing(world: World, code: str) -> AsyncIterator[None]:
    """The database says this SQLSTATE to whoever adds a vendor."""
    async with world.db.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(
            "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{code}'; END $$;"
            " CREATE TRIGGER fails BEFORE INSERT ON vendor FOR EACH ROW EXECUTE FUNCTION fails()"
        )
        try:
            yield
        finally:
            await driver.execute("DROP FUNCTION fails CASCADE")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("53100", id="A21-disk-full"),
        pytest.param("53200", id="A21-out-of-memory"),
        pytest.param("53300", id="A21-too-many-connections"),
        pytest.param("57P01", id="A21-shut-down"),
        pytest.param("58030", id="A21-input-output-error"),
        pytest.param("25006", id="A21-read-only"),
    ],
)
async def test_a_database_that_cannot_now(world: World, code: str) -> None:
    async with failing(world, code):
        come_again(await world.client.post("/people/vendors", json=NEW, headers=world.as_()))
        assert (await world.client.get("/people/vendors", headers=world.as_())).status_code == 200
    assert (await world.client.post("/people/vendors", json=NEW, headers=world.as_())).status_code == 201


async def test_a21_a_connection_that_is_cut_in_the_middle(world: World) -> None:
    # given a request that waits for a lock
    async with world.db.engine.connect() as held:
        await held.exec_driver_sql("LOCK TABLE vendor IN ACCESS EXCLUSIVE MODE")
        waiting = asyncio.create_task(
            world.client.post("/people/vendors", json=NEW, headers=world.as_() | {"idempotency-key": "a"})
        )
        # when its connection is cut, as often as it takes
        assert await cut_off(world, waiting) > 0
        come_again(await waiting)
        await held.rollback()
    # then nothing is there, and the same request with the same key is done
    async with world.db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM vendor"))).scalar() == 0
    again = await world.client.post(
        "/people/vendors", json=NEW, headers=world.as_() | {"idempotency-key": "a"}
    )
    assert again.status_code == 201
