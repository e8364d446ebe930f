"""The guards of the intake, each tried twice: it holds in the product, and the same check complains
where the guard is taken out. A check returns its complaints in words; none means that the guard held.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from at_once import at_once
from doors import DOORS, document, furnish, genuine
from sqlalchemy import text, true
from world import LONG_AGO, World

from services.demo import zendesk
from services.feedback.inbox import queries as inbox_queries
from services.feedback.inbox import service as inbox
from services.feedback.inbox.rules import Piece
from services.feedback.inbox.service import Inbox, Outcome
from services.feedback.intake import queries, rows, rules, service
from services.feedback.intake.normalised import Normalised
from services.run import create_app
from shared.config import Settings
from shared.group_commit import GroupCommit

NEW_SECRETS = ("a new webhook secret for tests", "another new webhook secret for tests")
TIMES = 20
COMMIT_S = 0.2


def a_comment(number: str = "1", words: str = "How does it work?") -> bytes:
    ticket = zendesk.DemoTicket(number, "A question", LONG_AGO)
    ticket.comment(timedelta(0), words, by="requester")
    return ticket.bodies[0]


async def rows_of(world: World, statement: str) -> list[Any]:
    async with world.db.transaction() as session:
        return list(await session.execute(text(statement)))


async def count(world: World, table: str) -> int:
    ((found,),) = await rows_of(world, f"SELECT count(*) FROM {table}")
    return int(found)


# ---- Nothing is acknowledged that is not committed ----------------------------------------------

AT_COMMIT = """
    CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep({wait}); {then} RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON inbox DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION at_commit();
