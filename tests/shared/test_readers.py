"""Connections that only read: nobody gets one as somebody else, with or without a pooler on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from shared.config import Settings
from shared.db import url_of
from shared.readers import Readers

WHO = "SELECT current_setting('role') AS role, now() AS at"
BECOME = "SELECT set_config('role', 'assay_lead', $1)"
_SSL_REQUEST = 8


@asynccontextmanager
async def pooler(settings: Settings) -> AsyncIterator[str]:
    """The address of one that passes everything on, and gives out numbers of its own, as poolers do."""
    url, tasks = make_url(url_of(settings, "app")), set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(_SSL_REQUEST)
        if int.from_bytes(first[:4], "big") == _SSL_REQUEST:
            writer.write(b"N")
            first = b""
        there = await asyncio.open_connection(url.host, url.port)
        there[1].write(first)
        ends = [
            asyncio.create_task(_pass(reader, there[1])),
            asyncio.create_task(_renumber(there[0], writer)),
        ]
        tasks.update(ends)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        there[1].close()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)


async def _renumber(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    kind = b""
    while kind != b"K":
        kind, length = await reader.readexactly(1), await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(length, "big") - 4)
        if kind == b"K":
            body = (4711).to_bytes(4, "big") + body[4:]
        writer.write(kind + length + body)
    await _pass(reader, writer)


async def as_a_lead(readers: Readers, statement: str) -> None:
    async with readers.reading() as reader:
        await reader.fetch(BECOME, not reader.is_direct)
        await reader.fetch(statement)


@pytest.fixture(params=["direct", "through a pooler"])
async def readers(settings: Settings, request: Any) -> AsyncIterator[Readers]:
    """One connection at most: whoever comes next gets it."""
    if request.param == "direct":
        made = Readers(url_of(settings, "app"), size=1, timeout_s=5)
        yield made
        await made.close()
        return
    async with pooler(settings) as url:
        made = Readers(url, size=1, timeout_s=5)
        yield made
        await made.close()


async def test_a_pooler_is_noticed(readers: Readers, request: pytest.FixtureRequest) -> None:
    async with readers.reading() as reader:
        assert reader.is_direct == ("[direct]" in request.node.name)


async def test_what_it_was_told_holds_to_the_end_of_the_block_and_no_longer(readers: Readers) -> None:
    async with readers.reading() as reader:
        await reader.fetch(BECOME, not reader.is_direct)
        (first,) = await reader.fetch(WHO)
        (second,) = await reader.fetch(WHO)
        assert (first["role"], second["role"]) == ("assay_lead", "assay_lead")
        # behind a pooler they are one transaction: only so are they one connection
        assert (first["at"] == second["at"]) is not reader.is_direct
    async with readers.reading() as reader:
        (after,) = await reader.fetch(WHO)
        assert after["role"] == "none"


async def test_whoever_fails_leaves_nothing_behind(readers: Readers) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await as_a_lead(readers, "SELECT 1 / 0")
    async with readers.reading() as reader:
        assert (await reader.fetch(WHO))[0]["role"] == "none"


async def test_whoever_is_cancelled_leaves_nothing_behind(readers: Readers) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(as_a_lead(readers, "SELECT pg_sleep(3)"), 0.2)
    async with readers.reading() as reader:
        assert (await reader.fetch(WHO))[0]["role"] == "none"


async def test_nothing_can_be_written(readers: Readers) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await as_a_lead(readers, "CREATE TABLE mine (id int)")


async def test_a_statement_that_takes_too_long_ends_in_the_database(settings: Settings) -> None:
    made = Readers(url_of(settings, "app"), size=1, timeout_s=0.2)
    with pytest.raises(asyncpg.QueryCanceledError):
        await as_a_lead(made, "SELECT pg_sleep(3)")
    await made.close()


async def test_a_connection_that_was_cut_is_replaced(settings: Settings, readers: Readers) -> None:
    # given one that the database has ended
    async with readers.reading() as reader:
        (pid,) = (await reader.fetch("SELECT pg_backend_pid()"))[0]
    owner = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    assert await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    await owner.close()
    await asyncio.sleep(0.1)
    # when somebody reads
    async with readers.reading() as reader:
        # then it is over another one
        (other,) = (await reader.fetch("SELECT pg_backend_pid()"))[0]
    assert other != pid


async def test_those_who_wait_have_their_turn_in_order(readers: Readers) -> None:
    served: list[int] = []

    async def read(number: int) -> None:
        async with readers.reading() as reader:
            await reader.fetch("SELECT 1")
            served.append(number)

    await asyncio.gather(*(read(number) for number in range(20)))
    assert served == sorted(served)
