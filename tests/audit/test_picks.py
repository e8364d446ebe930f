"""Audits that somebody picks: for coaching, of any agent on the ticket, and never in an estimate."""

from typing import Any

import pytest
from at_once import at_once
from quick_tickets import agent_of, solved
from world import World

PICKS = "/audit/audits"


class Picking:
    """A solved ticket that no plan draws, and a published scorecard."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self) -> "Picking":
        self.connection = await self.world.connection()
        self.version = await self.world.scorecard()
        await self.world.tell(solved("1"))
        self.ticket = (await self.world.get("/feedback/tickets"))["items"][0]
        self.mara = await self.world.person("specialist", "Mara")
        return self

    def body(self, **more: Any) -> dict[str, Any]:
        named = {"ticket_id": self.ticket["id"], "scorecard_version_id": self.version["id"]}
        return named | {"reason": "A case to learn from."} | more

    async def pick(self, *, status: int = 202, by: str = "", **more: Any) -> Any:
        told = await self.world.post(PICKS, self.body(**more), by=by or self.mara, status=status)
        await self.world.worker.drain()
        return told


@pytest.fixture
async def picking(world: World) -> Picking:
    return await Picking(world).of()


async def test_a_picked_ticket_is_reviewed_like_any_other_and_is_in_no_estimate(picking: Picking) -> None:
    picked = await picking.pick()
    world = picking.world
    audit = await world.get(f"{PICKS}/{picked['audit_id']}")
    assert (audit["state"], audit["probability"], audit["plan_id"]) == ("open", None, None)
    assert audit["agent_id"] == agent_of(picking.connection)
    review = await world.reviewed(picking.mara)
    assert review["audit_id"] == picked["audit_id"]
    await world.worker.drain()
    metric = await world.get(f"/kpi/metrics/quality_score?connection_id={picking.connection['id']}")
    (value,) = metric["values"]
    assert value["n"] == 1
    assert not (value["estimate"] and value["estimate"]["n"]), (
        "one that was chosen says nothing of the others"
    )


async def test_each_agent_of_a_ticket_has_an_audit_of_their_own(picking: Picking) -> None:
    other = await picking.world.person("agent", "Ada")
    first, second = await picking.pick(), await picking.pick(agent_id=other)
    assert first["audit_id"] != second["audit_id"]
    audits = (await picking.world.get(f"{PICKS}?ticket_id={picking.ticket['id']}"))["items"]
    assert {one["agent_id"] for one in audits} == {agent_of(picking.connection), other}


async def test_the_same_pick_made_by_several_at_once_is_one_audit(picking: Picking) -> None:
    world, headers = picking.world, picking.world.as_(picking.mara)
    asked = [world.client.post(PICKS, json=picking.body(), headers=headers) for _ in range(8)]
    told = await at_once(world, asked)
    assert {one.status_code for one in told} == {202}
    assert len({one.json()["audit_id"] for one in told}) == 1
    await world.worker.drain()
    assert len((await world.get(PICKS))["items"]) == 1


async def test_what_cannot_be_picked_is_refused_where_it_is_wrong(picking: Picking) -> None:
    nowhere = "01890000-0000-7000-8000-000000000000"
    for field in ("ticket_id", "scorecard_version_id", "agent_id"):
        problem = await picking.pick(status=422, **{field: nowhere})
        assert [one["pointer"] for one in problem["errors"]] == [f"/{field}"]
    path = f"/audit/scorecards/{picking.version['scorecard_id']}/versions"
    draft = await picking.world.post(path, {"card": picking.version["card"]})
    problem = await picking.pick(status=409, scorecard_version_id=draft["id"])
    assert problem["type"] == "/problems/scorecard-not-published"
    await picking.pick(status=403, by=agent_of(picking.connection))
