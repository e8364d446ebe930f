"""Zendesk's signatures and events as INTAKE.md records them: what must be taken in, and how it reads."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from refusals import lasting_world, nothing_written, refused
from sqlalchemy import select
from sqlmodel import SQLModel
from unsealed import unsealed
from world import World

from services.feedback.intake.sources.zendesk import SIGNATURE, TIMESTAMP
from shared.models.feedback import InboxRow, Message, Rating, Ticket, TicketEvent
from shared.models.people import Vendor

# INTAKE.md §1.2, vector Z1: Zendesk's public test secret, and what other schemes make of it.
SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
TIME = "2026-03-04T09:02:13Z"
BODY = '{"hello":"wörld 📦"}'.encode()
GOOD = "7qbYwUDubN9sDKX8zpT21wbM1K0PTKwCLBSJqv7mcYc="
GOOD_FOR_NOTHING = "cOnGPiSGLOQLJWxW/JNxv1GYmWJNwXm5B7H6LoiLbSI="

VECTORS = [
    pytest.param(BODY, GOOD, 200, id="Z1"),
    pytest.param(b"", GOOD_FOR_NOTHING, 400, id="Z2-empty-body-genuine-but-no-json"),
    pytest.param(BODY, GOOD_FOR_NOTHING, 401, id="Z1-signature-of-another-body"),
    pytest.param(BODY.replace(b":", b": "), GOOD, 401, id="Z8-one-space-more"),
    pytest.param(json.dumps(json.loads(BODY), separators=(",", ":")).encode(), GOOD, 401, id="Z9-escaped"),
]


async def send(
    world: World, monkeypatch: pytest.MonkeyPatch, when: str, headers: dict[str, str], body: bytes
) -> httpx.Response:
    """At that moment of our clock."""
    moment = datetime.fromisoformat(when)
    with monkeypatch.context() as patched:
        patched.setattr("shared.clock.now", lambda: moment)
        return await world.client.post("/feedback/intake/zendesk/zd-test", content=body, headers=headers)


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        await made.connection("zd-test", secret=SECRET, is_test=True)
        yield made


@pytest.mark.parametrize(("body", "signature", "status"), VECTORS)
async def test_the_worked_vector(
    world: World, monkeypatch: pytest.MonkeyPatch, body: bytes, signature: str, status: int
) -> None:
    headers = {TIMESTAMP: TIME, SIGNATURE: signature}
    answer = await send(world, monkeypatch, TIME, headers, body)
    assert answer.status_code == status, answer.text


# ---- Beside the project: every vector and every event of the corpus ------------------------------------


async def test_every_signature_vector(
    postgres: str, monkeypatch: pytest.MonkeyPatch, reference_dir: Path
) -> None:
    vectors = json.loads((reference_dir / "payloads/signature_vectors.json").read_text())["zendesk"]
    async with lasting_world(postgres) as world:
        for number, secret in enumerate(sorted({vector["secret"] for vector in vectors})):
            await world.connection(f"zd-{number}", secret=secret, is_test=True)
        keys = {s: f"zd-{n}" for n, s in enumerate(sorted({v["secret"] for v in vectors}))}
        for vector in vectors:
            moment = datetime.fromisoformat(vector["timestamp"])
            headers = {TIMESTAMP: vector["timestamp"], SIGNATURE: vector["signature"]}
            with monkeypatch.context() as patched:
                patched.setattr("shared.clock.now", lambda moment=moment: moment)
                answer = await world.client.post(
                    f"/feedback/intake/zendesk/{keys[vector['secret']]}",
                    content=vector["body_utf8"].encode(),
                    headers=headers,
                )
            assert (answer.status_code != 401) is vector["valid"], vector["name"]
            if not vector["valid"]:
                refused(answer, 401, "signature-invalid", canary=vector["body_utf8"])
    assert len(vectors) >= 11


CORPUS = [
    "d01_ticket_created", "d02_status_changed", "d03_comment_added_public_rtl",
    "d04_agent_assignment_changed", "d05_csat_received",
]  # fmt: skip
LATER = {
    "d06_trigger_csat": "trigger webhooks have no event envelope: taken in by a later issue",
    "d07_incremental_cursor_page": "a REST page: no poller yet",
    "d08_ticket_audits": "a REST page: no poller yet",
    "d09_ticket_metric_events": "a REST page: no poller yet",
    "d10_messaging_message_added": "messaging events are kept and ignored until there is a poller"
    " to fetch their ticket",
    "d11_satisfaction_ratings": "a REST page: no poller yet",
    "d12_ticket_metrics": "a REST page: no poller yet",
}
CASES = [pytest.param(name, id=name) for name in CORPUS] + [
    pytest.param(name, id=name, marks=pytest.mark.skip(reason=why)) for name, why in LATER.items()
]


async def connect_as_in_the_corpus(world: World, folder: Path) -> None:
    live = json.loads((folder / "connections.json").read_text())["connections"]["zd-live"]
    groups = {}
    for key, group in live["groups"].items():
        named = group["vendor"]
        vendor = await world.post(
            "/people/vendors", {"key": named.lower().replace(" ", "-"), "name": named}
        ) if named else {"id": None}  # fmt: skip
        groups[key] = {"name": group["name"], "vendor_id": vendor["id"]}
    settings = {
        "brands": live["brands"], "groups": groups,
        "language_tag_prefix": live["language_tag_prefix"],
    }  # fmt: skip
    await world.connection(
        "zd-test", is_test=True, secret=SECRET, account_id=live["account_id"], settings=settings
    )


async def table(world: World, kind: type[SQLModel]) -> list[Any]:
    async with world.db.transaction() as session:
        return list((await session.execute(select(kind))).scalars())


async def facts(world: World) -> dict[str, list[dict[str, Any]]]:
    """Our rows in the corpus's words. What we do not keep is left out: `NOT_KEPT`."""
    [ticket] = await table(world, Ticket)
    sealed = await unsealed(world)
    vendors = {vendor.id: vendor.name for vendor in await table(world, Vendor)}
    agents = await agents_by_id(world)
    shown = {
        "id": ticket.external_id, "group": ticket.group_name, "group_id": ticket.group_key,
        "vendor": vendors.get(ticket.vendor_id), "assignee_id": agents.get(ticket.assignee_id),
        "requester_id": ticket.requester_key,
    }  # fmt: skip
    same = (
        "status", "status_raw", "priority", "type", "channel", "channel_raw", "language", "brand",
        "tags", "created_at", "updated_at",
    )  # fmt: skip
    changes = [
        {
            "ticket_id": ticket.external_id, "field": one.field, "from": one.from_value,
            "to": one.to_value, "at": one.occurred_at, "actor_id": one.actor_key,
        }
        for one in await table(world, TicketEvent)
        # The corpus does not count a ticket's creation as a change of its status.
        if one.field != "created" and not (one.field == "status" and one.from_value is None)
    ]  # fmt: skip
    messages = [
        {
            "id": one.external_id, "ticket_id": ticket.external_id, "author_id": one.author_key,
            "author_kind": {"requester": "customer"}.get(one.author_kind, one.author_kind),
            "author_name": sealed.wrote(ticket, one), "public": one.is_public,
            "text": sealed.as_sent(one, "body") or one.body,
            "created_at": one.sent_at, "channel": ticket.channel,
        }
        for one in await table(world, Message)
    ]  # fmt: skip
    ratings = [
        {
            "ticket_id": ticket.external_id, "raw": one.raw,
            "comment": sealed.as_sent(one, "comment"),
            "score": None if one.score is None else float(one.score),
            "agent_id": agents.get(one.agent_id), "responded_at": one.rated_at,
        }
        for one in await table(world, Rating)
    ]  # fmt: skip
    shown["subject"] = sealed.as_sent(ticket, "subject")
    whole = shown | {name: getattr(ticket, name) for name in same}
    return {"ticket": [whole], "change": changes, "message": messages, "csat": ratings}


