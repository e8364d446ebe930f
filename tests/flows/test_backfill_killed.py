"""A backfill through workers that are killed: every ticket ends there once, with its messages once.

The help desk is served by a process of its own, with a limit of calls; the workers are processes that
SIGKILL themselves inside handlers (dying_worker.py), some side by side, until nothing is left to do.
"""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import dying_worker
import pytest
import uvicorn
from help_desks import zendesk
from help_desks.data import make_tickets
from help_desks.limits import RateLimit
from help_desks.serving import _bound, _config
from help_desks.zendesk_rows import FIRST_TICKET
from world import World

from services.run import create_app
from shared.config import Settings

TICKETS = int(os.environ.get("ASSAY_BACKFILL_TICKETS", "300"))
SEED = int(os.environ.get("ASSAY_SEED", "7305112"))
MINUTES = float(os.environ.get("ASSAY_BACKFILL_MINUTES", "20"))
CALLS_A_SECOND = 250
TOKEN = "an-api-token-for-tests"
WORKERS = 4
CHANCE = 0.06 if TICKETS < 1000 else 0.01
LEAST_KILLS = 3


def serve(port: Any) -> None:
    """In a process of its own: tells the port, and serves until it is ended."""
    limit = RateLimit(CALLS_A_SECOND, 1.0)
    listening = _bound(0)
    port.send(listening.getsockname()[1])
    app = zendesk.create_app(zendesk.Account(make_tickets(TICKETS), token=TOKEN, limit=limit))
    uvicorn.Server(_config(app)).run(sockets=[listening])


@pytest.fixture
def help_desk() -> Iterator[str]:
    processes = multiprocessing.get_context("spawn")
    told, telling = processes.Pipe()
    server = processes.Process(target=serve, args=(telling,))
    server.start()
    try:
        assert told.poll(30), "the help desk did not start"
        yield f"http://127.0.0.1:{told.recv()}"
    finally:
        server.terminate()
        server.join(10)


async def test_a_backfill_through_killed_workers_brings_everything_once(
    settings: Settings, help_desk: str
) -> None:
    # given a backfill that is due
    settings = settings.model_copy(
        update={
            "help_desk_hosts": ("127.0.0.1",), "worker_lease_s": 2.0, "worker_max_attempts": 100,
            "worker_backoff_s": 0.05,
        }
    )  # fmt: skip
    pull_id = await furnish(settings, help_desk)

    # when workers that die go about it
    begun = time.monotonic()
    kills = await work_with_kills(settings)
    took = time.monotonic() - begun
    print(f"{TICKETS} tickets in {took:.0f} s with {kills} kills")

    # then it is done, in time
    assert kills >= LEAST_KILLS, f"seed {SEED} killed only {kills} workers"
    assert took < MINUTES * 60
    pull = await asked(settings, "SELECT state FROM pull WHERE id = $1", pull_id)
    assert [row["state"] for row in pull] == ["done"]
    assert await asked(settings, "SELECT * FROM refetch") == []
    assert await asked(settings, "SELECT handler FROM delivery WHERE state <> 'done'") == []
    # and everything is there once
    desk = make_tickets(TICKETS)
    keys = [row["external_id"] for row in await asked(settings, "SELECT external_id FROM ticket")]
    assert len(keys) == len(set(keys)) == TICKETS
    assert set(keys) == {str(FIRST_TICKET + number) for number in range(1, TICKETS + 1)}
    assert await messages(settings) == {
        str(FIRST_TICKET + number): len(desk[number].messages)
        for number in range(1, TICKETS + 1)
        if desk[number].fate in ("live", "merged")
    }


async def furnish(settings: Settings, url: str) -> str:
    async with World(create_app(settings)) as world:
        api = {"base_url": url, "user": "intake@halcyon.test", "secret": TOKEN}
        connection = await world.connection("desk", api=api)
        path = f"/feedback/connections/{connection['id']}/backfills"
        pull = await world.post(path, {"since": "2025-01-01T00:00:00Z"})
        await world.db.close()
    return str(pull["id"])


async def work_with_kills(settings: Settings) -> int:
    """Workers side by side, each dead one followed by the next, until nothing is due any more."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["services.run"])
    kills, number, until = 0, 0, time.monotonic() + MINUTES * 60
    alive: list[Any] = []
    while time.monotonic() < until:
        ended = [child for child in alive if child.exitcode is not None]
        for child in ended:
            assert child.exitcode in (0, -signal.SIGKILL), f"a worker ended with {child.exitcode}"
            kills += child.exitcode != 0
        alive = [child for child in alive if child.exitcode is None]
        waiting = await asked(settings, "SELECT count(*) AS n FROM delivery WHERE state = 'pending'")
        if not waiting[0]["n"]:
            if not alive:
                return kills
        else:
            while len(alive) < WORKERS:
                child = processes.Process(target=dying_worker.run, args=(settings, SEED + number, CHANCE))
                child.start()
                alive.append(child)
                number += 1
        await asyncio.sleep(0.1)
    for child in alive:
        child.kill()
    raise AssertionError(f"still not done after {kills} kills")


async def asked(settings: Settings, statement: str, *values: Any) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    try:
        return [dict(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


async def messages(settings: Settings) -> dict[str, int]:
    """How many different messages each ticket has; none is there twice."""
    counted = await asked(
        settings,
        "SELECT t.external_id AS key, count(*) AS rows, count(DISTINCT m.external_id) AS messages "
        "FROM message m JOIN ticket t ON t.id = m.ticket_id GROUP BY t.external_id",
    )
    assert all(row["rows"] == row["messages"] for row in counted)
    return {row["key"]: row["messages"] for row in counted}
