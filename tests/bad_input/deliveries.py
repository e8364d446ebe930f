"""Deliveries of a Zendesk event, to be spoiled."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from refusals import CANARY
from world import LONG_AGO, SECRET, World

from services.demo import zendesk

ADDRESS = "/feedback/intake/zendesk/zd"


def event(**more: Any) -> dict[str, Any]:
    """A genuine event, with a canary in what the customer wrote."""
    number = str(uuid4().int)[:12]
    ticket = zendesk.DemoTicket(number, CANARY, LONG_AGO)
    ticket.comment(timedelta(0), CANARY, by="requester")
    body: dict[str, Any] = json.loads(ticket.bodies[0])
    return body | {"id": f"e-{uuid4()}"} | more


def body_of(payload: Any, **more: Any) -> bytes:
    return json.dumps(payload, **more).encode()


async def deliver(
    world: World, body: bytes, headers: dict[str, str] | None = None, *, address: str = ADDRESS
) -> httpx.Response:
    given = zendesk.signed(SECRET, body) if headers is None else headers
    raw = {name: value.encode("latin-1") for name, value in given.items()}
    return await world.client.post(address, content=body, headers=raw)
