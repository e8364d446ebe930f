"""Lists can be read from either end, page by page, over REST and GraphQL; also rows of one moment."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from population import Population, populate
from refusals import lasting_world
from world import World

LISTS = {
    "tickets": "/feedback/tickets", "audits": "/audit/audits", "reviews": "/audit/reviews",
    "appeals": "/appeals", "people": "/people/people", "vendors": "/people/vendors",
}  # fmt: skip
PAGE = """query Page($after: String, $order: Order!) {
    %s(first: 5, after: $after, order: $order) { nodes { id } pageInfo { endCursor hasNextPage } }
}"""


@pytest.fixture(scope="module")
async def everyone(postgres: str) -> AsyncIterator[tuple[World, Population]]:
    """Nearly everything in it happened at the same moment."""
    async with lasting_world(postgres) as world:
        stored = populate()
        await stored.store(world.db)
        yield world, stored


async def by_rest(world: World, path: str, order: str) -> list[str]:
    found: list[str] = []
    query = f"{path}?limit=5&order={order}"
    page = await world.get(query)
    while True:
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            return found
        page = await world.get(f"{query}&after={page['next']}")


async def by_graphql(world: World, name: str, order: str) -> list[str]:
    found: list[str] = []
    answer = await world.graphql(PAGE % name, order=order)
    while True:
        page = answer["data"][name]
        found += [one["id"] for one in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        answer = await world.graphql(PAGE % name, order=order, after=page["pageInfo"]["endCursor"])


@pytest.mark.parametrize("name", LISTS)
async def test_from_either_end_it_is_the_same_list(everyone: tuple[World, Population], name: str) -> None:
    world, stored = everyone
    # when a list is read from both ends, twice over GraphQL: by the resolvers, and by a statement
    newest, oldest = [await by_rest(world, LISTS[name], order) for order in ("newest", "oldest")]
    again = [[await by_graphql(world, name, order) for order in ("NEWEST", "OLDEST")] for _ in range(2)]
    # then it is all there, each once, and one way the other way round
    assert (
        len(set(newest))
        == len(newest)
        >= len(stored.rows[name.removesuffix("s")] if name != "people" else [])
    )
    assert oldest == newest[::-1]
    if name == "appeals":  # REST has them by id, GraphQL by when they were filed
        assert all(sorted(one) == sorted(newest) for way in again for one in way)
        assert all(way[0] == way[1][::-1] for way in again)
    else:
        assert again == [[newest, oldest]] * 2


async def test_a_cursor_goes_on_in_its_own_order_only(everyone: tuple[World, Population]) -> None:
    world, _ = everyone
    page = await world.get("/feedback/tickets?limit=5&order=oldest")
    await world.get(f"/feedback/tickets?limit=5&order=newest&after={page['next']}", status=422)
    for _ in range(2):  # by the resolvers, and by a statement
        shown = (await world.graphql(PAGE % "tickets", order="OLDEST"))["data"]["tickets"]
        answer: Any = await world.graphql(
            PAGE % "tickets", order="NEWEST", after=shown["pageInfo"]["endCursor"]
        )
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_order_that_is_none_is_refused(everyone: tuple[World, Population]) -> None:
    world, _ = everyone
    problem = await world.get("/feedback/tickets?order=upwards", status=422)
    assert problem["errors"][0]["pointer"] == "/order"
