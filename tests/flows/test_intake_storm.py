"""A storm of webhooks, with the server and its database killed in the middle: what was answered 200
is there exactly once, what was forged is not there, and what was not answered can be sent again.
"""

import asyncio
import json
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
import storm
from sqlalchemy import make_url
from storm import UNANSWERED, Door, Kept, Posting, Product, Sender
from world import World

from services.bench.servers import Setting
from services.local import prepare_database
from services.run import create_app
from shared.config import Settings
from shared.embedded_postgres import EmbeddedPostgres

SEED = int(os.environ.get("ASSAY_SEED", "7305112"))
DELIVERIES = int(os.environ.get("ASSAY_STORM_DELIVERIES", "600"))
CONNECTIONS = int(os.environ.get("ASSAY_STORM_CONNECTIONS", "16"))
SERVER_KILLS = int(os.environ.get("ASSAY_STORM_SERVER_KILLS", "2"))
DATABASE_KILLS = int(os.environ.get("ASSAY_STORM_DATABASE_KILLS", "1"))

Trouble = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Stage:
    """A server process, and the durable database that it reaches through a door."""

    postgres: EmbeddedPostgres
    database_url: str
    """Of the furnished database; its port is right until it is killed."""
    door: Door
    product: Product


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="assay-storm-"))
    made.chmod(0o755)  # Postgres runs as another user where we are root
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
async def stage(folder: Path) -> AsyncIterator[Stage]:
    postgres = EmbeddedPostgres(folder)
    try:
        url = await asyncio.to_thread(postgres.start)
        settings = Settings.model_validate({"database_url": url, "secret_key": "for a storm " * 4})
        await asyncio.to_thread(prepare_database, settings)
        await furnish(settings)
        async with Door().open() as door:
            door.behind = make_url(url).port or 0
            through = make_url(url).set(port=door.port).render_as_string(hide_password=False)
            setting = Setting(settings.model_copy(update={"database_url": through}), folder, Path())
            async with Product(setting).serving() as product:
                yield Stage(postgres, url, door, product)
    finally:
        await asyncio.to_thread(postgres.stop)


async def test_a_storm_with_killed_servers_and_databases_loses_nothing_and_lets_nothing_forged_in(
    stage: Stage,
) -> None:
    # given genuine, repeated and forged webhooks
    dice = random.Random(SEED)
    genuine = storm.events(DELIVERIES)
    forged = storm.forgeries(genuine, dice)
    postings = storm.shuffled(genuine, forged, dice)
    sender, product = Sender(stage.product.port), stage.product

    # when they are posted while the server is killed, and then the database
    async def kill_database() -> None:
        await asyncio.to_thread(stage.postgres.kill)
        await restart(stage)

    async def stop_database() -> None:
        await asyncio.to_thread(stage.postgres.stop)
        await restart(stage)

    troubles: list[Trouble] = [product.kill_and_start] * SERVER_KILLS
    troubles += [(kill_database, stop_database)[number % 2] for number in range(DATABASE_KILLS)]
    async with asyncio.TaskGroup() as both:
        both.create_task(sender.post_all(postings, connections=CONNECTIONS))
        both.create_task(make_trouble(troubles, sender, len(postings)))

    # then it was a storm, and each answer was the one that its sender needs
    told = {kind: sender.statuses(genuine=kind) for kind in (True, False)}
    assert told[True].total() + told[False].total() == len(postings)
    assert told[True][UNANSWERED] >= SERVER_KILLS, f"nothing was cut off: {told} (seed {SEED})"
    assert told[True][503] >= DATABASE_KILLS, f"the database was never missed: {told} (seed {SEED})"
    assert told[True].keys() <= {200, 503, UNANSWERED}, told
    assert told[False].keys() <= {401, 503, UNANSWERED}, told
    # and what was acknowledged is there once, and nothing that is not genuine
    acknowledged = sender.got(200)
    rows = await storm.kept(now_at(stage))
    assert storm.faults(rows, acknowledged=acknowledged, genuine=genuine, forged=forged) == []

    # when what was not acknowledged, or not refused, is sent again
    again = [one for one in genuine if one not in acknowledged]
    again += [one for one in forged if one not in sender.got(401)]
    assert again
    second = Sender(product.port)
    await second.post_all(again, connections=CONNECTIONS)
    # then each is acknowledged or refused, and everything genuine is there once
    assert second.statuses(genuine=True).keys() <= {200}, second.statuses(genuine=True)
    assert second.statuses(genuine=False).keys() <= {401}, second.statuses(genuine=False)
    rows = await storm.kept(now_at(stage))
    assert storm.faults(rows, acknowledged=genuine, genuine=genuine, forged=forged) == []
    assert len(rows) == DELIVERIES


