"""Connections are looked after: changed, paused and resumed, their secrets rotated, their health seen."""

import json
from datetime import timedelta
from typing import Any

import pytest
from world import LONG_AGO, SECRET, World

from services.demo import zendesk
from shared import clock

NEW_SECRET = "a new webhook secret for tests"


def a_ticket(number: str = "7") -> zendesk.DemoTicket:
    ticket = zendesk.DemoTicket(number, "A question", LONG_AGO)
    ticket.created()
    return ticket


@pytest.fixture
async def zd(world: World) -> dict[str, Any]:
    return await world.connection()


async def tickets_of(world: World) -> int:
    return len((await world.get("/feedback/tickets"))["items"])


async def test_while_a_secret_is_rotated_both_verify_and_then_only_the_new_one(
    world: World, zd: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a rotation with a day of overlap
    path = f"/feedback/connections/{zd['id']}/rotate-secret"
    rotated = await world.post(path, {"secret": NEW_SECRET, "overlap_hours": 24}, status=200)
    assert rotated["previous_secret_ends_at"] is not None
    assert "secret" not in rotated, "it goes in and never comes out"
    # then both secrets verify
    body, other = a_ticket("1").bodies[0], a_ticket("2").bodies[0]
    assert (await world.webhook(body, secret=SECRET)).status_code == 200
    assert (await world.webhook(other, secret=NEW_SECRET)).status_code == 200
    # and when the day is over, only the new one
    later = clock.now() + timedelta(hours=24, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    third = a_ticket("3").bodies[0]
    for secret, status in ((SECRET, 401), (NEW_SECRET, 200)):
        headers = zendesk.signed(secret, third, now=later)
        answer = await world.client.post("/feedback/intake/zendesk/zd", content=third, headers=headers)
        assert answer.status_code == status


async def test_with_no_overlap_the_old_secret_ends_at_once(world: World, zd: dict[str, Any]) -> None:
    path = f"/feedback/connections/{zd['id']}/rotate-secret"
    await world.post(path, {"secret": NEW_SECRET, "overlap_hours": 0}, status=200)
    assert (await world.webhook(a_ticket().bodies[0], secret=SECRET)).status_code == 401


async def test_a_paused_connection_loses_nothing_and_understands_nothing_until_it_is_resumed(
    world: World, zd: dict[str, Any]
) -> None:
    # given a paused connection
    await world.post(f"/feedback/connections/{zd['id']}/pause", status=200)
    # when a webhook comes
    await world.tell(a_ticket())
    # then it is acknowledged and kept, and nothing is made of it
    assert await tickets_of(world) == 0
    health = await world.get(f"/feedback/connections/{zd['id']}/health")
    assert (health["is_paused"], health["held"], health["waiting"], health["dead"]) == (True, 1, 0, 0)
    # and when it is resumed, twice even
    for _ in range(2):
        await world.post(f"/feedback/connections/{zd['id']}/resume", status=200)
    await world.worker.drain()
    # then it is understood, once
    assert await tickets_of(world) == 1
    assert (await world.get(f"/feedback/connections/{zd['id']}/health"))["held"] == 0


async def test_new_maps_apply_to_what_comes_from_now_on(world: World, zd: dict[str, Any]) -> None:
    await world.tell(a_ticket("1"))
    settings = zd["settings"] | {"brands": {"360002417811": "Halcyon"}}
    changed = await world.patch(f"/feedback/connections/{zd['id']}", {"settings": settings})
    assert (changed["name"], changed["key"]) == (zd["name"], zd["key"]), "what is not sent stays"
    await world.tell(a_ticket("2"))
    tickets = (await world.get("/feedback/tickets"))["items"]
    assert {ticket["external_id"]: ticket["brand"] for ticket in tickets} == {"1": None, "2": "Halcyon"}


async def test_an_unknown_vendor_in_the_maps_is_refused_with_its_place(
    world: World, zd: dict[str, Any]
) -> None:
    stranger = zd["id"]  # an id, but no vendor's
    groups = {"1": {"name": "Frontline", "vendor_id": stranger}}
    refused = await world.patch(
        f"/feedback/connections/{zd['id']}", {"settings": {"groups": groups}}, status=422
    )
    assert refused["errors"][0]["pointer"] == "/settings/groups/1/vendor_id"


async def test_dead_letters_are_listed_with_their_reason_and_replayed_one_by_one_or_all(
    world: World, zd: dict[str, Any]
) -> None:
    # given two genuine events that lack what every ticket event has
    for number in ("1", "2"):
        broken = json.loads(a_ticket(number).bodies[0])
        del broken["detail"]["id"]
        assert (await world.webhook(json.dumps(broken).encode())).status_code == 200
    await world.worker.drain()
    base = f"/feedback/connections/{zd['id']}/dead-letters"
    # then they are dead letters that say where it is wrong
    letters = (await world.get(base))["items"]
    assert {letter["reason"] for letter in letters} == {"/detail/id: Text is missing here."}
    health = await world.get(f"/feedback/connections/{zd['id']}/health")
    assert (health["dead"], health["received_24h"], health["dead_rate_24h"]) == (2, 2, 1.0)
    # and pages of one walk both
    first = await world.get(f"{base}?limit=1")
    second = await world.get(f"{base}?limit=1&after={first['next']}")
    assert {first["items"][0]["id"], second["items"][0]["id"]} == {letter["id"] for letter in letters}
    assert second["next"] is None
    # and they can be tried again: one, then all
    assert await world.post(f"{base}/{letters[0]['id']}/replay", status=200) == {"replayed": 1}
    assert await world.post(f"{base}/replay", status=200) == {"replayed": 1}
    await world.worker.drain()
    assert len((await world.get(base))["items"]) == 2, "still broken, dead again"


async def test_another_connections_dead_letter_cannot_be_replayed_through_this_one(
    world: World, zd: dict[str, Any]
) -> None:
    await world.webhook(json.dumps(json.loads(a_ticket().bodies[0]) | {"detail": None}).encode())
    await world.worker.drain()
    other = await world.connection("other")
    letter = (await world.get(f"/feedback/connections/{zd['id']}/dead-letters"))["items"][0]["id"]
    assert (await world.get(f"/feedback/connections/{other['id']}/dead-letters"))["items"] == []
    await world.post(f"/feedback/connections/{other['id']}/dead-letters/{letter}/replay", status=404)


async def test_only_an_administrator_changes_connections(world: World, zd: dict[str, Any]) -> None:
    lead, agent = await world.person("lead"), await world.person("agent")
    await world.post(f"/feedback/connections/{zd['id']}/pause", by=lead, status=403)
    await world.get(f"/feedback/connections/{zd['id']}/health", by=lead)
    await world.get(f"/feedback/connections/{zd['id']}/health", by=agent, status=403)
