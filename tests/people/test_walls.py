"""A vendor's people see their own vendor and no other; only administrators make administrators; an agent
does not learn that they are being audited."""

import pytest
from world import World


async def names(world: World, path: str, by: str) -> set[str]:
    return {item["name"] for item in (await world.get(path, by=by))["items"]}


async def test_a_vendors_people_see_only_their_vendor_in_the_directory(world: World) -> None:
    # given two vendors with a manager and an agent each, and a specialist who works for one of them
    for key in ("alpha", "beta"):
        vendor = await world.vendor(key)
        manager = await world.person("vendor_manager", f"{key} manager", vendor_id=vendor)
        agent = await world.person("agent", f"{key} agent", vendor_id=vendor)
    specialist = await world.person("specialist", "beta specialist", vendor_id=vendor)
    # then each sees their own side only
    betas = {"beta manager", "beta agent", "beta specialist"}
    assert await names(world, "/people/people", manager) == betas
    assert await names(world, "/people/people", specialist) == betas
    assert await names(world, "/people/people", agent) == {"beta agent"}
    for caller in (manager, specialist, agent):
        assert await names(world, "/people/vendors", caller) == {"Beta"}
    stranger = (await world.get("/people/people?role=agent"))["items"][-1]
    assert stranger["name"] == "alpha agent"
    await world.get(f"/people/people/{stranger['id']}", by=manager, status=404)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "agent"}, {"name": "Somebody"}])
async def test_a_lead_cannot_touch_an_administrator(world: World, change: dict[str, object]) -> None:
    lead, admin = await world.person("lead"), await world.person("admin", "Second")
    refused = await world.patch(f"/people/people/{admin}", change, by=lead, status=403)
    assert refused["type"] == "/problems/admins-only"


async def test_a_lead_cannot_make_an_administrator(world: World) -> None:
    lead, agent = await world.person("lead"), await world.person("agent")
    await world.post("/people/people", {"name": "Mole", "role": "admin"}, by=lead, status=403)
    await world.patch(f"/people/people/{agent}", {"role": "admin"}, by=lead, status=403)


async def test_an_agent_sees_an_audit_of_their_work_only_once_it_is_reviewed(world: World) -> None:
    # given a drawn sample, claimed
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    audit = (await world.get("/audit/audits"))["items"][0]
    specialist = await world.person("specialist")
    query = "{ audits { nodes { id } } }"
    # then its agent sees nothing of it
    for _ in ("open", "claimed"):
        assert (await world.get("/audit/audits", by=audit["agent_id"]))["items"] == []
        await world.get(f"/audit/audits/{audit['id']}", by=audit["agent_id"], status=404)
        seen = await world.graphql(query, by=audit["agent_id"])
        assert seen["data"]["audits"]["nodes"] == []
        await world.client.post("/audit/audits/claim-next", headers=world.as_(specialist))
    # until the review is released
    answers = [("greeting", 1), ("solution", 5), ("privacy", 1)]
    await world.post(
        f"/audit/audits/{audit['id']}/reviews",
        {"answers": [{"criterion": name, "value": value} for name, value in answers]},
        by=specialist,
    )
    assert len((await world.get("/audit/audits", by=audit["agent_id"]))["items"]) == 1
