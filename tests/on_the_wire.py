"""A real server, and those who follow what is live there: over WebSocket and as events."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from world import World

from services.serving import listen, serving

PROTOCOL = "graphql-transport-ws"
AUDITS = "subscription($after: String) { auditMoved(after: $after) { cursor audit { id state } } }"
APPEALS = "subscription($after: String) { appealMoved(after: $after) { cursor appeal { id state } } }"
FACTS = "subscription($after: String) { ticketFactsChanged(after: $after) { cursor ticketId } }"


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[int]:
    """Its port."""
    listener = listen("127.0.0.1", 0)
    async with serving(app, listener, asyncio.Event()):
        yield listener.getsockname()[1]


@dataclass
class Client:
    socket: ClientConnection
    heard: list[Any] = field(default_factory=list)

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self, within_s: float = 5) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.recv(), within_s))

    async def hear_nothing(self, for_s: float = 0.5) -> None:
        try:
            said = await self.hear(for_s)
        except TimeoutError:
            return
        raise AssertionError(said)

    async def init(self, token: str) -> None:
        await self.say(type="connection_init", payload={"authorization": token})
        assert await self.hear(30.0) == {"type": "connection_ack"}  # a busy machine takes its time

    async def follow(self, query: str, name: str = "1", **variables: Any) -> None:
        await self.say(type="subscribe", id=name, payload={"query": query, "variables": variables})

    async def next(self) -> Any:
        """The one field of what comes next."""
        said = await self.hear()
        assert said["type"] == "next", said
        assert "errors" not in said["payload"], said
        (value,) = said["payload"]["data"].values()
        return value

    async def closed(self, within_s: float = 5) -> int | None:
        """The code with which the server closes."""
        await asyncio.wait_for(self.socket.wait_closed(), within_s)
        return self.socket.close_code


@contextlib.asynccontextmanager
async def socket(
    port: int, *, protocols: tuple[str, ...] = (PROTOCOL,), **more: Any
) -> AsyncIterator[Client]:
    url = f"ws://127.0.0.1:{port}/graphql"
    async with connect(url, subprotocols=protocols, proxy=None, **more) as made:  # type: ignore[arg-type]  # plain words
        yield Client(made)


@contextlib.asynccontextmanager
async def follower(
    port: int, world: World, query: str, *, by: str | None = None, after: str | None = None
) -> AsyncIterator[Client]:
    async with socket(port) as client:
        await client.init(world.as_(by)["authorization"])
        await client.follow(query, after=after)
        yield client


async def cursor_now(world: World, by: str | None = None) -> str:
    answer = await world.graphql("{ liveCursor }", by=by)
    assert "errors" not in answer, answer
    return str(answer["data"]["liveCursor"])


@contextlib.asynccontextmanager
async def events(
    port: int, world: World, query: str, *, by: str | None = None, **headers: str
) -> AsyncIterator[httpx.Response]:
    asked = world.as_(by) | {"accept": "text/event-stream"} | headers
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=8, trust_env=False) as client,
        client.stream("POST", "/graphql", json={"query": query}, headers=asked) as response,
    ):
        yield response


async def blocks(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Each event as its fields; a comment is `{"": …}`."""
    block: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            block[name] = value.removeprefix(" ")
        elif block:
            yield block
            block = {}


async def asked(port: int, method: str, headers: dict[str, str], path: str = "/graphql", **more: Any) -> Any:
    """One answer over the same wire."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        return await client.request(method, path, headers=headers, **more)