"""
FAILS, WAITS = "RAISE EXCEPTION 'the disk is full';", ""


@contextlib.asynccontextmanager
async def commits(world: World, *, then: str) -> AsyncIterator[None]:
    """Every commit of an inbox row takes a while, and then goes well or fails."""
    async with world.db.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(AT_COMMIT.format(wait=COMMIT_S, then=then))
        try:
            yield
        finally:
            await driver.execute("DROP FUNCTION at_commit CASCADE")


async def complaints_about_answers_and_commits(world: World, door: str) -> list[str]:
    await furnish(world, door)
    found = []
    # given a commit that fails
    async with commits(world, then=FAILS):
        answer = await genuine(door, "1").posted(world)
        if answer.status_code == 200:
            found.append("acknowledged but not there")
        elif answer.status_code != 503:
            found.append(f"a failing commit was answered {answer.status_code}")
        await asyncio.sleep(2 * COMMIT_S)
        if await count(world, "inbox") or await count(world, "event"):
            found.append("stored by a commit that failed")
    # and one that is slow: once it is answered, another connection sees it
    async with commits(world, then=WAITS):
        answer = await genuine(door, "2").posted(world)
        there = await count(world, "inbox")
        if (answer.status_code, there) != (200, 1):
            found.append(f"answered {answer.status_code} while {there} were there")
        await asyncio.sleep(2 * COMMIT_S)
    return found


@pytest.mark.parametrize("door", DOORS)
async def test_a_delivery_is_acknowledged_only_when_it_is_committed(world: World, door: str) -> None:
    assert await complaints_about_answers_and_commits(world, door) == []


@pytest.mark.parametrize("door", DOORS)
async def test_the_check_of_commits_complains_where_the_answer_does_not_wait(
    world: World, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an intake that answers while it is still writing
    behind: list[asyncio.Task[Any]] = []

    def early(write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Outcome]]:
        async def answers(*arguments: Any) -> Outcome:
            behind.append(asyncio.ensure_future(write(*arguments)))
            return Outcome.STORED

        return answers

    monkeypatch.setattr(GroupCommit, "add", early(GroupCommit.add))
    monkeypatch.setattr(Inbox, "_store_lasting", early(Inbox._store_lasting))
    # when it is checked
    found = await complaints_about_answers_and_commits(world, door)
    await asyncio.gather(*behind, return_exceptions=True)
    # then it is found out twice: by the failing commit, and by the slow one
    assert found == ["acknowledged but not there", "answered 200 while 0 were there"]


# ---- An older telling does not overwrite a newer one ---------------------------------------------


async def complaints_about_older_tellings(world: World) -> list[str]:
    # given a document, and then one about the same ticket, message and rating from the day before
    await furnish(world, "generic")
    for words, at in (("newer", LONG_AGO + timedelta(days=1)), ("older", LONG_AGO)):
        said = document(
            "1", at, subject=words, words=words, ratings=[{"id": "r1", "rated_at": at, "comment": words}]
        )
        assert (await genuine("generic", "1", body=said).posted(world)).status_code == 200
        await world.worker.drain()
    # then what is stored is the newer
    found = []
    for table, column in (("ticket", "subject"), ("message", "body"), ("rating", "comment")):
        for (kept,) in await rows_of(world, f"SELECT {column} FROM {table}"):
            if kept != "newer":
                found.append(f"{table}: the {kept} telling stayed")
    return found


async def test_w10_an_older_telling_that_comes_later_does_not_overwrite_a_newer_one(world: World) -> None:
    assert await complaints_about_older_tellings(world) == []


async def test_the_check_of_versions_complains_where_a_tickets_fields_are_not_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def heedless(known: rules.Known, told: Normalised) -> bool:
        for name in told.state:
            known.versions.pop(name, None)
        return rules.merge(known, told)

    monkeypatch.setattr(service, "merge", heedless)
    assert await complaints_about_older_tellings(world) == ["ticket: the older telling stayed"]


async def test_the_check_of_versions_complains_where_messages_and_ratings_are_not_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Heedless:
        def __init__(self, _row: Any) -> None: ...

        def __lt__(self, _other: Any) -> Any:
            return true()

    monkeypatch.setattr(queries, "_version", Heedless)
    assert await complaints_about_older_tellings(world) == [
        "message: the older telling stayed",
        "rating: the older telling stayed",
    ]


# ---- A delivery is stored once ---------------------------------------------------------------------


async def complaints_about_repeats(world: World, settings: Settings) -> list[str]:
    # given two server processes, so to say, that share a database
    await world.connection()
    async with World(create_app(settings)) as other:
        # when one delivery comes many times at once
        posts = [(world, other)[number % 2].webhook(a_comment()) for number in range(TIMES)]
        answers = await at_once(world, posts)
        await other.db.close()
    found = [f"answered {answer.status_code}" for answer in answers if answer.status_code != 200]
    outcomes = [answer.json()["outcome"] for answer in answers]
    if outcomes.count("stored") != 1:
        found.append(f"{outcomes.count('stored')} are said to be stored")
    told = await count(world, "event"), await count(world, "delivery")
    await world.worker.drain()
    kept = await count(world, "inbox"), *told, await count(world, "message")
    for what, number in zip(("inbox rows", "events", "deliveries", "messages"), kept, strict=True):
        if number != 1:
            found.append(f"{number} {what}")
    return found


async def test_one_delivery_many_times_at_once_is_one_row_one_event_and_one_message(
    world: World, settings: Settings
) -> None:
    assert await complaints_about_repeats(world, settings) == []


async def test_the_check_of_repeats_complains_where_keys_are_not_derived_from_names(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given keys that are new each time, in the inbox and of messages
    def at_random(_scope: UUID, *_names: object) -> UUID:
        return uuid4()

    monkeypatch.setattr(inbox, "derived_id", at_random)
    monkeypatch.setattr(rows, "derived_id", at_random)
    # when it is checked, then each kind of row is there as often as it came
    assert await complaints_about_repeats(world, settings) == [
        f"{TIMES} are said to be stored",
        *(f"{TIMES} {what}" for what in ("inbox rows", "events", "deliveries", "messages")),
    ]


# ---- What an old secret signed is not stored once a new one has replaced it -----------------------


async def complaints_about_rotations(
    world: World, monkeypatch: pytest.MonkeyPatch, *, times: int
) -> list[str]:
    # given deliveries found genuine by the old secret, on their way into the database
    connection = await world.connection()
    assert (await world.webhook(a_comment("0"))).status_code == 200
    may_store, is_storing, store = asyncio.Event(), asyncio.Event(), inbox_queries.store_once

    async def held_up(*arguments: Any) -> Any:
        is_storing.set()
        await may_store.wait()
        return await store(*arguments)

    monkeypatch.setattr(inbox_queries, "store_once", held_up)
    posts = [asyncio.create_task(world.webhook(a_comment(str(number)))) for number in range(1, 11)]
    await is_storing.wait()
    # when the secret is rotated, with no overlap
    path = f"/feedback/connections/{connection['id']}/rotate-secret"
    for secret in NEW_SECRETS[:times]:
        await world.post(path, {"secret": secret, "overlap_hours": 0}, status=200)
    may_store.set()
    answers = await asyncio.gather(*posts)
    # then none of them is stored any more, and their sender is told to sign anew
    late = await count(world, "inbox") - 1
    found = [f"{late} stored after the rotation"] if late else []
    found += sorted({f"answered {answer.status_code}" for answer in answers} - {"answered 401"})
    again = await world.webhook(a_comment("1"), secret=NEW_SECRETS[times - 1])
    return found + ([] if again.status_code == 200 else [f"signed anew: {again.status_code}"])


async def test_what_an_old_secret_signed_is_not_stored_after_the_rotation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await complaints_about_rotations(world, monkeypatch, times=1) == []


async def test_what_a_secret_that_is_gone_signed_is_not_stored_after_the_rotation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await complaints_about_rotations(world, monkeypatch, times=2) == []


async def test_the_check_of_rotations_complains_where_the_revision_is_not_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    heedless = inbox_queries._STORE.replace(" AND connection.revision = told.revision", "")
    assert heedless != inbox_queries._STORE
    monkeypatch.setattr(inbox_queries, "_STORE", heedless)
    found = await complaints_about_rotations(world, monkeypatch, times=2)
    assert found == ["10 stored after the rotation", "answered 200"]


# ---- Another message under a known id is kept beside it ---------------------------------------------


async def complaints_about_collisions(world: World) -> list[str]:
    # given a message, and another one under the same id
    connection = await world.connection()
    first, other = a_comment(words="The first words."), a_comment(words="Other words.")
    assert json.loads(first)["id"] == json.loads(other)["id"]
    assert first != other
    found = []
    # when both come, the other one twice
    for body in (first, other, other):
        if (status := (await world.webhook(body)).status_code) != 200:
            found.append(f"answered {status}")
    await world.worker.drain()
    # then both are kept, what the first said stands, and somebody is told of the other
    kept = sorted(bytes(body) for (body,) in await rows_of(world, "SELECT body FROM inbox"))
    if kept != sorted([first, other]):
        found.append(f"{len(kept)} bodies are kept")
    said = [body for (body,) in await rows_of(world, "SELECT body FROM message")]
    if said != ["The first words."]:
        found.append(f"the messages say {said}")
    letters = await world.get(f"/feedback/connections/{connection['id']}/dead-letters")
    if len(letters["items"]) != 1:
        found.append(f"{len(letters['items'])} dead letters")
    return found


async def test_w9_another_message_under_a_known_id_is_kept_beside_it_and_is_a_dead_letter(
    world: World,
) -> None:
    assert await complaints_about_collisions(world) == []


async def test_the_check_of_collisions_complains_where_bodies_are_not_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given pieces that all look the same
    monkeypatch.setattr(
        Piece, "__post_init__", lambda piece: object.__setattr__(piece, "sha256", b"the same")
    )
    assert await complaints_about_collisions(world) == ["1 bodies are kept", "0 dead letters"]


# ---- The senders of these tests are genuine --------------------------------------------------------


async def test_every_door_takes_what_these_tests_send(world: World) -> None:
    for door in DOORS:
        await furnish(world, door)
        assert (await genuine(door, "1").posted(world)).status_code == 200
    assert await count(world, "inbox") == len(DOORS)
