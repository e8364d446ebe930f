# ruff: noqa: E501 (one case a line)
"""RELIABILITY.md §2.5: genuine deliveries, however odd, are kept once and harm nothing (W)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from deliveries import body_of, deliver, event
from refusals import CANARY, lasting_world, nothing_written, rows
from sqlalchemy import select
from sqlmodel import col
from world import World

from services.demo import zendesk
from shared.models.feedback import InboxRow
from shared.models.queue import Delivery, EventRow


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        await made.connection("zd")
        yield made


async def kept(world: World, body: bytes) -> InboxRow:
    """Delivers it, lets the worker have it, and gives the row that holds it byte for byte."""
    answer = await deliver(world, body)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "stored"})
    await world.worker.drain()
    async with world.db.transaction() as session:
        found = await session.execute(select(InboxRow).where(col(InboxRow.body) == body))
        return found.scalar_one()


async def fate(world: World, row: InboxRow) -> tuple[str, str | None]:
    """What became of it: done or dead, and why."""
    async with world.db.transaction() as session:
        found = await session.execute(
            select(Delivery)
            .join(EventRow, col(EventRow.id) == col(Delivery.event_id))
            .where(col(EventRow.payload)["inbox_id"].astext == str(row.id))
        )
        delivery = found.scalar_one()
    return delivery.state, delivery.last_error


async def ticket_of(world: World, number: str) -> dict[str, Any]:
    [ticket] = (await world.get(f"/feedback/tickets?external_id={number}"))["items"]
    return dict(ticket)


async def test_w8_a_duplicate_is_a_success_and_nothing_else(world: World) -> None:
    body = body_of(event())
    first, again = await deliver(world, body), await deliver(world, body)
    assert (first.status_code, first.json()) == (200, {"outcome": "stored"})
    async with nothing_written(world):
        again = await deliver(world, body)
    assert (again.status_code, again.json()) == (200, {"outcome": "duplicate"})


async def test_w8_50_at_once_are_one_row_and_one_event(world: World) -> None:
    body, before = body_of(event()), await rows(world)
    answers = await asyncio.gather(*(deliver(world, body) for _ in range(50)))
    assert [answer.status_code for answer in answers] == [200] * 50
    outcomes = [answer.json()["outcome"] for answer in answers]
    assert (outcomes.count("stored"), outcomes.count("duplicate")) == (1, 49)
    after = await rows(world)
    gained = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert gained == {"inbox": 1, "event": 1, "delivery": 1}


async def test_w9_the_first_body_under_an_id_stays(world: World) -> None:
    first = event()
    row = await kept(world, body_of(first))
    # when another body comes under the same id, twice
    other = body_of(first | {"subject": "another"})
    for _ in range(2):
        answer = await deliver(world, other)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "duplicate"})
    await world.worker.drain()
    # then the first stays, and the other is kept beside it for somebody to look at
    assert row.body == body_of(first)
    async with world.db.transaction() as session:
        found = await session.execute(select(InboxRow).where(col(InboxRow.body) == other))
        beside = found.scalar_one()
    state, reason = await fate(world, beside)
    assert state == "dead"
    assert "under the same id" in str(reason)


async def test_w17_what_no_column_holds_is_kept_raw_and_shown_replaced(world: World) -> None:
    payload = event()
    text = "\x00 \ud800 émoji 🙂 \u202eעברית \udfff"
    payload["event"]["comment"]["body"] = payload["detail"]["subject"] = text
    row = await kept(world, body_of(payload))
    assert b"\\u0000" in row.body
    assert await fate(world, row) == ("done", None)
    ticket = await ticket_of(world, payload["detail"]["id"])
    assert ticket["subject"] == "\ufffd \ufffd émoji 🙂 \u202eעברית \ufffd"
    [message] = await world.get(f"/feedback/tickets/{ticket['id']}/messages")
    assert message["body"] == ticket["subject"]


async def test_w17_a_megabyte_in_one_line(world: World) -> None:
    payload = event()
    payload["event"]["comment"]["body"] = "x" * 1_000_000
    row = await kept(world, body_of(payload))
    assert await fate(world, row) == ("done", None)


@pytest.mark.parametrize(
    "id",
    [
        pytest.param("a\x00b", id="W17-nul"),
        pytest.param("\ud800", id="W17-surrogate"),
        pytest.param("x" * 10_000, id="W17-long"),
        pytest.param("", id="W17-empty"),
        pytest.param(5, id="W17-number"),
        pytest.param(None, id="W17-null"),
        pytest.param({"a": 1}, id="W17-object"),
    ],
)
async def test_w17_odd_event_ids_are_kept_once(world: World, id: Any) -> None:
    body = body_of(event(id=id))
    row = await kept(world, body)
    assert row.source_key == "sha256:" + hashlib.sha256(body).hexdigest()
    assert (await deliver(world, body)).json() == {"outcome": "duplicate"}


def changed(where: str, value: Any) -> dict[str, Any]:
    """An event with another value at a JSON pointer; `...`: without it."""
    payload = event()
    *path, last = where.split("/")[1:]
    owner: Any = payload
    for name in path:
        owner = owner[name]
    if value is ...:
        del owner[last]
    else:
        owner[last] = value
    return payload


FINE = [
    pytest.param(event(type="zen:event-type:ticket.never_heard_of"), id="W14-unknown-ticket-event"),
    pytest.param(event(type="zen:event-type:moon.phase_changed"), id="W14-unknown-family"),
    pytest.param(event(type="zen:event-type/user.identity_created", detail={}), id="W14-user-event"),
    pytest.param(event(type="zen:event-type:agent.state_changed", detail=None), id="W14-agent-event"),
    pytest.param(event(type=5), id="W14-type-is-a-number"),
    pytest.param(event(card_number="4111 1111", nested={"a": [1, 2.5, None]}), id="W18-unknown-fields"),
    pytest.param(event(zendesk_event_version="2099-01-01"), id="W14-unknown-version"),
    pytest.param(event(account_id=zendesk.ACCOUNT), id="W14-account-as-text"),
    pytest.param(event(big=10**29, small=1e-400), id="R8-30-digits"),
    pytest.param(changed("/detail/tags", None), id="W14-tags-null"),
    pytest.param(changed("/detail/tags", [1, None, {}, "a"]), id="W14-tags-of-all-kinds"),
    pytest.param(changed("/detail/via", "mail"), id="W14-via-is-text"),
    pytest.param(changed("/detail/status", "ON_FIRE"), id="W14-unknown-status"),
    pytest.param(changed("/detail/status", {"a": 1}), id="W14-status-is-an-object"),
    pytest.param(changed("/detail/requester_id", 10**29), id="W14-id-beyond-int8"),
    pytest.param(changed("/event/meta/sequence/position", 2**40), id="R8-position-beyond-int4"),
    pytest.param(changed("/event/meta/sequence/position", True), id="W14-position-is-true"),
    pytest.param(changed("/event/meta/sequence/position", -1), id="W14-position-is-negative"),
    pytest.param(changed("/event/meta", None), id="W14-no-meta"),
    pytest.param(changed("/event/comment/author", None), id="W14-no-author"),
    pytest.param(changed("/time", "2026-03-04T09:02:11.672717030Z"), id="W14-nanoseconds"),
]


@pytest.mark.parametrize("payload", FINE)
async def test_w14_what_we_do_not_know_is_kept_and_harms_nothing(
    world: World, payload: dict[str, Any]
) -> None:
    assert await fate(world, await kept(world, body_of(payload))) == ("done", None)


async def test_w14_an_unknown_event_changes_nothing_but_the_ticket(world: World) -> None:
    before = await rows(world)
    await kept(world, body_of(event(type="zen:event-type:moon.phase_changed")))
    after = await rows(world)
    gained = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    known = {"inbox": 1, "event": 1, "delivery": 1, "trail_entry": 1, "trail_waiting": 1}
    assert gained == known  # the trail: that the worker understood it


async def test_r4_a_byte_order_mark_may_be_dropped(world: World) -> None:
    row = await kept(world, b"\xef\xbb\xbf" + body_of(event()))
    assert await fate(world, row) == ("done", None)


NOT_UNDERSTOOD = [
    pytest.param(event(detail=None), "/detail", id="W14-no-detail"),
    pytest.param(event(detail=CANARY), "/detail", id="W14-detail-is-text"),
    pytest.param(event(event=None), "/event", id="W14-no-event"),
    pytest.param([event()], "/type", id="W14-a-list"),
    pytest.param(CANARY, "/type", id="W14-text"),
    pytest.param(None, "/type", id="W14-null"),
    pytest.param({"hello": CANARY}, "/type", id="W14-nothing-we-know"),
    pytest.param(changed("/detail/id", ...), "/detail/id", id="W14-no-ticket-id"),
    pytest.param(changed("/detail/id", "9" * 41), "/detail/id", id="W14-ticket-id-too-long"),
    pytest.param(changed("/detail/assignee_id", "9" * 5000), "/detail/assignee_id", id="W14-assignee-id-too-long"),
    pytest.param(changed("/event/comment/author/id", CANARY * 500), "/event/comment/author/id", id="W14-author-id-too-long"),
    pytest.param(changed("/event/comment/id", ...), "/event/comment/id", id="W14-no-comment-id"),
    pytest.param(changed("/event/comment/is_public", CANARY), "/event/comment/is_public", id="W14-public-is-text"),
    pytest.param(changed("/time", ...), "/time", id="W14-no-time"),
    pytest.param(changed("/time", CANARY), "/time", id="W14-time-is-none"),
    pytest.param(changed("/time", "2026-02-30T00:00:00Z"), "/time", id="R30-february-30"),
    pytest.param(changed("/time", "2026-03-04T09:00:00"), "/time", id="R30-no-zone"),
    pytest.param(changed("/time", "9999-12-31T23:59:59-23:59"), "/time", id="R30-after-year-9999"),
    pytest.param(changed("/time", "0001-01-01T00:00:00+23:59"), "/time", id="R30-before-year-1"),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "pointer"), NOT_UNDERSTOOD)
async def test_w14_what_cannot_be_understood_waits_for_a_person(
    world: World, payload: Any, pointer: str
) -> None:
    """One dead letter at the first attempt: it says where, never what."""
    state, reason = await fate(world, await kept(world, body_of(payload)))
    assert state == "dead"
    assert reason is not None
    assert reason.startswith(f"{pointer}: ")
    assert CANARY not in reason


# ---- A secret that changes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overlap", "status"),
    [
        pytest.param(1, 200, id="W5-inside-the-overlap"),
        pytest.param(0, 401, id="W5-after-the-overlap"),
    ],
)
async def test_the_old_secret_verifies_while_the_overlap_lasts(
    world: World, overlap: int, status: int
) -> None:
    key, new = f"w5-{overlap}", "a new webhook secret for tests"
    connection = await world.connection(key)
    rotated = {"secret": new, "overlap_hours": overlap}
    await world.post(f"/feedback/connections/{connection['id']}/rotate-secret", rotated, status=200)
    assert (await world.webhook(body_of(event()), key=key, secret=new)).status_code == 200
    assert (await world.webhook(body_of(event()), key=key)).status_code == status
