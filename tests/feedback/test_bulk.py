"""Ticket documents: many in one request, a line each, and one at a time, signed."""

import asyncio
import base64
import json
import os
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from doors import GENERIC_SECRET, document, furnish, genuine
from sqlalchemy import text
from statements import counted
from world import LONG_AGO, World

from services.feedback.bulk import service
from services.feedback.bulk.service import LINES_A_CHUNK, LINES_TOGETHER
from shared import clock, standard_webhooks
from shared.db import Database

LINES = int(os.environ.get("ASSAY_BULK_LINES", "3000"))
MIB = 1024 * 1024
NDJSON = "application/x-ndjson"
UNSTORABLE = document("9", ticket={"id": "9", "group": "of-nobody"})
"""Valid at the door, and nothing that the database takes where its group's vendor is gone."""


@pytest.fixture
async def docs(world: World) -> str:
    """The id of a generic connection."""
    return str((await furnish(world, "generic"))["id"])


async def sent(
    world: World, connection_id: str, body: Any, *, kind: str = NDJSON, by: str | None = None
) -> httpx.Response:
    return await world.client.post(
        f"/feedback/connections/{connection_id}/bulk",
        content=body,
        headers=world.as_(by) | {"content-type": kind},
    )


async def told(world: World, connection_id: str, lines: Iterable[bytes]) -> tuple[list[Any], dict[str, Any]]:
    """What is said of each line, and the sum."""
    answer = await sent(world, connection_id, b"\n".join(lines))
    assert answer.status_code == 200, answer.text
    *results, last = [json.loads(line) for line in answer.text.splitlines()]
    return results, last["summary"]


def outcomes(results: list[Any]) -> list[tuple[int, str]]:
    return [(one["line"], one["outcome"]) for one in results]


async def column(world: World, statement: str) -> list[Any]:
    async with world.db.transaction() as session:
        return [row[0] for row in await session.execute(text(statement))]


# ---- What is said of the lines ---------------------------------------------------------------------


async def test_each_line_is_answered_by_its_number_and_a_repeat_is_a_duplicate(
    world: World, docs: str
) -> None:
    # given three lines, one of them twice
    lines = [document("1"), document("2"), document("1")]
    # when they are sent, then each is told of, in order
    results, summary = await told(world, docs, lines)
    assert outcomes(results) == [(1, "stored"), (2, "stored"), (3, "duplicate")]
    assert summary == {"lines": 3, "stored": 2, "duplicate": 1, "refused": 0}
    # and sent again, all are repeats
    results, summary = await told(world, docs, lines)
    assert outcomes(results) == [(1, "duplicate"), (2, "duplicate"), (3, "duplicate")]
    assert summary["duplicate"] == 3
    assert len(await column(world, "SELECT id FROM inbox")) == 2


async def test_a_line_that_cannot_be_read_is_refused_with_its_place_and_harms_no_neighbour(
    world: World, docs: str
) -> None:
    # given lines with something wrong, between good ones
    wrong = json.loads(document("2"))
    wrong["messages"][0]["author_kind"] = "secret words"
    lines = [document("1"), json.dumps(wrong).encode(), b"{not json", b"[]", b"\xff\xfe", document("3")]
    # when they are sent
    results, summary = await told(world, docs, lines)
    # then those are refused, with where and why, and the others stored
    assert [one["outcome"] for one in results] == ["stored", *["refused"] * 4, "stored"]
    assert results[1]["error"]["pointer"] == "/messages/0/author_kind"
    assert all(one["error"]["detail"] for one in results[1:5])
    assert "secret words" not in json.dumps(results), "nothing of what was sent is quoted"
    assert summary == {"lines": 6, "stored": 2, "duplicate": 0, "refused": 4}
    # and both good ones become tickets
    await world.worker.drain()
    assert sorted(await column(world, "SELECT external_id FROM ticket")) == ["1", "3"]


