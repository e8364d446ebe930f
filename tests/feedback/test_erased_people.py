"""Who asked to be forgotten is nowhere: not in a row, not in what was delivered, not in a backup with the
planner's statistics. And no figure changes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from canaries import (
    BODIES,
    CANARIES,
    EMAIL,
    EVERYTHING,
    KEY,
    NAME,
    backup,
    document,
    dumped,
    erase,
    figures,
    find,
    found_in,
    import_file,
    other,
    plant,
    restore,
    stored_dead,
    write_about,
)
from databases import beside, run_sql
from doors import furnish, genuine
from sqlalchemy import text
from unsealed import unsealed
from world import LONG_AGO, World

from services.feedback.privacy import erasing
from services.run import create_app
from shared.embedded_postgres import EmbeddedPostgres


async def analyze(world: World) -> None:
    """As the database does by itself every now and then."""
    async with world.db.transaction() as session:
        await session.execute(text("ANALYZE"))


async def test_an_erased_person_is_nowhere_and_no_figure_changes(
    world: World, postgres_server: EmbeddedPostgres, database_url: str
) -> None:
    # given twenty canaries of one person behind every door, people who wrote about their tickets, somebody at
    # work on one of them, and a request that named them in its reasons
    await plant(world)
    await write_about(world, {"T-100", "T-200"})
    [person] = await find(world, email=EMAIL.upper())
    assert person["tickets"] == 2
    hold = await world.post("/feedback/legal-holds", {"requester_id": person["id"], "reason": f"{NAME} sues"})
    await world.post(f"/feedback/legal-holds/{hold['id']}/release", status=200)
    before = await figures(world)
    assert sum(bool(values and values[0]["n"]) for values in before.values()) >= 10
    await analyze(world)
    planted = found_in(backup(postgres_server, database_url))
    assert len(planted) >= 10, set(EVERYTHING) - set(planted)
    # when they are erased
    erasure = await erase(world, person["id"], f"They, {NAME}, asked to be forgotten.")
    # then it says what it did
    assert erasure["state"] == "done"
    proof = erasure["proof"]
    assert (proof["tickets"], proof["mentions"], proof["written"]) == (2, 4, 6)
    # and nothing is found in a backup, which has every value and the planner's statistics
    await analyze(world)
    assert found_in(backup(postgres_server, database_url)) == []
    # nor with all the keys there are
    opened = await unsealed(world)
    assert found_in(f"{opened.people} {opened.texts}") == []
    # and every figure is what it was
    assert await figures(world) == before
    # and what others said, and what was written about them, is as it was
    text_of_all = backup(postgres_server, database_url)
    assert "kept-" in text_of_all
    assert "Nothing to say." in text_of_all
    # and they are found no more
    assert await find(world, email=EMAIL) == []
    await world.post(
        f"/feedback/requesters/{person['id']}/identity", {"purpose": "Just looking at it"}, status=409
    )


async def test_what_was_decided_about_an_erased_persons_tickets_stays(world: World) -> None:
    # given reviews, appeals and rulings whose words name the person
    await plant(world)
    await write_about(world, {"T-100", "T-200"})
    [person] = await find(world, email=EMAIL)
    reviews = {one["id"]: one for one in (await world.get("/audit/reviews"))["items"]}
    appeals = {one["id"]: one for one in (await world.get("/appeals"))["items"]}
    # when the person is erased
    await erase(world, person["id"])
    # then words are gone where they named them, and nothing else
    gone = "[removed: it named somebody who was erased]"
    after = (await world.get("/audit/reviews"))["items"]
    assert sorted(one["summary"] for one in after) == ["Nothing to say.", gone, gone]
    for one in after:
        same = {"summary", "answers"}
        assert {k: v for k, v in one.items() if k not in same} == {
            k: v for k, v in reviews[one["id"]].items() if k not in same
        }
        assert [answer["value"] for answer in one["answers"]] == [0, 4, 1]
    for one in (await world.get("/appeals"))["items"]:
        assert one["ruling"]["outcome"] == appeals[one["id"]]["ruling"]["outcome"] == "upheld"
        assert one["points"][0]["proposed_value"] == 1
    assert sorted(one["ruling"]["text"] for one in (await world.get("/appeals"))["items"])[1:] == [gone] * 2


async def test_a_person_of_an_imported_file_is_erased_as_others_are(
    world: World, postgres_server: EmbeddedPostgres, database_url: str, tmp_path: Path
) -> None:
    await import_file(world, tmp_path)
    assert CANARIES["csv"] in found_in(backup(postgres_server, database_url))
    [ticket] = (await world.get("/feedback/tickets"))["items"]
    # when whoever wrote in it is found by the ticket, and erased
    people = await find(world, ticket_id=ticket["id"])
    assert len(people) == 2  # the file does not say who asked: somebody, and who wrote
    for person in people:
        await erase(world, person["id"])
    # then nothing of them is there
    assert found_in(backup(postgres_server, database_url)) == []


async def test_what_is_told_later_of_an_erased_person_keeps_no_words(
    world: World, postgres_server: EmbeddedPostgres, database_url: str
) -> None:
    # given a person who is erased
    generic = await plant(world)
    [person] = await find(world, connection_id=generic["id"], external_key=KEY)
    await erase(world, person["id"])
    # when the help desk tells of them again: a new ticket, and words in somebody else's
    told = document("T-400", LONG_AGO + timedelta(days=90), subject=CANARIES["late"])
    elsewhere = other() | {
        "at": (LONG_AGO + timedelta(days=91)).isoformat(),
        "messages": [
            {
                "id": "T-900-late", "sent_at": LONG_AGO.isoformat(), "author_kind": "requester",
                "author": {"id": KEY, "name": NAME}, "body": CANARIES["late"],
            }
        ],
    }  # fmt: skip
    for number, one in enumerate((told, elsewhere)):
        answer = await genuine("generic", f"9{number}", body=json.dumps(one).encode()).posted(world)
        assert answer.status_code == 200, answer.text
    await world.worker.drain()
    # then the tickets are there, and none of the words
    assert found_in(backup(postgres_server, database_url)) == []
    known = {one["external_id"] for one in (await world.get("/feedback/tickets"))["items"]}
    assert known == {"T-100", "T-200", "T-400", "T-900"}
    # and it is known that all three are the same person's
    async with world.db.transaction() as session:
        keys = await session.scalars(text("SELECT requester_key FROM ticket WHERE is_erased"))
        assert len(set(keys)) == 1


@pytest.mark.parametrize("who", [KEY, EMAIL, EMAIL.upper()])
async def test_what_nobody_understands_later_and_names_an_erased_person_is_not_kept(
    world: World, postgres_server: EmbeddedPostgres, database_url: str, who: str
) -> None:
    # given a person who is erased
    generic = await plant(world)
    [person] = await find(world, connection_id=generic["id"], external_key=KEY)
    await erase(world, person["id"])
    # when something comes that nobody understands, and names them; and something else that does not
    for name in (who, "somebody@example.org 99999"):
        broken = {"at": "?", "ticket": {"id": "T-7", "requester": name}, "x": CANARIES["late"]}
        if name != who:
            del broken["x"]
        await stored_dead(world, generic, json.dumps(broken).encode(), headers={})
    await world.worker.drain()
    # then the one is not kept, and the other waits for a person
    assert found_in(backup(postgres_server, database_url)) == []
    letters = await world.get(f"/feedback/connections/{generic['id']}/dead-letters")
    async with world.db.transaction() as session:
        kept = await session.scalars(text("SELECT body FROM inbox WHERE body LIKE '%99999%'::bytea"))
        assert len(kept.all()) == 1
    assert len(letters["items"]) == 3  # two of before the erasure, whose bytes are gone, and this one


async def test_a_restored_backup_is_told_again_whom_to_forget(
    world: World, postgres_server: EmbeddedPostgres, database_url: str, restored_url: str
) -> None:
    # given a backup from before a person was erased
    await plant(world)
    await write_about(world, {"T-100", "T-200"})
    [person] = await find(world, email=EMAIL)
    saved = dumped(postgres_server, database_url)
    await erase(world, person["id"])
    async with world.db.transaction() as session:
        told = await erasing.export_erasures(session)
    assert found_in(json.dumps(told)) == []
    # when it is restored, and the list is applied to it, twice
    restore(postgres_server, saved, restored_url)
    assert len(found_in(backup(postgres_server, restored_url))) >= 10
    settings = world.app.state.settings.model_copy(update={"database_url": restored_url})
    async with World(create_app(settings)) as other_world:
        for _ in range(2):
            for one in told:
                async with other_world.db.transaction() as session:
                    await erasing.reapply(session, other_world.app.state.sealer, one)
        await other_world.worker.drain()
        await other_world.db.close()
    # then the person is nowhere in it either
    assert found_in(backup(postgres_server, restored_url)) == []


@pytest.fixture
def restored_url(postgres: str) -> Iterator[str]:
    """Of an empty database."""
    name = f"t{uuid4().hex}"
    run_sql(postgres, f"CREATE DATABASE {name}")
    yield beside(postgres, name)
    run_sql(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("door", BODIES)
async def test_whatever_help_desk_told_of_a_person_they_are_nowhere_afterwards(
    world: World, postgres_server: EmbeddedPostgres, database_url: str, door: str
) -> None:
    # given what this help desk says of a person
    connection = await furnish(world, door)
    await world.plan(connection["id"])
    for body in BODIES[door]("77"):
        answer = await genuine(door, "77", body=body).posted(world)
        assert answer.status_code == 200, answer.text
    await world.worker.drain()
    assert found_in(backup(postgres_server, database_url))
    # when the person is found by the ticket, and erased
    [ticket] = (await world.get("/feedback/tickets"))["items"]
    [person] = await find(world, ticket_id=ticket["id"])
    assert (await erase(world, person["id"]))["state"] == "done"
    # then nothing of what was planted is left
    assert found_in(backup(postgres_server, database_url)) == []
    # and what comes again changes nothing about that
    for body in BODIES[door]("77"):
        again = body.replace(b'"demo-', b'"again-') + b" "
        await genuine(door, "78", body=again).posted(world)
    await world.worker.drain()
    assert found_in(backup(postgres_server, database_url)) == []