async def test_after_a_storm_a_worker_makes_each_ticket_and_message_once(
    settings: Settings, folder: Path
) -> None:
    # given a storm in which the server was killed, and all of it sent again
    dice = random.Random(SEED)
    genuine = storm.events(max(60, DELIVERIES // 10))
    forged = storm.forgeries(genuine, dice)
    await furnish(settings)
    async with Product(Setting(settings, folder, Path())).serving() as product:
        sender = Sender(product.port)
        async with asyncio.TaskGroup() as both:
            both.create_task(sender.post_all(storm.shuffled(genuine, forged, dice), connections=CONNECTIONS))
            both.create_task(make_trouble([product.kill_and_start], sender, len(genuine)))
        await sender.post_all(genuine, connections=CONNECTIONS)
    assert sender.got(200) == set(genuine)

    # when a worker understands everything
    async with World(create_app(settings)) as world:
        await asyncio.gather(*(world.worker.drain() for _ in range(4)))
        await world.worker.drain()
        await world.db.close()

    # then each ticket and each message is there once, and nothing is left to do
    payloads = [json.loads(one.body) for one in genuine]
    tickets = {payload["detail"]["id"] for payload in payloads}
    messages = {payload["event"]["comment"]["id"] for payload in payloads if "comment" in payload["event"]}
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    for table, expected in (("ticket", tickets), ("message", messages)):
        found = await connection.fetch(f"SELECT external_id FROM {table}")
        assert Counter(row["external_id"] for row in found) == Counter(expected), table
    unfinished = await connection.fetch("SELECT handler, last_error FROM delivery WHERE state <> 'done'")
    await connection.close()
    assert [tuple(row) for row in unfinished] == []


# ---- The judge can find fault -------------------------------------------------------------------

ONE, TWO, THREE = (Posting(f"e-{number}", f"body {number}".encode()) for number in (1, 2, 3))
FORGERY = Posting("f-1", b"forged", is_genuine=False)
TAMPERED = replace(ONE, body=b"body 1, with other words", is_genuine=False)


def row(posting: Posting, events: int = 1, deliveries: int = 1) -> Kept:
    return Kept(posting.key, posting.body, events, deliveries)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([row(ONE)], "lost: e-2"),
        ([row(ONE), Kept("e-2", b"something else")], "lost: e-2"),
        ([row(ONE), row(TWO), row(TWO)], "there 2 times: 'e-2'"),
        ([row(ONE), row(TWO), Kept("another key", TWO.body)], "there 2 times: b'body 2'"),
        ([row(ONE), row(TWO), row(FORGERY)], "forged and stored: f-1"),
        ([row(ONE), row(TWO), Kept("another key", FORGERY.body)], "forged and stored: another key"),
        ([row(ONE), row(TWO), Kept(FORGERY.key, b"another body")], "forged and stored: f-1"),
        ([row(TWO), row(TAMPERED)], "forged and stored: e-1"),
        ([row(ONE), row(TWO), Kept("e-4", b"body 4")], "sent by nobody: e-4"),
        ([row(ONE), row(TWO, 0, 0)], "0 events and 0 deliveries: e-2"),
        ([row(ONE), row(TWO, 2, 2)], "2 events and 2 deliveries: e-2"),
        ([row(ONE), row(TWO, 1, 0)], "1 events and 0 deliveries: e-2"),
        ([row(ONE), row(TWO), Kept(None, None)], "sent by nobody: None"),
    ],
)
def test_the_judge_names_what_is_wrong_with_an_inbox(rows: list[Kept], fault: str) -> None:
    # given an inbox with one fault, of which ONE and TWO were acknowledged; then it is named
    assert fault in judged(rows)


def test_the_judge_finds_nothing_wrong_where_an_unacknowledged_delivery_is_there_or_is_not() -> None:
    # given THREE, which was sent and not acknowledged; then it may be there, once
    assert judged([row(ONE), row(TWO)]) == []
    assert judged([row(ONE), row(TWO), row(THREE)]) == []


async def test_the_judge_is_shown_every_row_and_every_event_without_a_row(world: World) -> None:
    # given two deliveries of a real inbox, one of which then disappears, while its event stays
    await world.connection()
    first, second = storm.events(2)
    for posting in (first, second):
        assert (await world.webhook(posting.body)).status_code == 200
    url = world.app.state.settings.database_url
    assert judged(await storm.kept(url), sent=(first, second)) == []
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("DELETE FROM inbox WHERE source_key = $1", second.key)
    await connection.close()
    # when it is judged, then both faults are named
    found = judged(await storm.kept(url), sent=(first, second))
    assert sorted(found) == [f"lost: {second.key}", "sent by nobody: None"]


def judged(rows: list[Kept], *, sent: tuple[Posting, ...] = (ONE, TWO)) -> list[str]:
    return storm.faults(rows, acknowledged=sent, genuine=[*sent, THREE], forged=[FORGERY, TAMPERED])


# ---- Helpers ------------------------------------------------------------------------------------


async def furnish(settings: Settings) -> None:
    async with World(create_app(settings)) as world:
        await world.connection()
        await world.db.close()


async def make_trouble(troubles: list[Trouble], sender: Sender, total: int) -> None:
    """One after the other, spread over what is sent."""
    for number, trouble in enumerate(troubles, 1):
        await sender.until_sent(total * number // (len(troubles) + 1))
        await trouble()


async def restart(stage: Stage) -> None:
    stage.door.behind = make_url(await asyncio.to_thread(stage.postgres.start)).port or 0


def now_at(stage: Stage) -> str:
    """The database's URL, past the door, wherever it is now."""
    return make_url(stage.database_url).set(port=stage.door.behind).render_as_string(hide_password=False)