async def test_blank_lines_count_as_lines_and_are_nothing(world: World, docs: str) -> None:
    lines = [b"", document("1"), b"  \t\r", document("2") + b"\r", b"", b""]
    results, summary = await told(world, docs, lines)
    assert outcomes(results) == [(2, "stored"), (4, "stored")]
    assert (summary["stored"], summary["refused"]) == (2, 0)


async def test_nothing_at_all_is_answered_with_an_empty_sum(world: World, docs: str) -> None:
    assert await told(world, docs, []) == ([], {"lines": 0, "stored": 0, "duplicate": 0, "refused": 0})


async def test_a_line_that_never_ends_stops_the_reading_and_only_what_is_told_of_is_stored(
    world: World, docs: str
) -> None:
    # given a line over the limit, behind a whole chunk of good ones and a few more, and before a good one
    world.app.state.settings.max_body_bytes = 10_000
    good = LINES_A_CHUNK + 5

    async def body() -> AsyncIterator[bytes]:
        for number in range(good):
            yield document(str(number)) + b"\n"
        for _ in range(20):
            yield b"x" * 1_000
        yield b"\n" + document("after")

    # when they are sent
    answer = await sent(world, docs, body())
    *results, last = [json.loads(line) for line in answer.text.splitlines()]
    # then the answer says that and where it stopped, and what it tells of is stored, and nothing else
    assert outcomes(results) == [(number, "stored") for number in range(1, len(results) + 1)]
    assert last["summary"]["lines"] == len(results) == good
    assert "too long" in last["summary"]["stopped"]
    assert len(await column(world, "SELECT id FROM inbox")) == len(results)


# ---- Who may, and how -----------------------------------------------------------------------------


async def test_another_kind_of_content_is_refused(world: World, docs: str) -> None:
    for kind in ("application/json", "text/plain", ""):
        assert (await sent(world, docs, document("1"), kind=kind)).status_code == 415
    assert (await sent(world, docs, document("1"), kind=f"{NDJSON}; charset=utf-8")).status_code == 200


async def test_a_help_desks_connection_takes_no_documents(world: World) -> None:
    connection = await world.connection()
    assert (await sent(world, connection["id"], document("1"))).status_code == 409
    assert await column(world, "SELECT id FROM inbox") == []


@pytest.mark.parametrize("role", ["agent", "specialist", "vendor_manager"])
async def test_only_who_may_import_may_send_lines(world: World, docs: str, role: str) -> None:
    more = {"vendor_id": await world.vendor()} if role in ("agent", "vendor_manager") else {}
    person = await world.person(role, **more)
    assert (await sent(world, docs, document("1"), by=person)).status_code == 403
    assert (await world.client.post(f"/feedback/connections/{docs}/bulk")).status_code == 401
    assert await column(world, "SELECT id FROM inbox") == []


# ---- What becomes of them ----------------------------------------------------------------------------


async def test_lines_become_tickets_with_messages_changes_and_ratings(world: World, docs: str) -> None:
    # given a ticket told in two lines, the later state first
    solved = LONG_AGO + timedelta(hours=2)
    lines = [
        document(
            "1", solved, words="It leaks.", ticket={"id": "1", "status": "solved", "tags": ["tent"]},
            changes=[{"id": "c1", "at": solved, "field": "status", "old": "open", "new": "solved"}],
            ratings=[{"id": "r1", "rated_at": solved, "score": 0.75, "comment": "Good"}],
        ),
        document("1", LONG_AGO, ticket={"id": "1", "status": "open", "subject": "Tent leaks"}),
    ]  # fmt: skip
    # when they are sent and understood
    await told(world, docs, lines)
    await world.worker.drain()
    # then each field is as it was told last, and each part is there
    assert await column(world, "SELECT status || ', ' || subject FROM ticket") == ["solved, Tent leaks"]
    assert await column(world, "SELECT body FROM message") == ["It leaks."]
    assert await column(world, "SELECT from_value || ' to ' || to_value FROM ticket_event") == [
        "open to solved"
    ]
    assert [float(score) for score in await column(world, "SELECT score FROM rating")] == [0.75]


