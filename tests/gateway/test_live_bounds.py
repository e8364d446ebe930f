"""What bounds an operation bounds a subscription: its caller's points, and the server's list of documents."""

import json
from pathlib import Path
from typing import Any

import pytest
from on_the_wire import Client, blocks, cursor_now, events, served, socket
from refusals import lasting_world
from world import World

from services.gateway.persisted import hash_of, written
from services.gateway.schema import schema

LISTED = "subscription Moved($after: String) { auditMoved(after: $after) { cursor audit { state } } }"
STRANGE = "subscription { appealMoved { cursor } }"
COST = 2


def code_of(said: Any) -> Any:
    assert said["type"] == "error", said
    return said["payload"][0]["extensions"]["code"]


async def let_in(client: Client, world: World) -> None:
    await client.init(world.as_()["authorization"])


async def test_each_subscription_of_one_connection_is_charged_for(postgres: str) -> None:
    # given a caller with points for two
    async with lasting_world(postgres, graphql_points_a_minute=2 * COST) as world, served(world.app) as port:
        async with socket(port) as client:
            await let_in(client, world)
            # when they subscribe three times over one connection
            for name in ("1", "2", "3"):
                await client.follow(STRANGE, name)
            # then one of them is refused, and so is whatever else they ask
            said = await client.hear()
            assert code_of(said) == "RATE_LIMITED"
            assert said["payload"][0]["extensions"]["retry_after_s"] > 0
        answer = await world.client.post("/graphql", json={"query": "{ viewer { id } }"}, headers=world.as_())
        assert answer.status_code == 429


@pytest.fixture
def operations(tmp_path: Path) -> Path:
    (tmp_path / "moved.graphql").write_text(LISTED)
    (path := tmp_path / "operations.json").write_text(written(tmp_path, schema._schema))
    return path


async def test_a_server_with_a_list_runs_no_other_subscription(postgres: str, operations: Path) -> None:
    async with (
        lasting_world(postgres, graphql_operations=operations, graphql_allow_list=True) as world,
        served(world.app) as port,
        socket(port) as client,
    ):
        await let_in(client, world)
        await client.follow(STRANGE)
        assert code_of(await client.hear()) == "PERSISTED_QUERY_NOT_IN_LIST"
        async with events(port, world, STRANGE) as response:
            (told,) = [block async for block in blocks(response) if block.get("event") == "next"]
        assert json.loads(told["data"])["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_IN_LIST"


async def test_a_subscription_can_be_asked_for_by_its_hash(postgres: str, operations: Path) -> None:
    # given somebody who knows no more of it than that
    async with (
        lasting_world(postgres, graphql_operations=operations) as world,
        served(world.app) as port,
        socket(port) as client,
    ):
        await world.plan((await world.connection())["id"])
        specialist = await world.person("specialist")
        await world.solved_ticket()
        await let_in(client, world)
        after = await cursor_now(world)
        wanted = {"documentId": f"sha256:{hash_of(LISTED)}", "variables": {"after": after}}
        await client.say(type="subscribe", id="1", payload=wanted)
        # when an audit is claimed
        await world.post("/audit/audits/claim-next", by=specialist, status=200)
        # then they hear of it
        assert (await client.next())["audit"] == {"state": "claimed"}