NOT_KEPT = {
    "brand_id", "public", "organization_id", "state", "sentiment", "group_id", "direction",
    "dedup_key", "kind",
}  # fmt: skip
"""Implied by what is kept (a name for an id, a score for a sentiment), or not kept at all."""


async def agents_by_id(world: World) -> dict[Any, str]:
    from shared.models.feedback import HelpDeskAgent

    return {one.id: one.external_id for one in await table(world, HelpDeskAgent)}


def fits(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    return all(
        found[name] == (datetime.fromisoformat(value) if name.endswith("_at") or name == "at" else value)
        for name, value in expected.items()
        if name not in NOT_KEPT
    )


@pytest.mark.parametrize("name", CASES)
async def test_an_event_of_the_corpus(
    postgres: str, monkeypatch: pytest.MonkeyPatch, reference_dir: Path, name: str
) -> None:
    folder = reference_dir / "payloads"
    sidecar = json.loads((folder / f"zendesk/{name}.expect.json").read_text())
    assert sidecar["surface"] == "event_webhook"
    [request] = sidecar["requests"]
    body = (folder / "zendesk" / request["body_file"]).read_bytes()
    async with lasting_world(postgres) as world:
        await connect_as_in_the_corpus(world, folder)
        sent = (request["received_at"], request["headers"], body)
        answer = await send(world, monkeypatch, *sent)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "stored"})
        async with nothing_written(world):
            assert (await send(world, monkeypatch, *sent)).json() == {"outcome": "duplicate"}
        await world.worker.drain()
        [kept] = await table(world, InboxRow)
        assert kept.body == body
        found = await facts(world)
        for event in request["expect"]["events"]:
            expected = event.get(event["kind"], event)
            candidates = found[event["kind"]]
            assert any(fits(expected, one) for one in candidates), (expected, candidates)
            if key := event.get("dedup_key"):
                assert key.split(":", 2)[2] == kept.source_key
        counts = request["expect"]["counts"]
        assert {kind: len(found[kind]) for kind in counts} == counts