async def test_an_upload_that_was_cut_off_is_sent_again_and_each_line_is_there_once(
    world: World, docs: str
) -> None:
    # given an upload whose connection breaks in the middle of a line of its second chunk
    lines = [document(str(number)) for number in range(LINES_A_CHUNK + 500)]
    whole = b"\n".join(lines)

    async def broken() -> AsyncIterator[bytes]:
        for at in range(0, len(whole) - 50_000, 50_000):
            yield whole[at : at + 50_000]
        for _ in range(1_000):
            if await column(world, "SELECT id FROM inbox LIMIT 1"):
                break
            await asyncio.sleep(0.02)
        raise ConnectionError

    assert (await sent(world, docs, broken())).status_code != 200
    assert len(await column(world, "SELECT id FROM inbox")) == LINES_A_CHUNK
    # when all of it is sent again
    results, summary = await told(world, docs, lines)
    # then each line is there once, whether it had come or not
    assert len(results) == summary["lines"] == len(lines)
    assert summary["stored"] + summary["duplicate"] == len(lines)
    assert len(await column(world, "SELECT id FROM inbox")) == len(lines)
    said = await column(world, "SELECT jsonb_array_elements_text(payload->'inbox_ids') FROM event")
    assert len(said) == len(set(said)) == len(lines)


