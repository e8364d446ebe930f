"""How often and how many at once: each caller has a share of their own (RELIABILITY.md A20, P29)."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from world import World

from services.demo.story import Story
from services.local import ADMIN_ID
from services.run import SERVICES, create_app
from shared import fair_shares
from shared.config import RateLimits, Settings
from shared.fair_shares import FairShares


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    limits = RateLimits(reads=6, writes=3, graphql=2, exports=1)
    app = create_app(settings.model_copy(update={"rate_limits": limits}))
    async with World(app) as made:
        yield made


async def ask(world: World, method: str = "GET", path: str = "/people/viewer", **more: Any) -> httpx.Response:
    return await world.client.request(method, path, headers=more.pop("headers", world.as_()), **more)


# ---- How often -------------------------------------------------------------------------------------


async def test_every_answer_says_the_policy_and_what_is_left(world: World) -> None:
    # given a token that was let in before
    headers = world.as_()
    await ask(world, headers=headers)
    # when it is used again
    answers = [await ask(world, headers=headers) for _ in range(2)]
    # then the answer says what it has, in the words of draft-ietf-httpapi-ratelimit-headers-10
    assert [answer.headers["ratelimit-policy"] for answer in answers] == ['"reads";q=6;w=60'] * 2
    assert [answer.headers["ratelimit"] for answer in answers] == ['"reads";r=5;t=10', '"reads";r=4;t=20']


async def test_a20_too_often_is_a_problem_that_says_when_to_come_back(world: World) -> None:
    headers = world.as_()
    await ask(world, headers=headers)
    for _ in range(6):
        assert (await ask(world, headers=headers)).status_code == 200
    refused = await ask(world, headers=headers)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "/problems/rate-limited"
    assert refused.json()["instance"] == refused.headers["x-request-id"]
    assert 1 <= int(refused.headers["retry-after"]) <= 10
    assert re.fullmatch(r'"reads";r=0;t=[56]\d', refused.headers["ratelimit"])


async def test_each_kind_has_a_quota_of_its_own(world: World) -> None:
    headers = world.as_()
    await ask(world, headers=headers)
    query = {"query": "{ __typename }"}
    kinds = {
        "reads": [await ask(world, headers=headers)],
        "writes": [await ask(world, "POST", "/people/vendors", headers=headers, json={})],
        "graphql": [await ask(world, "POST", "/graphql", headers=headers, json=query)],
        "exports": [
            await ask(world, "POST", f"/feedback/requesters/{n}/access-export", headers=headers, json={})
            for n in range(2)
        ],
    }
    for kind, answers in kinds.items():
        assert all(answer.headers["ratelimit"].startswith(f'"{kind}"') for answer in answers)
    assert [answer.status_code for answer in kinds["exports"]] == [404, 429]


async def test_a_share_grows_again_with_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = world.as_()
    await ask(world, headers=headers)
    answers = [await ask(world, headers=headers) for _ in range(7)]
    wait = int(answers[-1].headers["retry-after"])
    later = time.monotonic() + wait
    monkeypatch.setattr(shares_of(world), "_now", lambda: later)
    assert (await ask(world, headers=headers)).status_code == 200
    assert (await ask(world, headers=headers)).status_code == 429


async def test_another_caller_is_not_limited_by_the_first(world: World) -> None:
    ada, ben = world.as_(), world.as_(await world.person("lead", "Ben"))
    for headers in (ada, ben):
        await ask(world, headers=headers)
    while (await ask(world, headers=ada)).status_code == 200:
        pass
    assert (await ask(world, headers=ben)).status_code == 200


async def test_made_up_tokens_get_no_share_each(world: World) -> None:
    """They are counted by address; a token that was let in before does not care."""
    good = world.as_()
    assert (await ask(world, headers=good)).status_code == 200
    answers = [await ask(world, headers={"authorization": f"Bearer made-up-{n}"}) for n in range(20)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 15
    assert (await ask(world, headers=good)).status_code == 200


async def test_webhooks_and_probes_are_not_counted(world: World) -> None:
    for _ in range(20):
        assert (await world.webhook(b"{}")).status_code == 404
        assert (await ask(world, path="/healthz", headers={})).status_code == 200
    assert "ratelimit" not in (await world.webhook(b"{}")).headers


async def test_what_the_gateway_asks_inside_is_counted_once(world: World) -> None:
    headers = world.as_()
    await ask(world, headers=headers)
    query = {"query": '{ metrics(keys: ["csat"]) { metric } }'}
    asked = await ask(world, "POST", "/graphql", headers=headers, json=query)
    assert asked.json()["data"] == {"metrics": [{"metric": "csat"}]}
    answer = await ask(world, headers=headers)
    assert answer.headers["ratelimit"].startswith('"reads";r=5')


async def test_the_demonstration_fits_into_the_shares_of_the_defaults(settings: Settings) -> None:
    shares = {"rate_limits": RateLimits(), "calls_at_once": 20}
    async with World(create_app(settings.model_copy(update=shares))) as world:
        working = asyncio.create_task(world.worker.run())
        try:
            urls = dict.fromkeys(SERVICES, "http://assay")
            keys = world.keys
            await Story(world.client, urls, lambda who: keys.issue(who or ADMIN_ID), lambda _: None).play()
        finally:
            world.worker.stop()
            await working


def shares_of(world: World) -> FairShares:
    found: Any = world.app.middleware_stack
    while not isinstance(found, FairShares):
        found = getattr(found, "_app", None) or found.app
    return found


# ---- How many at once ------------------------------------------------------------------------------


class Gate:
    """An app whose /slow answers when it is told to; it counts who is inside."""

    def __init__(self, **settings: Any) -> None:
        self.open = asyncio.Event()
        self.inside = 0
        chosen = Settings(rate_limits=RateLimits(reads=0, writes=0, graphql=0, exports=0), **settings)
        owner: Any = SimpleNamespace(state=SimpleNamespace(settings=chosen))
        app = Starlette(routes=[Route("/slow", self._slow), Route("/quick", self._quick)])
        self.shares = FairShares(app, owner)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.shares), base_url="http://assay", timeout=5
        )

    async def ask(self, path: str, token: str) -> httpx.Response:
        return await self.client.get(path, headers={"authorization": f"Bearer {token}"})

    async def _slow(self, request: Request) -> PlainTextResponse:
        request.scope[fair_shares.LET_IN] = True
        self.inside += 1
        await self.open.wait()
        self.inside -= 1
        return PlainTextResponse("late")

    async def _quick(self, request: Request) -> PlainTextResponse:
        request.scope[fair_shares.LET_IN] = True
        return PlainTextResponse("soon")


async def test_p29_one_caller_takes_no_more_than_half_and_waits_for_itself() -> None:
    # given two callers who are known, connections for eight, and one of them in a great hurry
    gate = Gate(calls_at_once=20, db_pool_size=8)
    for token in ("hasty", "calm"):
        assert (await gate.ask("/quick", token)).status_code == 200
    asked = [asyncio.create_task(gate.ask("/slow", "hasty")) for _ in range(50)]
    await asyncio.wait(asked, timeout=0.5)
    # then 20 of theirs are under way, 4 of those are worked on, and the rest are refused
    refused = [task.result() for task in asked if task.done()]
    assert {answer.json()["type"] for answer in refused} == {"/problems/too-many-at-once"}
    assert {answer.status_code for answer in refused} == {429}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert (gate.inside, len(refused)) == (4, 30)
    # and the other one is answered meanwhile
    for _ in range(5):
        assert (await gate.ask("/quick", "calm")).status_code == 200
    # and what waited is answered in the end, and the hasty one is welcome again
    gate.open.set()
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [429] * 30
    assert (await gate.ask("/quick", "hasty")).status_code == 200


async def test_calls_that_were_given_up_are_not_under_way_any_more() -> None:
    gate = Gate(calls_at_once=2, db_pool_size=8)
    await gate.ask("/quick", "a")
    for _ in range(3):
        asked = [asyncio.create_task(gate.ask("/slow", "a")) for _ in range(2)]
        await asyncio.sleep(0.02)
        assert (await gate.ask("/quick", "a")).status_code == 429
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        assert (await gate.ask("/quick", "a")).status_code == 200


async def test_memory_is_bounded_however_many_callers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_shares, "MAX_CALLERS", 100)
    gate = Gate(calls_at_once=20, db_pool_size=8)
    for number in range(300):
        assert (await gate.ask("/quick", f"token-{number}")).status_code == 200
    assert len(gate.shares._callers) == 100


@pytest.mark.parametrize(
    ("host", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_an_address_is_the_network_that_one_customer_has(host: str, same: str) -> None:
    assert fair_shares._network(host) == fair_shares._network(same)


def test_a_neighbour_is_somebody_else() -> None:
    assert fair_shares._network("2001:db8:1:2::1") != fair_shares._network("2001:db8:1:3::1")
    assert fair_shares._network("192.0.2.1") != fair_shares._network("192.0.2.2")
