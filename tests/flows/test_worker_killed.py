"""Killed workers, repeated and shuffled webhooks: the end is the same, row for row.

How it is proved: one database is furnished and copied. One copy gets every webhook once, in
order, and a worker that lives. The other gets every webhook three times in shuffled order, and
workers that SIGKILL themselves inside handlers (dying_worker.py) until one finds nothing left.
Then every table that says something about the world is compared, every row, every column but
the few that say when *we* saw something.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import dying_worker
import pytest
from databases import beside, run_sql
from world import LONG_AGO, World

from services.demo import zendesk
from services.run import create_app
from shared.config import Settings

TABLES = (
    "connection", "inbox", "help_desk_agent", "person", "ticket", "ticket_event", "message",
    "rating", "ticket_fact", "audit", "review", "appeal", "ruling", "state_change",
)  # fmt: skip
OUR_CLOCK = {"inbox": {"received_at", "understood_at"}, "person": {"created_at"}}
SEED = int(os.environ.get("ASSAY_SEED", "7305112"))
TICKETS = int(os.environ.get("ASSAY_STORM_TICKETS", "6"))
LEAST_KILLS = 5


@pytest.fixture
def copies(postgres: str, database_url: str) -> Iterator[tuple[str, str]]:
    """The URLs of two databases that will be copied from the furnished one."""
    names = [f"t{uuid4().hex}", f"t{uuid4().hex}"]
    yield beside(postgres, names[0]), beside(postgres, names[1])
    for name in names:
        run_sql(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def test_killed_workers_and_shuffled_repeats_end_in_the_same_rows(
    postgres: str, settings: Settings, copies: tuple[str, str]
) -> None:
    # given a furnished world with a ruling that waits to be acted on, twice
    await furnish(settings)
    furnished = settings.database_url.rsplit("/", 1)[1]
    for copy in copies:
        run_sql(postgres, f"CREATE DATABASE {copy.rsplit('/', 1)[1]} TEMPLATE {furnished}")
    clean, stormy = (settings.model_copy(update={"database_url": copy}) for copy in copies)
    bodies = [body for ticket in tickets() for body in ticket.bodies]

    # when one gets everything once and in order
    await post(clean, bodies)
    async with World(create_app(clean)) as calm:
        await calm.worker.drain()
        await calm.db.close()
    # and the other everything three times, shuffled, with workers that are killed
    shuffled = bodies * 3
    random.Random(SEED).shuffle(shuffled)
    await post(stormy, shuffled)
    kills = work_with_kills(stormy)

    # then workers were killed indeed, and both ended in the same rows
    assert kills >= LEAST_KILLS, f"seed {SEED} killed only {kills} workers"
    ended, expected = await everything_in(stormy), await everything_in(clean)
    for table in TABLES:
        assert ended[table] == expected[table], f"{table} differs (seed {SEED})"
    assert expected["review"], "the ruling was acted on"
    assert len(expected["ticket_fact"]) == TICKETS + 1
    assert await unfinished(stormy) == []


async def furnish(settings: Settings) -> None:
    async with World(create_app(settings)) as world:
        connection = await world.connection()
        await world.plan(connection["id"], rate=0.6)
        mara, jonas = await world.person("specialist", "Mara"), await world.person("specialist", "Jonas")
        await world.plan(connection["id"], key="all")
        await world.solved_ticket("1")
        review = await world.reviewed(mara)
        appeal = await world.post(
            "/appeals",
            {
                "review_id": review["id"], "reason": "other",
                "points": [{"criterion": "greeting", "proposed_value": 1, "text": "It was there."}],
            },
            by=review["agent_id"],
        )  # fmt: skip
        await world.post(f"/appeals/{appeal['id']}/take", by=jonas, status=200)
        await world.post(
            f"/appeals/{appeal['id']}/ruling",
            {
                "outcome": "overturned", "reason": "reviewer_error", "text": "It was.",
                "changes": [{"criterion": "greeting", "value": 1}],
            },
            by=jonas, status=200,
        )  # fmt: skip
        await world.db.close()


def tickets() -> list[zendesk.DemoTicket]:
    """The demonstration's three kinds of life, several times over."""
    lives = []
    for number in range((TICKETS + 2) // 3):
        for ticket in zendesk.tickets(LONG_AGO + timedelta(days=number)):
            for index, body in enumerate(ticket.bodies):
                renamed = body.replace(f'"{ticket.id}'.encode(), f'"{number}{ticket.id}'.encode())
                ticket.bodies[index] = renamed.replace(b'"demo-', f'"demo-{number}-'.encode())
            lives.append(ticket)
    return lives[:TICKETS]


async def post(settings: Settings, bodies: list[bytes]) -> None:
    async with World(create_app(settings)) as world:
        for body in bodies:
            assert (await world.webhook(body)).status_code == 200
        await world.db.close()


def work_with_kills(settings: Settings) -> int:
    """Starts worker after worker, each in a process of its own, until one lives. Counts the dead."""
    hurried = settings.model_copy(update={"worker_lease_s": 0.2, "worker_max_attempts": 50})
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["services.run"])
    kills, idle = 0, 0
    for number in range(400):
        child = processes.Process(target=dying_worker.run, args=(hurried, SEED + number, 0.04))
        child.start()
        child.join(60)
        assert child.exitcode in (0, -signal.SIGKILL), f"a worker ended with {child.exitcode}"
        kills += child.exitcode != 0
        idle = idle + 1 if child.exitcode == 0 else 0
        if idle == 2:  # twice nothing to do, with the lease of the killed ones run out in between
            return kills
        time.sleep(0.25)
    raise AssertionError(f"still not done after {kills} kills")


async def everything_in(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    found = {}
    for table in TABLES:
        rows = [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")]
        hidden = OUR_CLOCK.get(table, set())
        kept = [{k: v for k, v in row.items() if k not in hidden} for row in rows]
        found[table] = sorted(kept, key=lambda row: str(sorted(row.items(), key=str)))
    await connection.close()
    return found


async def unfinished(settings: Settings) -> list[Any]:
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    rows = await connection.fetch("SELECT handler, state FROM delivery WHERE state <> 'done'")
    await connection.close()
    return [tuple(row) for row in rows]
