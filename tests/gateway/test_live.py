"""Subscriptions: who is told what, when, and what they missed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from on_the_wire import APPEALS, AUDITS, FACTS, Client, cursor_now, follower, served, socket
from sqlalchemy import text
from world import World

from services.gateway.live import following


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    async with served(world.app) as number:
        yield number


@pytest.fixture
async def plan(world: World) -> Any:
    connection = await world.connection()
    return await world.plan(connection["id"])


async def claimed(world: World, specialist: str) -> str:
    audit = await world.post("/audit/audits/claim-next", by=specialist, status=200)
    return str(audit["id"])


async def test_an_audit_that_is_assigned_is_told_with_the_audit_as_it_is(
    world: World, port: int, plan: Any
) -> None:
    # given somebody who follows audits
    specialist = await world.person("specialist")
    await world.solved_ticket()
    async with follower(port, world, AUDITS, after=await cursor_now(world)) as lead:
        # when one is claimed
        audit = await claimed(world, specialist)
        # then they hear of it
        assert (await lead.next())["audit"] == {"id": audit, "state": "claimed"}
        # and when it is reviewed, of that
        await world.post(f"/audit/audits/{audit}/release", {"reason": "later"}, by=specialist, status=200)
        assert (await lead.next())["audit"] == {"id": audit, "state": "open"}


async def test_what_somebody_may_not_see_is_not_told_not_even_that_it_happened(
    world: World, port: int
) -> None:
    # given two vendors with a manager each, and a ticket of each
    vendors = [await world.vendor(key) for key in ("north", "south")]
    managers = [await world.person("vendor_manager", vendor_id=vendor) for vendor in vendors]
    for key, vendor in zip(("zd", "other"), vendors, strict=True):
        await world.connection(key, vendor_id=vendor)
    after = [await cursor_now(world, by=manager) for manager in managers]
    async with (
        follower(port, world, FACTS, by=managers[0], after=after[0]) as north,
        follower(port, world, FACTS, by=managers[1], after=after[1]) as south,
    ):
        # when both tickets' facts are made
        await world.solved_ticket("1", key="zd")
        await world.solved_ticket("2", key="other")
        # then each hears of their own alone
        seen = [{(await client.next())["ticketId"]} for client in (north, south)]
        for client, known in zip((north, south), seen, strict=True):
            while (said := await quiet_or_next(client)) is not None:
                known.add(said["ticketId"])
    for known, manager in zip(seen, managers, strict=True):
        answer = await world.graphql("{ tickets { nodes { id } } }", by=manager)
        assert known == {node["id"] for node in answer["data"]["tickets"]["nodes"]}
        assert len(known) == 1


async def quiet_or_next(client: Client) -> Any:
    try:
        said = await client.hear(1)
    except TimeoutError:
        return None
    (value,) = said["payload"]["data"].values()
    return value


async def test_what_happened_meanwhile_is_told_once_to_whoever_comes_back(
    world: World, port: int, plan: Any
) -> None:
    # given somebody who has heard of one claim, and is gone when the next ones happen
    specialist = await world.person("specialist")
    for number in "123":
        await world.solved_ticket(number)
    async with follower(port, world, AUDITS, after=await cursor_now(world)) as lead:
        first = await claimed(world, specialist)
        heard = await lead.next()
        assert heard["audit"]["id"] == first
    second = await claimed(world, specialist)
    # when they come back with the last cursor
    async with follower(port, world, AUDITS, after=heard["cursor"]) as lead:
        # then they hear of what they missed, once, and of what comes
        again = await lead.next()
        assert again["audit"]["id"] == second
        third = await claimed(world, specialist)
        assert (await lead.next())["audit"]["id"] == third
        await lead.hear_nothing()
    # and from the later cursor, of the later ones alone
    async with follower(port, world, AUDITS, after=again["cursor"]) as lead:
        assert (await lead.next())["audit"]["id"] == third
        await lead.hear_nothing()


async def test_several_things_of_one_event_are_told_from_the_one_after_the_cursor(
    world: World, port: int
) -> None:
    # given two tickets whose facts are made in one go
    await world.connection()
    await world.solved_ticket("1")
    await world.solved_ticket("2")
    after = await cursor_now(world)
    async with world.db.transaction("test") as session:
        await session.execute(
            text(
                "INSERT INTO event (id, type, payload, created_at, live_xid)"
                " SELECT gen_random_uuid(), 'TicketFactsMade',"
                " jsonb_build_object('ticket_ids', jsonb_agg(id ORDER BY id)), now(),"
                " pg_current_xact_id()::text::bigint FROM ticket"
            )
        )
    async with follower(port, world, FACTS, after=after) as lead:
        first, second = await lead.next(), await lead.next()
        assert first["ticketId"] < second["ticketId"]
    # when somebody comes back in the middle
    async with follower(port, world, FACTS, after=first["cursor"]) as lead:
        assert (await lead.next())["ticketId"] == second["ticketId"]
        await lead.hear_nothing()


PUBLISH = (
    "INSERT INTO event (id, type, payload, created_at, live_xid) SELECT '{id}', 'AuditMoved',"
    " jsonb_build_object('audit_id', id), now(), pg_current_xact_id()::text::bigint FROM audit LIMIT 1"
)
EARLY, LATE = "00000000-0000-7000-8000-000000000001", "ffffffff-0000-7000-8000-000000000002"


@pytest.mark.parametrize(("first", "second"), [(EARLY, LATE), (LATE, EARLY)])
async def test_what_begins_first_and_ends_last_is_not_passed_by_and_nothing_is_told_before_it_is_true(
    world: World, port: int, plan: Any, first: str, second: str
) -> None:
    await world.solved_ticket()
    async with follower(port, world, AUDITS, after=await cursor_now(world)) as lead:
        # given a transaction that has written an event and is not over
        async with world.db.transaction("test") as slow:
            await slow.execute(text(PUBLISH.format(id=first)))
            # when a later one writes another, and is over sooner
            async with world.db.transaction("test") as quick:
                await quick.execute(text(PUBLISH.format(id=second)))
                await quick.execute(text("NOTIFY assay_live"))
            # then what is not committed is not told
            await lead.hear_nothing()
        # and in the end both are, each once
        one, other = await lead.next(), await lead.next()
        await lead.hear_nothing()
    # and a cursor between them leads to the second
    async with follower(port, world, AUDITS, after=one["cursor"]) as lead:
        assert (await lead.next())["audit"] == other["audit"]
        await lead.hear_nothing()


async def test_what_was_rolled_back_is_never_told(world: World, port: int, plan: Any) -> None:
    await world.solved_ticket()
    async with follower(port, world, AUDITS, after=await cursor_now(world)) as lead:
        async with world.db.transaction("test") as session:
            await session.execute(text(PUBLISH.format(id=EARLY)))
            await session.execute(text("NOTIFY assay_live"))
            await session.rollback()
        await lead.hear_nothing(1)


async def test_a_cursor_fits_a_query_read_with_it(world: World, port: int, plan: Any) -> None:
    """Read what there is and the cursor in one query, follow from there: nothing lies between."""
    specialist = await world.person("specialist")
    await world.solved_ticket()
    await claimed(world, specialist)
    answer = await world.graphql('{ liveCursor audits(state: "claimed") { nodes { id } } }')
    assert len(answer["data"]["audits"]["nodes"]) == 1
    async with follower(port, world, AUDITS, after=answer["data"]["liveCursor"]) as lead:
        await lead.hear_nothing()


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "A" * 200, "A" * 5000])
async def test_a_cursor_that_is_none_is_refused(world: World, port: int, cursor: str) -> None:
    async with follower(port, world, AUDITS, after=cursor) as lead:
        said = await lead.hear()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "BAD_USER_INPUT")


async def test_a_cursor_of_somebody_else_is_refused(world: World, port: int) -> None:
    other = await world.person("analyst")
    async with follower(port, world, AUDITS, after=await cursor_now(world, by=other)) as lead:
        assert (await lead.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_cursor_that_is_too_old_says_that_all_is_to_be_read_anew(
    world: World, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = await cursor_now(world)
    monkeypatch.setattr(following, "RESUMABLE", timedelta(seconds=-5))
    async with follower(port, world, AUDITS, after=cursor) as lead:
        said = await lead.hear()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "CURSOR_EXPIRED")


async def test_one_cursor_is_good_for_every_subscription(world: World, port: int, plan: Any) -> None:
    specialist = await world.person("specialist")
    await world.solved_ticket()
    after = await cursor_now(world)
    async with socket(port) as client:
        await client.init(world.as_()["authorization"])
        await client.follow(AUDITS, "audits", after=after)
        await client.follow(APPEALS, "appeals", after=after)
        review = await world.reviewed(specialist, greeting=0)
        said = [await client.hear(), await client.hear()]
        assert [one["id"] for one in said] == ["audits", "audits"]
        agent = review["agent_id"]
        await world.post(
            "/appeals",
            {
                "review_id": review["id"], "reason": "scorecard_misread",
                "points": [{"criterion": "greeting", "proposed_value": 1, "text": "It is there."}],
            },
            by=agent,
        )  # fmt: skip
        said = [await client.hear()]
        assert said[0]["id"] == "appeals"
        assert said[0]["payload"]["data"]["appealMoved"]["appeal"]["state"] == "open"


async def test_whoever_leaves_is_told_nothing_more(world: World, port: int, plan: Any) -> None:
    # given an analyst who follows audits
    specialist, analyst = await world.person("specialist"), await world.person("analyst")
    await world.solved_ticket()
    after = await cursor_now(world, by=analyst)
    async with follower(port, world, AUDITS, by=analyst, after=after) as client:
        await asyncio.sleep(0.3)
        # when they leave, and then something happens
        await world.patch(f"/people/people/{analyst}", {"is_active": False})
        await claimed(world, specialist)
        # then it ends, and says why
        said = await client.hear()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")


async def test_words_that_are_shown_are_entered_in_the_trail_before_they_are(
    world: World, port: int, plan: Any
) -> None:
    # given a lead who follows audits with what was written
    specialist, lead = await world.person("specialist"), await world.person("lead")
    await world.solved_ticket()
    query = AUDITS.replace("id state", "id ticket { messages { body } }")
    after = await cursor_now(world, by=lead)
    async with follower(port, world, query, by=lead, after=after) as client:
        # when they are shown some, twice
        audit = await claimed(world, specialist)
        assert (await client.next())["audit"]["ticket"]["messages"]
        await world.post(f"/audit/audits/{audit}/release", {"reason": "later"}, by=specialist, status=200)
        await client.next()
    # then the trail says so, twice
    trail = (await world.get("/people/trail"))["items"]
    reads = [entry for entry in trail if entry["actor_id"] == lead]
    assert [entry["action"] for entry in reads] == ["graphql", "graphql"]
