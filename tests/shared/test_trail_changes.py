"""What an entry of the trail says was changed: by statements, the worker, at the machine, by hundreds."""

from uuid import UUID, uuid4

from sqlalchemy import insert, text
from trail_rows import entries
from world import World

from shared import clock, deliveries
from shared.models.people import Vendor
from shared.trail import MAX_LISTED


async def test_what_statements_changed_is_found_by_its_id(world: World) -> None:
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    specialist = await world.person("specialist")
    # when an audit is claimed, which a conditional update does
    audit = await world.post("/audit/audits/claim-next", by=specialist, status=200)
    # then the entry is found by the audit, and says what became of it
    items = (await world.get(f"/people/trail?row_id={audit['id']}&action=audits.claim"))["items"]
    (changes,) = [one["changes"] for one in items]
    assert {"table": "audit", "ids": [audit["id"]], "change": "changed", "columns": ["state"],
            "to": {"state": "claimed"}} in changes  # fmt: skip
    (assigned,) = [one for one in changes if one["table"] == "assignment"]
    assert assigned["ids"] == [audit["id"]]
    assert assigned["to"] == {"specialist_id": specialist}
    # and what the worker made of the ticket is found by the ticket
    items = (await world.get(f"/people/trail?row_id={audit['ticket_id']}"))["items"]
    assert {one["action"] for one in items} >= {"feedback.normalise_webhook", "kpi.recompute_facts"}


async def test_an_answer_that_is_shown_again_is_a_reading_of_what_it_shows(world: World) -> None:
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    specialist = await world.person("specialist")
    # given a claim, whose answer holds the evidence, that is sent twice
    once = {"by": specialist, "status": 200, "idempotency-key": "a key"}
    audit = await world.post("/audit/audits/claim-next", **once)
    await world.post("/audit/audits/claim-next", **once)
    (entry,) = await entries(world, 'reads @> \'[{"action": "answers.replayed"}]\'')
    assert entry["reads"] == [{"action": "answers.replayed", "ids": [audit["id"]]}]
    assert str(entry["actor_id"]) == specialist


async def test_a_worker_that_finds_nothing_to_do_enters_nothing(world: World) -> None:
    await world.connection()
    await world.solved_ticket()

    async def all_chores() -> None:
        for chore in world.worker.chores:
            async with world.worker.db.transaction(chore.name) as session:
                await chore.do(session)
        await world.worker.drain()

    # given a worker that has done what there was (the ticket is old, and some of it had to go)
    await all_chores()
    before = len(await entries(world))
    # when it comes by again
    await all_chores()
    assert len(await entries(world)) == before


async def test_what_somebody_does_at_the_machine_is_entered_by_name(world: World) -> None:
    await world.connection()
    await world.solved_ticket()
    async with world.db.engine.begin() as connection:
        dead = "UPDATE delivery SET state = 'dead' WHERE id IN (SELECT id FROM delivery LIMIT 3) RETURNING id"
        ids = {str(one) for one in await connection.scalars(text(dead))}
    before = len(await entries(world))
    async with world.worker.db.transaction("deliveries.replay", is_command=True) as session:
        assert await deliveries.replay(session, ids=[UUID(one) for one in ids]) == 3
    (entry,) = (await entries(world))[before:]
    assert (entry["actor_kind"], entry["action"], entry["actor_id"]) == ("command", "deliveries.replay", None)
    (change,) = entry["changes"]
    assert (change["table"], set(change["ids"])) == ("delivery", ids)


async def test_an_entry_names_so_many_rows_and_counts_the_others(world: World) -> None:
    async with world.worker.db.transaction("a large thing") as session:
        rows = [
            {"id": uuid4(), "key": f"v{number}", "name": "x", "created_at": clock.now()}
            for number in range(MAX_LISTED + 5)
        ]
        await session.execute(insert(Vendor), rows)
    (entry,) = await entries(world, "action = 'a large thing'")
    (change,) = entry["changes"]
    assert len(change["ids"]) == MAX_LISTED
    assert change["more"] == 5
