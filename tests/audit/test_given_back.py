"""Work that was taken can be given back, and goes back by itself when somebody leaves; nothing is kept of
a deleted ticket for a specialist to read."""

import json
from typing import Any

import pytest
from world import LONG_AGO, World

from services.demo import zendesk


@pytest.fixture
async def claimed(world: World) -> tuple[str, dict[str, Any]]:
    """(specialist, the audit they have claimed)"""
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    specialist = await world.person("specialist")
    audit = await world.post("/audit/audits/claim-next", by=specialist, status=200)
    return specialist, audit


async def test_i10_a_claimed_audit_can_be_given_back_by_its_specialist_and_by_a_lead_only(
    world: World, claimed: tuple[str, dict[str, Any]]
) -> None:
    specialist, audit = claimed
    other, lead = await world.person("specialist"), await world.person("lead")
    path, reason = f"/audit/audits/{audit['id']}/release", {"reason": "I know the requester."}
    refused = await world.post(path, reason, by=other, status=403)
    assert refused["type"] == "/problems/not-your-audit"
    given_back = await world.post(path, reason, by=specialist, status=200)
    assert (given_back["state"], given_back["specialist_id"]) == ("open", None)
    # and the next one can take it, and a lead can take it from them
    await world.post("/audit/audits/claim-next", by=other, status=200)
    assert (await world.post(path, reason, by=lead, status=200))["state"] == "open"
    # and what is open cannot be given back
    await world.post(path, reason, by=lead, status=409)


async def test_what_somebody_had_claimed_waits_for_others_when_they_leave(
    world: World, claimed: tuple[str, dict[str, Any]]
) -> None:
    specialist, audit = claimed
    await world.patch(f"/people/people/{specialist}", {"is_active": False})
    await world.worker.drain()
    other = await world.person("specialist")
    again = await world.post("/audit/audits/claim-next", by=other, status=200)
    assert again["id"] == audit["id"]


async def test_an_appeal_that_was_taken_goes_back_when_its_resolver_leaves(
    world: World, claimed: tuple[str, dict[str, Any]]
) -> None:
    specialist, audit = claimed
    answers = [("greeting", 0), ("solution", 4), ("privacy", 1)]
    review = await world.post(
        f"/audit/audits/{audit['id']}/reviews",
        {"answers": [{"criterion": name, "value": value} for name, value in answers]},
        by=specialist,
    )
    points = [{"criterion": "greeting", "proposed_value": 1, "text": "It was there."}]
    filing = {"review_id": review["id"], "reason": "other", "points": points}
    appeal = await world.post("/appeals", filing, by=review["agent_id"])
    resolver, other = await world.person("specialist"), await world.person("specialist")
    await world.post(f"/appeals/{appeal['id']}/take", by=resolver, status=200)
    # when the resolver leaves
    await world.patch(f"/people/people/{resolver}", {"is_active": False})
    await world.worker.drain()
    # then another can take it, and give it back by hand too
    await world.post(f"/appeals/{appeal['id']}/take", by=other, status=200)
    path = f"/appeals/{appeal['id']}/release"
    assert (await world.post(path, {"reason": "No time."}, by=other, status=200))["state"] == "open"


async def test_the_sample_of_a_deleted_ticket_is_void_and_empty_and_comes_back_with_the_ticket(
    world: World,
) -> None:
    # given a drawn sample that waits
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    specialist = await world.person("specialist")

    async def told(what: str, status: str, minute: int) -> None:
        ticket = zendesk.DemoTicket("1", "A question", LONG_AGO, status=status, assignee=zendesk.AGENT)
        ticket._tell(what, LONG_AGO.replace(hour=12, minute=minute), {})
        document = json.loads(ticket.bodies[0])
        await world.webhook(json.dumps(document | {"id": f"{what}-{minute}"}).encode())
        await world.worker.drain()

    # when the ticket is deleted
    await told("soft_deleted", "DELETED", 1)
    # then nobody can claim it, and nothing of it is kept to read
    await world.post("/audit/audits/claim-next", by=specialist, status=404)
    audit = (await world.get("/audit/audits?state=void"))["items"][0]
    assert (await world.get(f"/audit/audits/{audit['id']}"))["evidence"] == {}
    # and when it is restored, the sample is back, with the same draw
    await told("undeleted", "SOLVED", 2)
    again = await world.post("/audit/audits/claim-next", by=specialist, status=200)
    assert (again["id"], again["draw"]) == (audit["id"], audit["draw"])
    assert len(again["evidence"]["messages"]) == 2
