"""Whose a released review is: who was told of it, and what happens where it was another agent's work."""

from typing import Any

import pytest
from quick_tickets import agent_of, waiting_audits
from world import World


class Released:
    """A review of an agent who has a lead; and another agent."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self) -> "Released":
        world = self.world
        self.connection = await waiting_audits(world, 1)
        self.mara, self.lead = await world.person("specialist", "Mara"), await world.person("lead", "Lena")
        self.team_lead, self.ada = await world.person("team_lead", "Theo"), await world.person("agent", "Ada")
        self.agent = agent_of(self.connection)
        await world.patch(f"/people/people/{self.agent}", {"lead_id": self.team_lead})
        self.review = await world.reviewed(self.mara)
        return self

    async def do(self, verb: str, body: Any, *, by: str, status: int) -> Any:
        path = f"/audit/reviews/{self.review['id']}/{verb}"
        return await self.world.post(path, body, by=by, status=status)

    async def of_agent(self, agent: str) -> list[Any]:
        path = f"/audit/reviews?agent_id={agent}&current=true"
        return list((await self.world.get(path, by=agent))["items"])


@pytest.fixture
async def released(world: World) -> Released:
    return await Released(world).of()


async def test_a_lead_says_how_their_agent_was_told_and_the_first_word_stays(
    released: Released,
) -> None:
    proof = {"proof": "On the phone, 3 March, with Theo."}
    told = await released.do("acknowledge-for", proof, by=released.team_lead, status=200)
    assert told["acknowledged_at"] is not None
    assert (told["acknowledged_by"], told["acknowledgement_proof"]) == (released.team_lead, proof["proof"])
    # said again, in other words or by the agent, the first word stays
    again = await released.do("acknowledge-for", {"proof": "x"}, by=released.team_lead, status=200)
    assert again == told
    mine = await released.do("acknowledge", None, by=released.agent, status=200)
    assert (mine["acknowledged_at"], mine["acknowledged_by"]) == (told["acknowledged_at"], released.team_lead)


async def test_nobody_else_says_so_and_never_without_proof(released: Released) -> None:
    other = await released.world.person("team_lead", "Tess")
    await released.do("acknowledge-for", {"proof": "x"}, by=other, status=404)
    for nobody in (released.lead, released.mara, released.agent):
        await released.do("acknowledge-for", {"proof": "x"}, by=nobody, status=403)
    problem = await released.do("acknowledge-for", {"proof": " "}, by=released.team_lead, status=422)
    assert [one["pointer"] for one in problem["errors"]] == ["/proof"]


async def test_a_review_of_the_wrong_agent_goes_over_to_the_right_one(released: Released) -> None:
    body = {"agent_id": released.ada, "reason": "Ada wrote the last reply."}
    moved = await released.do("reassign", body, by=released.lead, status=201)
    # then it is theirs, with the same verdict and the same chance of having been drawn
    assert (moved["agent_id"], moved["score"], moved["number"]) == (released.ada, released.review["score"], 1)
    audit = await released.world.get(f"/audit/audits/{moved['audit_id']}")
    was = await released.world.get(f"/audit/audits/{released.review['audit_id']}")
    assert (audit["probability"], audit["plan_id"]) == (was["probability"], was["plan_id"])
    assert (audit["state"], was["state"]) == ("reviewed", "reassigned")
    assert audit["evidence"] == was["evidence"]
    assert [one["id"] for one in await released.of_agent(released.ada)] == [moved["id"]]
    # and of the other's, the last word is that it is void, and why
    (void,) = await released.of_agent(released.agent)
    assert (void["is_void"], void["reason"]) == (True, body["reason"])
    await released.world.worker.drain()
    metric = await released.world.get(f"/kpi/metrics/quality_score?connection_id={released.connection['id']}")
    assert [value["n"] for value in metric["values"]] == [1]
    # and the ticket, told anew, brings nothing back
    await released.world.solved_ticket("0")
    open_ones = (await released.world.get("/audit/audits?state=open"))["items"]
    assert released.review["audit_id"] not in {one["id"] for one in open_ones}


async def test_what_is_appealed_or_replaced_or_theirs_already_goes_nowhere(released: Released) -> None:
    async def refused(agent: str, status: int) -> str:
        body = {"agent_id": agent, "reason": "x"}
        problem = await released.do("reassign", body, by=released.lead, status=status)
        return str(problem["type"]).removeprefix("/problems/")

    nowhere = "01890000-0000-7000-8000-000000000000"
    assert [await refused(who, 422) for who in (released.agent, nowhere)] == ["validation-failed"] * 2
    assert await refused(released.lead, 403) == "own-work"
    points = [{"criterion": "greeting", "proposed_value": 1, "text": "I did."}]
    filed = {"review_id": released.review["id"], "reason": "other", "points": points}
    await released.world.post("/appeals", filed, by=released.agent)
    assert await refused(released.ada, 409) == "review-appealed"


async def test_a_highlight_says_what_is_to_be_seen(world: World) -> None:
    await world.plan((await world.connection())["id"])
    await world.solved_ticket()
    mara = await world.person("specialist")
    audit = await world.post("/audit/audits/claim-next", by=mara, status=200)
    message = audit["evidence"]["messages"][0]["id"]
    answers = [{"criterion": c, "value": v} for c, v in (("greeting", 0), ("solution", 4), ("privacy", 1))]
    shown = {"message_id": message, "start": 0, "end": 3, "criterion": "greeting", "comment": "No name."}
    body = {"answers": answers, "highlights": [shown]}
    review = await world.post(f"/audit/audits/{audit['id']}/reviews", body, by=mara)
    assert review["highlights"] == [shown]
