"""What a WebSocket at /graphql takes, and with which code it ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from on_the_wire import AUDITS, PROTOCOL, Client, asked, cursor_now, follower, served, socket
from websockets.exceptions import InvalidStatus
from world import World

from services.gateway.streaming import socket as ours
from services.run import create_app
from shared.config import Settings
from shared.db import Database

IDLE = "subscription { auditMoved { cursor } }"


@pytest.fixture
async def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cors_origins": ("https://qa.example.com",)})


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    made = create_app(settings)
    yield made
    for close in made.state.at_the_end:
        await close()


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    async with served(world.app) as number:
        yield number


async def let_in(client: Client, world: World, by: str | None = None) -> None:
    await client.init(world.as_(by)["authorization"])


# ---- The handshake ------------------------------------------------------------------------------------


async def refused(port: int, **more: Any) -> tuple[int, str]:
    """(status, slug of the problem)"""
    with pytest.raises(InvalidStatus) as caught:
        async with socket(port, **more):
            pass
    response = caught.value.response
    document = json.loads(response.body)
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, document["type"].removeprefix("/problems/")


async def test_g25_the_old_sub_protocol_is_refused_at_the_handshake(port: int) -> None:
    assert await refused(port, protocols=("graphql-ws",)) == (400, "subprotocol-not-supported")


async def test_g25_no_sub_protocol_is_refused(port: int) -> None:
    assert await refused(port, protocols=None) == (400, "subprotocol-not-supported")


async def test_g25_of_several_sub_protocols_ours_is_spoken(port: int) -> None:
    async with socket(port, protocols=("graphql-ws", PROTOCOL)) as client:
        assert client.socket.subprotocol == PROTOCOL


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
async def test_g25_pages_of_other_origins_are_refused(port: int, origin: str) -> None:
    headers = {"origin": origin}
    assert await refused(port, additional_headers=headers) == (403, "origin-not-allowed")


async def test_pages_of_named_origins_and_our_own_may_ask(world: World, port: int) -> None:
    for origin in ("https://qa.example.com", f"http://127.0.0.1:{port}"):
        async with socket(port, additional_headers={"origin": origin}) as client:
            await let_in(client, world)


async def test_a_token_in_the_address_is_refused(port: int) -> None:
    handshake = {
            "connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-protocol": PROTOCOL,
        }  # fmt: skip
    answer = await asked(port, "GET", handshake, "/graphql?token=x")
    assert answer.status_code == 422


# ---- What is said on it -------------------------------------------------------------------------------


async def test_g25_who_does_not_say_who_they_are_is_let_go(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "INIT_S", 0.3)
    async with socket(port) as client:
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
        assert await client.closed() == 4408


async def test_whoever_was_let_in_may_be_silent(
    world: World, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "INIT_S", 0.3)
    async with socket(port) as client:
        await let_in(client, world)
        await client.hear_nothing(0.6)


async def test_g25_subscribing_before_being_let_in_is_4401(port: int) -> None:
    async with socket(port) as client:
        await client.follow(AUDITS)
        assert await client.closed() == 4401


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"authorization": "Bearer nonsense"}, {"authorization": 1}, {"authorization": "Basic eDp5"},
     {"Authorization": "Bearer x"}],
)  # fmt: skip
async def test_g25_a_bad_token_is_4403(port: int, payload: Any) -> None:
    async with socket(port) as client:
        await client.say(type="connection_init", payload=payload)
        assert await client.closed() == 4403


async def test_g25_a_second_init_is_4429(world: World, port: int) -> None:
    async with socket(port) as client:
        await let_in(client, world)
        await client.say(type="connection_init", payload=world.as_())
        assert await client.closed() == 4429


async def test_g25_a_name_that_is_taken_is_4409(world: World, port: int) -> None:
    async with socket(port) as client:
        await let_in(client, world)
        await client.follow(IDLE, "same")
        await client.follow(IDLE, "same")
        assert await client.closed() == 4409


async def test_a_name_is_free_again_when_its_subscription_was_ended(world: World, port: int) -> None:
    async with socket(port) as client:
        await let_in(client, world)
        await client.follow(IDLE, "same")
        await client.say(type="complete", id="same")
        await client.follow("{ viewer { id } }", "same")
        assert (await client.hear())["type"] == "error"
        await client.follow(IDLE, "same")
        await client.hear_nothing()


@pytest.mark.parametrize(
    "said",
    [
        "", "x", "1", "[]", '"ping"', "null", "{}", '{"type": "start"}', '{"type": "ping", "more": 1}',
        '{"type": ["ping"]}', '{"type": "subscribe", "id": "1"}', '{"type": "subscribe", "id": 1}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}',
        '{"type": "complete"}', '{"type": "ping", "type": "ping"}', '{"type": "connection_terminate"}', b"{}",
    ],
)  # fmt: skip
async def test_g25_what_is_no_message_is_4400(world: World, port: int, said: str | bytes) -> None:
    async with socket(port) as client:
        await let_in(client, world)
        await client.socket.send(said)
        assert await client.closed() == 4400
        assert client.socket.close_reason in ("Invalid message", "Messages are text."), "nothing is quoted"


async def test_g25_what_is_too_large_is_1009(world: World, port: int) -> None:
    async with socket(port) as client:
        await let_in(client, world)
        await client.say(type="ping", payload={"x": "y" * 70_000})
        assert await client.closed() == 1009


async def test_g25_a_hundred_subscriptions_are_one_connections_most(world: World, port: int) -> None:
    async with socket(port) as client:
        await let_in(client, world)
        for number in range(100):
            await client.follow(IDLE, str(number))
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
        await client.follow(IDLE, "one more")
        assert await client.closed() == 1008


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ viewer { id } }", "OPERATION_NOT_TAKEN_HERE"),
        ("mutation { claimNextAudit { __typename } }", "OPERATION_NOT_TAKEN_HERE"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { auditMoved { cursor } appealMoved { cursor } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { auditMoved { cursor } } subscription b { auditMoved { cursor } }",
         "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { auditMoved { audit {" + " ticket { audits {" * 5 + " id" + " } }" * 5 + "} } }",
         "DEPTH_LIMIT"),
        ("subscription { auditMoved { " + " ".join(f"a{n}: cursor" for n in range(30)) + " } }",
         "ALIAS_LIMIT"),
        ("subscription { auditMoved { " + "cursor " * 1200 + "} }", "TOKEN_LIMIT"),
        ("subscription { auditMoved { " + "cursor " * 500 + "} }", "COST_LIMIT"),
        ("subscription { __schema { types { name } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nope: auditMoved { audit { " + " ".join(["id"] * 30) + " } } }", "COST_LIMIT"),
    ],
)  # fmt: skip
async def test_the_limits_of_documents_hold_here_too(
    world: World, port: int, document: str, code: str
) -> None:
    async with socket(port) as client:
        await let_in(client, world)
        await client.follow(document)
        said = await client.hear()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", code)
        # and the connection lives on
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}


async def test_a_subscription_by_plain_post_is_refused(world: World) -> None:
    answer = await world.graphql(IDLE)
    assert answer["errors"][0]["extensions"]["code"] == "OPERATION_NOT_TAKEN_HERE"


async def scoped(world: World, *scopes: str) -> str:
    made = await world.post("/people/service-tokens", {"name": "reader", "scopes": list(scopes)})
    return f"Bearer {made['token']}"


@pytest.mark.parametrize("name", ["auditMoved", "appealMoved", "ticketFactsChanged"])
async def test_a_token_without_the_scope_follows_nothing(world: World, port: int, name: str) -> None:
    async with socket(port) as client:
        await client.init(await scoped(world, "tickets.read"))
        await client.follow(f"subscription {{ {name} {{ cursor }} }}")
        said = await client.hear()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "INSUFFICIENT_SCOPE")


async def test_facts_do_not_lead_to_the_ticket_for_a_token_that_leaves_it_out(
    world: World, port: int
) -> None:
    token = await scoped(world, "metrics.read")
    headers = {"authorization": token}
    cursor = await asked(port, "POST", headers, json={"query": "{ liveCursor }"})
    assert cursor.json()["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"
    async with socket(port) as client:
        await client.init(token)
        await client.follow("subscription { ticketFactsChanged { ticketId ticket { subject } } }")
        await client.hear_nothing(1)
        await world.connection()
        await world.solved_ticket()
        payload = (await client.hear())["payload"]
        assert payload["data"]["ticketFactsChanged"]["ticket"] is None
        (error,) = payload["errors"]
        assert error["extensions"]["code"] == "INSUFFICIENT_SCOPE"
        assert error["path"] == ["ticketFactsChanged", "ticket"]


# ---- How many, and how long ---------------------------------------------------------------------------


async def test_one_caller_has_so_many_connections_and_no_more(settings: Settings, world: World) -> None:
    app = create_app(settings.model_copy(update={"live_streams": 2}))
    other = await world.person("analyst")
    async with served(app) as port, socket(port) as first, socket(port) as second:
        await let_in(first, world)
        await let_in(second, world)
        async with socket(port) as third:
            await third.say(type="connection_init", payload=world.as_())
            assert await third.closed() == 1013
        async with socket(port) as theirs:
            await let_in(theirs, world, by=other)
        await first.socket.close()
        await asyncio.sleep(0.1)
        async with socket(port) as again:
            await let_in(again, world)


async def test_subscribing_over_and_over_is_counted(settings: Settings, world: World) -> None:
    limits = settings.rate_limits.model_copy(update={"graphql": 5})
    async with (
        served(create_app(settings.model_copy(update={"rate_limits": limits}))) as port,
        socket(port) as client,
    ):
        await let_in(client, world)
        for number in range(6):
            await client.follow(IDLE, str(number))
        said = await client.hear()
        assert (said["id"], said["type"]) == ("5", "error")
        assert said["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_those_who_have_not_said_who_they_are_are_counted_by_address(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"calls_at_once": 1}))
    async with (
        served(app) as port, socket(port), socket(port), socket(port), socket(port), socket(port)
    ):  # fmt: skip
        assert await refused(port) == (429, "too-many-at-once")


async def test_two_hundred_who_wait_hold_no_connection(
    settings: Settings, world: World, db: Database
) -> None:
    app = create_app(settings.model_copy(update={"live_streams": 300}))
    async with served(app) as port, socket(port) as first, socket(port) as second:
        for client in (first, second):
            await let_in(client, world)
            for number in range(100):
                await client.follow(IDLE, str(number))
        await first.hear_nothing(3)
        busy = await db.fetch(
            "SELECT state, count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'assay_app' AND (state <> 'idle' OR query LIKE 'LISTEN%') GROUP BY state"
        )
        assert [tuple(row) for row in busy] == [("idle", 1)], "the one that listens"
        pool = app.state.reads.engine.pool
        assert pool.checkedout() == 0
        # and the others' questions are answered as ever
        answer = await asked(port, "POST", world.as_(), json={"query": "{ viewer { id } }"})
        assert answer.status_code == 200


async def test_who_is_asked_again_while_nothing_happens_and_may_no_more_is_told(
    settings: Settings, world: World
) -> None:
    analyst = await world.person("analyst")
    app = create_app(settings.model_copy(update={"live_recheck_s": 0.3}))
    after = await cursor_now(world, by=analyst)
    async with served(app) as port, follower(port, world, AUDITS, by=analyst, after=after) as client:
        await client.hear_nothing(1)
        await world.patch(f"/people/people/{analyst}", {"is_active": False})
        said = await client.hear()
        assert (said["type"], said["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")


async def test_when_the_server_stops_connections_end_with_1001(world: World) -> None:
    async with socket_of(world) as (client, stop):
        await let_in(client, world)
        await client.follow(IDLE)
        await client.hear_nothing(0.3)
        stop.set()
        assert await client.closed() == 1001


class socket_of:
    """(a client, what stops the server)"""

    def __init__(self, world: World) -> None:
        self._world, self.stop, self._made = world, asyncio.Event(), asyncio.Queue[Any]()

    async def __aenter__(self) -> tuple[Client, asyncio.Event]:
        self._task = asyncio.create_task(self._serve())
        self._client = socket(await self._made.get())
        return await self._client.__aenter__(), self.stop

    async def _serve(self) -> None:
        async with served(create_app(self._world.app.state.settings)) as port:
            await self._made.put(port)
            await self.stop.wait()

    async def __aexit__(self, *_: object) -> None:
        await self._client.__aexit__(None, None, None)
        self.stop.set()
        await asyncio.wait_for(self._task, 10)
