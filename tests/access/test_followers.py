"""What happens to every audit, appeal and ticket, followed by everyone at once: each is told of what the
matrix lets them see and of nothing else, and no word of it is of a row that is not theirs to see."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, get_named_type, is_leaf_type
from on_the_wire import Client, served, socket
from oracle import Oracle
from population import ASKERS, Population, Who
from test_probes import CANARY, SHARE

from services.gateway.schema import schema as served_schema
from shared import outbox
from shared.db import Database
from shared.events import AppealMoved, AuditMoved, TicketFactsMade
from shared.permissions import PERMISSIONS

PATIENT_S, QUIET_S = 30.0, 1.0
"""Who has been told of all that is theirs, and then of nothing for so long, has been told all."""
DEPTH = 2 if SHARE >= 1 else 1
"""How far into what is around it each event is asked for; all the way by `make prove`."""
ROOTS = {
    "auditMoved": ("audit", "id", "audits.read"),
    "appealMoved": ("appeal", "id", "appeals.read"),
    "ticketFactsChanged": ("ticket_fact", "ticket_id", "metrics.read"),
}
"""A subscription → whose rows it is about, their key, and who may follow it."""


def everything(schema: GraphQLSchema, name: str, depth: int) -> str:
    """All fields without arguments that are needed, so deep."""
    kind = schema.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    chosen = []
    for field, one in kind.fields.items():
        inner = get_named_type(one.type)
        if is_leaf_type(inner):
            chosen.append(field)
        elif depth > 0:
            chosen.append(f"{field} {{ {everything(schema, inner.name, depth - 1)} }}")
    return " ".join(chosen)


def documents() -> dict[str, str]:
    schema = build_schema(served_schema.as_str())
    assert schema.subscription_type is not None
    fields = schema.subscription_type.fields
    assert fields.keys() == ROOTS.keys(), "what can be followed has its row here"
    return {
        name: f"subscription {{ {name} {{ {everything(schema, get_named_type(one.type).name, DEPTH)} }} }}"
        for name, one in fields.items()
    }


async def told(client: Client, count: int) -> list[Any]:
    """As many as there have to be, and whatever comes after those."""
    said: list[Any] = []
    while True:
        try:
            said.append(await client.hear(PATIENT_S if len(said) < count else QUIET_S))
        except TimeoutError:
            return said


def subject(root: str, said: Mapping[str, Any]) -> str:
    (value,) = said["payload"]["data"].values()
    found = value["ticketId"] if root == "ticketFactsChanged" else value[root.removesuffix("Moved")]["id"]
    return str(found)


async def happen(db: Database, everyone: Population) -> None:
    async with db.transaction() as session:
        for row in everyone.rows["audit"]:
            await outbox.publish(session, AuditMoved(row["id"]))
        for row in everyone.rows["appeal"]:
            await outbox.publish(session, AppealMoved(row["id"]))
        tickets = tuple(row["ticket_id"] for row in everyone.rows["ticket_fact"])
        await outbox.publish(session, TicketFactsMade(tickets))


@pytest.mark.parametrize("root", ROOTS)
async def test_everyone_is_told_of_what_is_theirs_to_see_and_of_nothing_else(
    app: FastAPI, db: Database, everyone: Population, oracle: Oracle, root: str
) -> None:
    table, row_key, action = ROOTS[root]
    heard: dict[str, list[Any]] = {}
    visible = {name: oracle.visible(everyone.people[name], table) for name in ASKERS}
    async with served(app) as port:
        # given everyone, each with a subscription
        async def follow(who: Who) -> None:
            async with socket(port) as client:
                await client.init(f"Bearer {app.state.token_keys.issue(who.id)}")
                await client.follow(documents()[root], root)
                ready.release()
                await go.wait()
                may = who.role in PERMISSIONS[action]
                heard[who.name] = await told(client, len(visible[who.name]) if may else 1)

        ready, go = asyncio.Semaphore(0), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for name in ASKERS:
                group.create_task(follow(everyone.people[name]))
            for _ in ASKERS:
                await ready.acquire()
            await asyncio.sleep(0.5)
            # when something happens to everything
            await happen(db, everyone)
            go.set()
    # then each was told of theirs, once
    for name in ASKERS:
        who, said = everyone.people[name], heard[name]
        if who.role not in PERMISSIONS[action]:
            (refused,) = said
            assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN"), (
                name
            )
            continue
        may = sorted(str(row[row_key]) for row in visible[name])
        assert sorted(subject(root, one) for one in said) == may, name
        # and read no word that is not theirs
        shown = [row for rows in everyone.rows for row in oracle.visible(who, rows)]
        leaked = set(CANARY.findall(json.dumps(said))) - set(CANARY.findall(json.dumps(shown, default=str)))
        assert not leaked, f"{name}: {sorted(leaked)[:3]}"
    assert {len(one) for one in heard.values()} != {0}