async def test_a_line_that_cannot_be_applied_delays_only_itself(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given lines that are valid at the door, of which two can never be understood or stored
    async with world.db.transaction() as session:
        group = {"name": "G", "vendor_id": str(uuid4())}
        settings = json.dumps({"groups": {"of-nobody": group}})
        statement = text("UPDATE connection SET settings = CAST(:settings AS jsonb) WHERE id = :id")
        await session.execute(statement, {"settings": settings, "id": docs})
    twice = document("8").replace(b'"subject"', b'"status":"new","status":"open","subject"')
    good = [document(str(number), words=f"Hello\x00 {number}") for number in range(100, 100 + LINES_TOGETHER)]
    lines = [*good[:10], UNSTORABLE, *good[10:40], twice, *good[40:]]
    _, summary = await told(world, docs, lines)
    assert summary["stored"] == len(good) + 2
    # when they are understood, for as long as anything is tried again
    await world.worker.drain()
    # then all others are there, at once
    keys = set(await column(world, "SELECT external_id FROM ticket"))
    assert keys == {str(number) for number in range(100, 100 + LINES_TOGETHER)}
    bodies = await column(world, "SELECT body FROM message")
    assert sorted(bodies)[0] == "Hello\ufffd 100"
    # and in the end those two are dead letters
    later = clock.now()
    for _ in range(10):
        later += timedelta(hours=2)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        await world.worker.drain()
    dead = await column(
        world,
        "SELECT source_key FROM inbox WHERE id::text IN (SELECT payload->>'inbox_id' FROM event"
        " JOIN delivery ON event_id = event.id WHERE state = 'dead')",
    )
    assert len(dead) == 2
    assert await column(world, "SELECT id FROM delivery WHERE state = 'pending'") == []


# ---- Many of them ------------------------------------------------------------------------------------


async def test_many_lines_take_little_memory_and_a_fixed_number_of_statements_a_chunk(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given many lines, made as they are read
    async def body() -> AsyncIterator[bytes]:
        for number in range(0, LINES, 100):
            yield b"".join(document(str(at)) + b"\n" for at in range(number, min(number + 100, LINES)))

    fetches: list[int] = []
    fetch = Database.fetch

    async def counting(db: Database, statement: str, *values: Any) -> list[Any]:
        fetches.append(len(values[2]))
        return await fetch(db, statement, *values)

    monkeypatch.setattr(Database, "fetch", counting)
    # when they are sent
    tracemalloc.start()
    try:
        answer = await sent(world, docs, body())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # then all are stored, in little memory, one statement a chunk
    assert json.loads(answer.text.splitlines()[-1])["summary"]["stored"] == LINES
    assert peak < 100 * MIB, f"{peak / MIB:.0f} MiB"
    chunks = -(-LINES // LINES_A_CHUNK)
    assert [len(fetches), sum(fetches), max(fetches)] == [chunks, LINES, min(LINES, LINES_A_CHUNK)]


async def test_understanding_lines_together_takes_as_many_statements_for_many_as_for_few(
    world: World, docs: str
) -> None:
    # given two uploads, of few lines and of many, with all their parts
    sizes = (2, LINES_TOGETHER)
    taken = []
    for size in sizes:
        lines = [
            document(
                f"{size}-{number}",
                changes=[{"id": "c", "at": LONG_AGO, "field": "status", "new": "open"}],
                ratings=[{"id": "r", "rated_at": LONG_AGO, "score": 1}],
            )
            for number in range(size)
        ]
        await told(world, docs, lines)
        ids = await column(world, "SELECT id FROM inbox WHERE understood_at IS NULL")
        assert len(ids) == size
        # when each is understood
        with counted(world.app.state.hooks) as statements:
            async with world.db.transaction() as session:
                await service.normalise_bulk(session, world.app.state.sealer, ids)
        taken.append(len(statements))
    # then both took the same number of statements
    assert taken[0] == taken[1], dict(zip(sizes, taken, strict=True))


# ---- One at a time, signed -----------------------------------------------------------------------------


async def test_a_signed_document_is_stored_and_its_repeat_is_a_duplicate(world: World, docs: str) -> None:
    for outcome in ("stored", "duplicate"):
        answer = await genuine("generic", "1").posted(world)
        assert (answer.status_code, answer.json()) == (200, {"outcome": outcome})
    await world.worker.drain()
    assert await column(world, "SELECT external_id FROM ticket") == ["1"]


async def test_a_document_that_is_not_rightly_signed_is_refused_and_not_kept(world: World, docs: str) -> None:
    right = genuine("generic", "1")
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    stamp = right.headers[standard_webhooks.TIMESTAMP]
    wrong = standard_webhooks.sign(other, "msg_1", stamp, right.body)
    old = str(int(stamp) - 3_600)
    stale = standard_webhooks.sign(GENERIC_SECRET, "msg_1", old, right.body)
    for headers in (
        {},
        right.headers | {standard_webhooks.SIGNATURE: wrong},
        right.headers | {standard_webhooks.SIGNATURE: stale, standard_webhooks.TIMESTAMP: old},
        right.headers | {standard_webhooks.ID: "msg_2"},
    ):
        answer = await world.client.post(
            "/feedback/intake/generic/generic", content=right.body, headers=headers
        )
        assert answer.status_code == 401, headers
    assert await column(world, "SELECT id FROM inbox") == []


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"{", 400, None),
        (b'{"at":"2026-03-04T10:00:00Z","at":"2026-03-04T10:00:00Z","ticket":{"id":"1"}}', 400, None),
        (b'{"ticket":{"id":"1"}}', 422, {"/at"}),
        (b'{"at":"yesterday","ticket":{"id":"","status":"x"}}', 422, {"/at", "/ticket/id", "/ticket/status"}),
        (b'{"at":"2026-03-04T10:00:00Z","ticket":{"id":"a\\u0000"}}', 422, {"/ticket/id"}),
        (b'{"at":"2026-03-04T10:00:00","ticket":{"id":"1"}}', 422, {"/at"}),
        (b'{"at":"2026-03-04T10:00:00Z","ticket":{"id":"1"},"more":1}', 422, {"/more"}),
    ],
)  # fmt: skip
async def test_a_signed_document_that_is_wrong_is_refused_with_its_places(
    world: World, docs: str, body: bytes, status: int, pointers: set[str] | None
) -> None:
    answer = await genuine("generic", "1", body=body).posted(world)
    assert answer.status_code == status, answer.text
    if pointers is not None:
        assert {fault["pointer"] for fault in answer.json()["errors"]} == pointers
    assert await column(world, "SELECT id FROM inbox") == []
