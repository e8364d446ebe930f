"""RELIABILITY.md §2.3: the same command again (I). A key is welcome at every POST, required at none."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from refusals import CANARY, lasting_world, nothing_written, refused, rows
from world import World

from services.demo.story import CARD

VENDORS = "/people/vendors"


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        yield made


def vendor() -> dict[str, str]:
    return {"key": f"v-{uuid4()}", "name": "Brightdesk"}


async def post(
    world: World, key: str | None, body: Any, *, path: str = VENDORS, by: str | None = None
) -> httpx.Response:
    headers = world.as_(by) | ({"idempotency-key": key} if key is not None else {})
    return await world.client.post(path, json=body, headers=headers)


async def added(world: World, before: dict[str, int]) -> dict[str, int]:
    """How many rows each table has gained, beside the trail: that has an entry for every showing."""
    after = await rows(world)
    gained = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    return {name: number for name, number in gained.items() if not name.startswith("trail_")}


async def test_i1_no_key_is_needed(world: World) -> None:
    before = await rows(world)
    first, second = await post(world, None, vendor()), await post(world, None, vendor())
    assert (first.status_code, second.status_code) == (201, 201)
    assert await added(world, before) == {"vendor": 2}


async def test_i2_the_same_key_and_body_get_the_same_answer(world: World) -> None:
    before, key, body = await rows(world), str(uuid4()), vendor()
    first = await post(world, key, body)
    again = [await post(world, key, body) for _ in range(3)]
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    for answer in again:
        assert (answer.status_code, answer.json()) == (201, first.json())
        assert answer.headers["idempotency-replayed"] == "true"
    assert await added(world, before) == {"vendor": 1, "idempotency_key": 1}


async def test_i2_the_answer_is_the_first_one_even_when_the_thing_has_changed(world: World) -> None:
    key, body = str(uuid4()), {"name": "Before", "role": "agent"}
    first = await post(world, key, body, path="/people/people")
    await world.patch(f"/people/people/{first.json()['id']}", {"name": "After"})
    assert (await post(world, key, body, path="/people/people")).json() == first.json()


async def test_i2_commands_without_a_body_are_replayed_too(world: World) -> None:
    """Publishing twice is refused; repeating a publication is not."""
    draft = await world.post("/audit/scorecards", {"key": "i2", "name": "n", "card": CARD})
    path, key = f"/audit/scorecard-versions/{draft['id']}/publish", str(uuid4())
    headers = world.as_() | {"idempotency-key": key}
    first = await world.client.post(path, headers=headers)
    again = await world.client.post(path, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    refused(await world.client.post(path, headers=world.as_()), 409, "scorecard-published")


async def test_i3_8_at_once_make_one_row(world: World) -> None:
    """The others wait for the first, which takes no longer than a request does, and get its answer."""
    before, key, body = await rows(world), str(uuid4()), vendor()
    answers = await asyncio.gather(*(post(world, key, body) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 7
    assert await added(world, before) == {"vendor": 1, "idempotency_key": 1}


async def test_i3_8_at_once_without_a_key_are_8_tries(world: World) -> None:
    before, body = await rows(world), vendor()
    answers = await asyncio.gather(*(post(world, None, body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "conflict", canary=body["key"])
    assert await added(world, before) == {"vendor": 1}


@pytest.mark.parametrize(
    ("path", "change"),
    [
        pytest.param(VENDORS, {"name": CANARY}, id="I4-other-body"),
        pytest.param(VENDORS, {"key": CANARY}, id="I4-other-key-in-the-body"),
        pytest.param("/people/people", {}, id="I4-other-path"),
    ],
)
async def test_a_key_is_for_one_request(world: World, path: str, change: dict[str, str]) -> None:
    key, body = f"{CANARY}-{uuid4()}", {"name": "Same", "role": "agent"}
    if path == VENDORS:
        body = vendor()
    assert (await post(world, key, body if path == VENDORS else vendor())).status_code == 201
    async with nothing_written(world):
        answer = await post(world, key, body | change, path=path)
    refused(answer, 422, "idempotency-key-reused")


async def test_i5_another_callers_key_is_another_key(world: World) -> None:
    lead = await world.person("lead")
    before, key = await rows(world), str(uuid4())
    mine, theirs = await post(world, key, vendor()), await post(world, key, vendor(), by=lead)
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]
    assert await added(world, before) == {"vendor": 2, "idempotency_key": 2}


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="I6-empty"),
        pytest.param("   ", id="I6-blank"),
        pytest.param(CANARY * 26, id="I6-256-characters-and-more"),
        pytest.param(f"{CANARY}é", id="I6-not-ascii"),
        pytest.param(f"{CANARY}\x7f", id="I6-control-character"),
        pytest.param(f"{CANARY}\t", id="I6-tab"),
    ],
)
async def test_the_key_is_refused(world: World, key: str) -> None:
    headers = [*world.as_().items(), ("idempotency-key", key.encode("latin-1"))]
    async with nothing_written(world):
        for path, body in ((VENDORS, vendor()), ("/graphql", {"query": "{ viewer { id } }"})):
            answer = await world.client.post(path, json=body, headers=headers)
            refused(answer, 400, "idempotency-key-invalid")


async def test_i6_one_key_a_request(world: World) -> None:
    headers = [*world.as_().items(), ("idempotency-key", CANARY), ("idempotency-key", CANARY)]
    async with nothing_written(world):
        answer = await world.client.post(VENDORS, json=vendor(), headers=headers)
    refused(answer, 400, "idempotency-key-invalid")


async def test_i6_255_characters_are_a_key(world: World) -> None:
    assert (await post(world, uuid4().hex + "k" * 223, vendor())).status_code == 201


async def test_i7_what_ended_in_a_5xx_is_done_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise OSError("no route to the database")

    key, body = str(uuid4()), vendor()
    with monkeypatch.context() as patched:
        patched.setattr("services.people.directory.service.add_vendor", away)
        async with nothing_written(world):
            answer = await post(world, key, body)
        refused(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "30"
    answer = await post(world, key, body)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


async def test_i7_what_was_refused_is_judged_again(world: World) -> None:
    """Nothing is kept of a refusal: the key is free for the corrected request."""
    key, body = str(uuid4()), {"name": "A", "role": "vendor_manager"}
    async with nothing_written(world):
        answer = await post(world, key, body, path="/people/people")
    refused(answer, 422, "role-needs-vendor")
    corrected = body | {"vendor_id": await world.vendor(f"v-{uuid4()}")}
    assert (await post(world, key, corrected, path="/people/people")).status_code == 201


async def test_g22_mutations_of_one_document_share_a_key_without_clashing(world: World) -> None:
    specialist = await world.person("specialist")
    both = "mutation { a: claimNextAudit { __typename ...p } b: claimAudit(auditId: %s) { ...p } } "
    query = both % f'"{uuid4()}"' + "fragment p on Problem { status type }"
    headers = world.as_(specialist) | {"idempotency-key": str(uuid4())}
    answer = await world.client.post("/graphql", json={"query": query}, headers=headers)
    data = answer.json()["data"]
    assert data["a"]["type"] == "/problems/nothing-to-claim"
    assert data["b"]["type"] == "/problems/not-found"  # not: idempotency-key-reused
