"""What it takes to prove a pull: a clock that leaps over waits, apps in between, and what is in the
database afterwards, told in the help desk's own ids."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from help_desks.data import Desk, Step, Ticket
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from world import SECRET, World

from shared import clock

TICKETS = int(os.environ.get("ASSAY_PULL_TICKETS", "60"))
"""At least 60, so that some are deleted, merged and spam."""
BAD_DAY = dict.fromkeys(("429", "500", "502", "503", "cut", "short"), 0.07)
ACCOUNT = "00D5g00000K7hQzEAJ"
SALESFORCE_WORDS = {
    "New": "new", "Working": "open", "Waiting on Customer": "pending", "On Hold": "on_hold",
    "Solved": "solved", "Closed": "closed",
}  # fmt: skip
PLATFORMS: dict[str, dict[str, Any]] = {
    "zendesk": {},
    "salesforce": {
        "account_id": ACCOUNT, "secret": "whsec_" + "QUJD" * 8, "settings": {"status_map": SALESFORCE_WORDS},
    },
    "freshdesk": {
        "account_id": "halcyon.freshdesk.com", "user": "intake", "token": SECRET,
        "settings": {
            "status_map": {"2": "open", "3": "pending", "4": "solved", "5": "closed", "7": "on_hold"}
        },
    },
}  # fmt: skip
API: dict[str, dict[str, str]] = {
    "zendesk": {"user": "intake@halcyon.test", "secret": "an-api-token-for-tests"},
    "salesforce": {"user": "3MVG9-halcyon", "secret": "a-client-secret-for-tests"},
    "freshdesk": {"secret": "fdApiKeyForTests1"},
}
NOTED = {"told", "settled"}
"""Columns of a ticket that say when things were told."""


class Leaping:
    """A clock that can be set forward, so that no test waits for what is due later."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead, self._real = timedelta(0), clock.now
        patch.setattr(clock, "now", self.now)

    def now(self) -> datetime:
        return self._real() + self.ahead

    def leap(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        ahead, self.ahead = self.ahead, timedelta(0)
        yield
        self.ahead = ahead


@dataclass
class Between:
    """Stands before an app: counts requests by path, does something before each, and may tell the app
    another host than it was asked under."""

    app: ASGIApp
    host: str | None = None
    before: Callable[[str], Awaitable[None]] | None = None
    paths: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.paths.total()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths[scope["path"]] += 1
        if self.before:
            await self.before(scope["path"])
        if self.host:
            others = [one for one in scope["headers"] if one[0] != b"host"]
            scope = {**scope, "headers": [*others, (b"host", self.host.encode())]}
        await self.app(scope, receive, send)


def answering(status: int, body: Any, headers: Mapping[str, str] | None = None) -> ASGIApp:
    """An app that says the same whatever it is asked."""
    told = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {"type": "http.response.start", "status": status, "headers": told}
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return app


# ---- Acting ------------------------------------------------------------------------------------------


def at(stamp: int) -> str:
    return datetime.fromtimestamp(stamp, UTC).isoformat()


async def connect(world: World, platform: str, url: str | None, **api: str) -> str:
    """A connection to the help desk at that address. Returns its id."""
    told: dict[str, Any] = {
        "key": "desk", "name": "desk", "platform": platform, "secret": SECRET,
        "api": {"base_url": url} | API[platform] | api if url else None,
    } | PLATFORMS[platform]  # fmt: skip
    if platform == "zendesk":
        return str((await world.connection("desk", api=told["api"]))["id"])
    return str((await world.post("/feedback/connections", told))["id"])


async def start(world: World, connection: str, desk: Desk, status: int = 201) -> dict[str, Any]:
    stretch = {"since": at(desk.start - 90 * 86_400)}
    return dict(await world.post(f"/feedback/connections/{connection}/backfills", stretch, status=status))


async def backfill(world: World, clock: Leaping, connection: str, desk: Desk) -> dict[str, Any]:
    pull = await start(world, connection, desk)
    return await finish(world, clock, connection, pull["id"])


async def finish(
    world: World, clock: Leaping, connection: str, pull_id: str, *, leap_s: int = 2
) -> dict[str, Any]:
    """Works, and moves on to when the next thing is due, until nothing is read or wanted any more."""
    for _ in range(2000):
        await world.worker.drain()
        pull: dict[str, Any] = await world.get(f"/feedback/pulls/{pull_id}")
        health = await world.get(f"/feedback/connections/{connection}/health")
        if pull["state"] != "running" and health["wanted"] == 0:
            return pull
        clock.leap(leap_s)
    raise AssertionError(f"no end: {pull}, {health['wanted']} tickets wanted")


async def reconcile(world: World, clock: Leaping, connection: str, start_due: Any) -> dict[str, Any]:
    """Its time has come: starts the reconciliation, and works until it is done."""
    await query(world, "UPDATE connection SET reconciles_at = now() - interval '400 days'")
    await start_due()
    pulls = (await world.get(f"/feedback/connections/{connection}/pulls"))["items"]
    running = [pull for pull in pulls if pull["kind"] == "reconciliation" and pull["state"] == "running"]
    assert len(running) == 1
    return await finish(world, clock, connection, running[0]["id"])


# ---- What is in the database -------------------------------------------------------------------------


async def query(world: World, statement: str) -> list[dict[str, Any]]:
    url = world.app.state.settings.database_url.replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def tickets_in(world: World) -> dict[str, dict[str, Any]]:
    rows = await query(world, "SELECT * FROM ticket")
    found = {row["external_id"]: row for row in rows}
    assert len(found) == len(rows), "a ticket is there twice"
    return found


async def of_tickets(world: World, table: str, where: str = "true") -> dict[str, list[dict[str, Any]]]:
    """Rows that hang on tickets, by the help desk's id of the ticket."""
    found = defaultdict(list)
    statement = (
        f"SELECT t.external_id AS ticket_key, r.* FROM {table} r JOIN ticket t ON t.id = r.ticket_id "
        f"WHERE {where} ORDER BY t.external_id"
    )
    for row in await query(world, statement):
        found[row.pop("ticket_key")].append(row)
    return found


async def messages_in(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """(when, by whom, is public, words), in order. Every message once."""
    found = await of_tickets(world, "message", "NOT r.is_redacted")
    for rows in found.values():
        assert len({row["external_id"] for row in rows}) == len(rows), "a message is there twice"
    names = ("sent_at", "author_kind", "is_public", "body")
    return {key: sorted(tuple(row[name] for name in names) for row in rows) for key, rows in found.items()}


async def moves_in(world: World) -> dict[str, list[tuple[datetime, str]]]:
    """(when, to which status), in order, of what is known for certain."""
    found = await of_tickets(world, "ticket_event", "r.field = 'status' AND r.basis = 'history'")
    return {
        key: [
            (row["occurred_at"], row["to_value"])
            for row in sorted(rows, key=lambda row: (row["occurred_at"], row["position"]))
        ]
        for key, rows in found.items()
    }


async def ratings_in(world: World) -> dict[str, list[tuple[Any, ...]]]:
    found = await of_tickets(world, "rating", "NOT r.is_offer")
    names = ("rated_at", "score", "comment")
    return {
        key: sorted(((*(row[name] for name in names),) for row in rows), key=str)
        for key, rows in found.items()
    }


async def all_rows(world: World) -> dict[str, list[dict[str, Any]]]:
    """Every row that says something of tickets, without when it was told."""
    found = {}
    for table in ("ticket", "message", "ticket_event", "rating"):
        rows = [
            {name: value for name, value in row.items() if name not in NOTED}
            for row in await query(world, f"SELECT * FROM {table}")
        ]
        found[table] = sorted(rows, key=lambda row: str(row["id"]))
    return found


def when(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def said(ticket: Ticket, beginning: int = 0) -> list[tuple[Any, ...]]:
    """As `messages_in` tells it."""
    return [
        (when(step.at), author(ticket, step), step.public, step.text)
        for step in ticket.messages
        if step.index >= beginning
    ]


def author(ticket: Ticket, step: Step) -> str:
    """What an agent does to a ticket that nobody has is done in the account's own name."""
    is_nobody = step.by == "agent" and ticket.now_of("assignee", step.index + 1) is None
    return "system" if is_nobody else step.by


def status_moves(ticket: Ticket) -> list[tuple[datetime, str]]:
    """As `moves_in` tells it, from the creation on."""
    moved = [(s.at, to) for s in ticket.steps for name, _, to in s.changes if name == "status" and to]
    return [(when(at), "on_hold" if to == "hold" else to) for at, to in moved]
