"""What takes too long ends in the database too, whichever way it is answered, and whoever has been killed."""

import asyncio
import contextlib
import http.client
import json
import os
import signal
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest
from refusals import lasting_world
from servers import server
from world import World

PAGE = "{ tickets(first: 10) { nodes { id } } }"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'
"""
BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
"""


@contextlib.asynccontextmanager
async def locked_tickets(world: World) -> AsyncIterator[Any]:
    """Somebody holds them. Yields a connection to look at all others with."""
    looking = world.db.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with world.db.engine.connect() as held, looking.connect() as connection:
        await held.exec_driver_sql("LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE")
        yield connection
        await held.rollback()


async def becomes(connection: Any, question: str, number: int, within_s: float) -> float:
    """Waits until the answer is this; how long that took."""
    begun = monotonic()
    while (await connection.exec_driver_sql(question)).scalar() != number:
        assert monotonic() - begun < within_s, "it stays as it is"
        await asyncio.sleep(0.02)
    return monotonic() - begun


BY_BOTH_WAYS = pytest.mark.parametrize(
    "seen_before", [pytest.param(False, id="G26-by-resolvers"), pytest.param(True, id="G26-by-a-statement")]
)


@BY_BOTH_WAYS
async def test_an_operation_that_is_stopped_leaves_nothing_running(postgres: str, seen_before: bool) -> None:
    # given an operation that may take half a second
    async with lasting_world(postgres, graphql_timeout_s=0.5) as world:
        if seen_before:
            await world.graphql(PAGE)
        async with locked_tickets(world) as looking:
            asking = asyncio.create_task(world.graphql(PAGE))
            await becomes(looking, WAITING, 1, 5)
            # when its time is up
            answer = await asking
            # then its caller is told, and every other connection is idle at once
            assert answer["data"] is None
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["TIMEOUT"]
            await becomes(looking, BUSY, 0, 0.4)  # before the database would have given up by itself
        assert "errors" not in await world.graphql(PAGE)


@BY_BOTH_WAYS
async def test_the_database_gives_up_by_itself_what_a_killed_process_asked(
    postgres: str, seen_before: bool
) -> None:
    # given a server that waits for a second at most
    async with lasting_world(postgres) as world, server(world, ASSAY_GRAPHQL_TIMEOUT_S="1") as (port, pid):
        if seen_before:
            await asyncio.to_thread(ask, world, port)
        async with locked_tickets(world) as looking:
            asking = asyncio.create_task(asyncio.to_thread(ask, world, port))
            await becomes(looking, WAITING, 1, 5)
            # when it is killed, so that it can cancel nothing
            os.kill(pid, signal.SIGKILL)
            await asking
            assert (await looking.exec_driver_sql(WAITING)).scalar() == 1
            # then its statement ends a second after it would have been cancelled, while the lock still stands
            await becomes(looking, WAITING, 0, 4)


def ask(world: World, port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = world.as_() | {"content-type": "application/json"}
    connection.request("POST", "/graphql", json.dumps({"query": PAGE}), headers)
    with contextlib.suppress(ConnectionError, http.client.HTTPException):
        connection.getresponse().read()
    connection.close()
