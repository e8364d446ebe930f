"""Workers are told before automated signals are used on them."""

from typing import Any

from at_once import at_once
from sqlalchemy import text
from world import World

NOTICE = {
    "title": "How tickets are chosen for audits", "body": "Tickets with a bad rating are audited more often.",
    "signals": ["risk_sampling"],
}  # fmt: skip


async def usable(world: World, **asked: str) -> dict[str, bool]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return {one["signal"]: one["is_usable"] for one in await world.get(f"/people/signals?{query}")}


async def days_pass(world: World, days: float) -> None:
    async with world.db.transaction() as session:
        moved = text("UPDATE notice SET published_at = published_at - :days * interval '1 day'")
        await session.execute(moved, {"days": days})


async def test_no_signal_may_be_used_that_nobody_was_told_of(world: World) -> None:
    assert set((await usable(world)).values()) == {False}
    assert all(one["usable_from"] is None for one in await world.get("/people/signals"))


async def test_a_signal_may_be_used_when_its_notice_has_been_out_long_enough(world: World) -> None:
    # given a notice to everybody
    await world.post("/people/notices", NOTICE)
    # then what it is about may not be used yet
    assert not (await usable(world))["risk_sampling"]
    # and may be after 14 days, and nothing else may
    await days_pass(world, 13.9)
    assert not (await usable(world))["risk_sampling"]
    await days_pass(world, 0.2)
    assert [name for name, may in (await usable(world)).items() if may] == ["risk_sampling"]


async def test_a_notice_to_one_vendor_covers_its_people_and_nobody_elses(world: World) -> None:
    told, untold = await world.vendor("told"), await world.vendor("untold")
    await world.post("/people/notices", NOTICE | {"vendor_id": told})
    await days_pass(world, 15)
    assert (await usable(world, vendor_id=told))["risk_sampling"]
    assert not (await usable(world, vendor_id=untold))["risk_sampling"]
    assert not (await usable(world))["risk_sampling"]


async def test_people_see_the_notices_for_them_and_no_others(world: World) -> None:
    # given a notice to everybody and one to a vendor
    told, untold = await world.vendor("told"), await world.vendor("untold")
    for_all = await world.post("/people/notices", NOTICE)
    for_one = await world.post("/people/notices", NOTICE | {"vendor_id": told})
    agent, other = [await world.person("agent", vendor_id=vendor) for vendor in (told, untold)]
    # then each sees what is for them; the other one's looks as if it were not there
    assert await listed(world, agent) == [for_one["id"], for_all["id"]]
    assert await listed(world, other) == [for_all["id"]]
    await world.get(f"/people/notices/{for_one['id']}", by=other, status=404)
    await world.post(f"/people/notices/{for_one['id']}/acknowledge", by=other, status=404)


async def listed(world: World, by: str, query: str = "") -> list[str]:
    return [one["id"] for one in (await world.get(f"/people/notices{query}", by=by))["items"]]


async def test_who_has_read_it_is_kept_once_however_often_they_say_so(world: World) -> None:
    notice = await world.post("/people/notices", NOTICE)
    agent, other = await world.person("agent"), await world.person("agent")
    path = f"/people/notices/{notice['id']}"
    assert await listed(world, agent, "?is_acknowledged=false") == [notice["id"]]
    # when somebody says eight times at once that they have read it
    answers = await at_once(
        world, (world.post(f"{path}/acknowledge", by=agent, status=200) for _ in range(8))
    )
    # then the first time counts
    (at,) = {one["acknowledged_at"] for one in answers}
    assert await listed(world, agent, "?is_acknowledged=true") == [notice["id"]]
    assert await listed(world, agent, "?is_acknowledged=false") == []
    # and leads see who has, others only themselves
    reading: dict[str, Any] = {"person_id": agent, "acknowledged_at": at}
    assert (await world.get(f"{path}/readings"))["items"] == [reading]
    assert (await world.get(f"{path}/readings", by=agent))["items"] == [reading]
    assert (await world.get(f"{path}/readings", by=other))["items"] == []


async def test_a_notice_to_a_vendor_that_is_not_there_is_refused(world: World) -> None:
    nowhere = "01890000-0000-7000-8000-000000000000"
    problem = await world.post("/people/notices", NOTICE | {"vendor_id": nowhere}, status=422)
    assert [fault["pointer"] for fault in problem["errors"]] == ["/vendor_id"]
