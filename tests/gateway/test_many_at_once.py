"""Many callers at once, more than there are connections; and errors that cost nobody a connection."""

import asyncio

from world import World

BOTH = """
{ tickets(first: 5) { nodes { subject messages { body } } }
  metrics(keys: ["csat", "first_response_time"]) { value n } }
"""
ONE_FAILS = "{ tickets { nodes { subject } } audits(first: 0) { nodes { id } } }"


async def test_reads_that_ask_a_service_meanwhile_do_not_starve_each_other(world: World) -> None:
    # given a process with five connections to read with, and five for the services
    await world.connection()
    await world.solved_ticket()
    # when 25 callers ask for tickets and metrics in one query
    async with asyncio.timeout(20):
        answers = await asyncio.gather(*(world.graphql(BOTH) for _ in range(25)))
    # then every one is answered
    assert [answer for answer in answers if "errors" in answer] == []


async def test_a_refused_field_beside_one_that_is_read_is_a_clean_error_every_time(world: World) -> None:
    await world.connection()
    await world.solved_ticket()
    for _ in range(20):
        answer = await world.graphql(ONE_FAILS)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    # and the connections are all still good
    assert (await world.graphql(BOTH))["data"]["tickets"]["nodes"]


async def test_a_long_nested_list_is_cut_for_each_owner_not_for_whoever_comes_last(world: World) -> None:
    """Every ticket of a page shows its messages, however many its neighbours have."""
    await world.connection()
    for number in range(4):
        await world.solved_ticket(str(number))
    answer = await world.graphql("{ tickets(first: 4) { nodes { messages { body } } } }")
    counts = [len(node["messages"]) for node in answer["data"]["tickets"]["nodes"]]
    assert counts == [2, 2, 2, 2]


async def test_what_runs_on_behind_a_refused_neighbour_takes_no_connection_any_more(world: World) -> None:
    # given a token that leaves tickets to its program, and nothing else
    made = await world.post("/people/service-tokens", {"name": "x", "scopes": ["tickets.read"]})
    headers = {"authorization": f"Bearer {made['token']}"}
    # when it asks for tickets, which take their time, and for what is refused at once
    for _ in range(10):
        query = {"query": "{ tickets { nodes { id } } viewer { id } }"}
        answer = (await world.client.post("/graphql", json=query, headers=headers)).json()
        assert [one["extensions"]["code"] for one in answer["errors"]] == ["INSUFFICIENT_SCOPE"]
    await asyncio.sleep(0.2)
    # then every connection is back
    assert world.app.state.reads.engine.pool.checkedout() == 0
