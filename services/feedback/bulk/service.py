"""Verbs of the bulk room: take lines in as they come, and understand them together.

Each line is a delivery of its own, stored once under its own key: a bulk delivery that was cut off is
simply sent again. Never more than one chunk of it is in memory.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.bulk import queries
from services.feedback.connections import queries as connections
from services.feedback.errors import NotGeneric
from services.feedback.intake.normalised import Normalised
from services.feedback.intake.service import apply, read
from services.feedback.intake.sources import generic
from services.feedback.intake.sources.document import TicketDocument
from shared import clock, outbox, strict
from shared.crypto import Sealer
from shared.db import Database
from shared.errors import Problem
from shared.events import WebhookReceived
from shared.ids import derived_ids
from shared.models.feedback import Connection
from shared.worker import ATTEMPT, Undeliverable

LINES_A_CHUNK = 500
BYTES_A_CHUNK = 4 * 1024 * 1024
STEPS_ASIDE_EVERY = 50
_validate = TicketDocument.__pydantic_validator__.validate_json
"""`model_validate_json`, without what it looks at before: there may be many thousands a second."""
LINES_TOGETHER = 100
"""How many lines are understood in one transaction."""


class LineTooLong(Exception):
    """A line that never ends would fill the memory."""


async def lines_of(parts: AsyncIterator[bytes], longest: int) -> AsyncIterator[list[bytes]]:
    """The lines of a body, in chunks. Raises LineTooLong."""
    chunk: list[bytes] = []
    rest, size = b"", 0
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > longest:
            yield [*chunk, *lines]  # what came before it is not lost
            raise LineTooLong
        for line in lines:
            chunk.append(line)
            size += len(line)
            if len(chunk) == LINES_A_CHUNK or size > BYTES_A_CHUNK:
                yield chunk
                chunk, size = [], 0
    if rest:
        chunk.append(rest)
    if chunk:
        yield chunk


async def find_connection(db: Database, connection_id: UUID) -> Connection:
    """Raises NotFound, NotGeneric (409) where a help desk speaks its own language."""
    async with db.transaction() as session:
        connection = await connections.get_connection(session, connection_id)
    if connection.platform != "generic":
        raise NotGeneric
    return connection


class Tally:
    """What became of the lines, written down as it goes: one line of JSON each, and a sum."""

    def __init__(self, results: IO[bytes]) -> None:
        self._results = results
        self.lines = 0
        self.counts = {"stored": 0, "duplicate": 0, "refused": 0}

    def note(self, outcome: str, reason: dict[str, str] | None = None) -> None:
        self.lines += 1
        self.counts[outcome] += 1
        if reason is None:
            self._results.write(b'{"line": %d, "outcome": "%s"}\n' % (self.lines, outcome.encode()))
        else:
            told = {"line": self.lines, "outcome": outcome, "error": reason}
            self._results.write(json.dumps(told).encode() + b"\n")

    def end(self, stopped: str | None = None) -> None:
        summary: dict[str, Any] = {"lines": self.lines, **self.counts}
        if stopped:
            summary["stopped"] = stopped
        self._results.write(json.dumps({"summary": summary}).encode() + b"\n")


async def take_lines(
    db: Database, connection: Connection, parts: AsyncIterator[bytes], longest: int, results: IO[bytes]
) -> None:
    """Reads the next chunk while the one before it is stored. Writes what became of each line."""
    tally, storing, stopped = Tally(results), None, None
    try:
        async for chunk in lines_of(parts, longest):
            read = await _read(connection, chunk, longest)
            if storing is not None:
                await storing
            storing = asyncio.create_task(_store(db, connection, read, tally))
            await asyncio.sleep(0)
    except LineTooLong:
        stopped = "The line after the last one named here is too long to read."
    finally:
        if storing is not None:
            await storing
    tally.end(stopped)


@dataclass
class Chunk:
    """Lines that were read: those that can be stored, each once, and what is to be said of every one."""

    ids: list[UUID] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    fates: list[UUID | dict[str, str] | None] = field(default_factory=list)
    """Its id; why it cannot be read; or None for a blank line."""


async def _read(connection: Connection, lines: Sequence[bytes], longest: int) -> Chunk:
    """Stands aside now and then: the chunk before is on its way to the database, and needs the loop."""
    chunk, known = Chunk(), set()
    derive = derived_ids(connection.id, "inbox")
    for number, body in enumerate(lines):
        if number % STEPS_ASIDE_EVERY == 0:
            await asyncio.sleep(0)
        if not body or body.isspace():
            chunk.fates.append(None)
            continue
        if len(body) > longest:
            chunk.fates.append({"pointer": "", "detail": f"Longer than {longest:,} bytes."})
            continue
        try:
            document = _validate(body)
        except ValidationError as error:
            chunk.fates.append(_reason(error))
            continue
        key = document.id or generic.source_key(document, body)
        inbox_id = derive(key)
        chunk.fates.append(inbox_id)
        if inbox_id not in known:
            known.add(inbox_id)
            chunk.ids.append(inbox_id)
            chunk.keys.append(key)
            chunk.bodies.append(body)
    return chunk


def _reason(error: ValidationError) -> dict[str, str]:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return {"pointer": strict.pointer(*first["loc"]), "detail": first["msg"]}


async def _store(db: Database, connection: Connection, chunk: Chunk, tally: Tally) -> None:
    """One statement, so that it is under way while the next chunk is read. The lines are understood
    later. Raises what the database raises: nothing of the chunk is kept then."""
    new: set[UUID] = set()
    if chunk.ids:
        columns = chunk.ids, chunk.keys, chunk.bodies
        new = await queries.store_lines(db, connection.id, columns, clock.now(), together=LINES_TOGETHER)
    for fate in chunk.fates:
        if fate is None:
            tally.lines += 1  # a blank line counts as a line, and is nothing
        elif isinstance(fate, dict):
            tally.note("refused", fate)
        elif fate in new:
            new.discard(fate)
            tally.note("stored")
        else:
            tally.note("duplicate")


async def normalise_bulk(session: AsyncSession, sealer: Sealer, inbox_ids: Sequence[UUID]) -> None:
    """All of them in one batch. Where that fails, each becomes a delivery of its own, so that one bad
    line delays only itself."""
    if ATTEMPT.get() > 1:
        await outbox.publish(session, *(WebhookReceived(inbox_id) for inbox_id in inbox_ids))
        return
    rows = [row for row in await queries.list_inbox(session, inbox_ids) if row.understood_at is None]
    if not rows:
        return
    connection = await connections.get_connection(session, rows[0].connection_id)
    alone = [row.id for row in rows] if connection.is_paused else []
    told: list[Normalised] = []
    for row in [] if connection.is_paused else rows:
        try:
            said = read(connection, row)
        except Undeliverable:
            alone.append(row.id)
            continue
        told += said.tickets
        row.understood_at = clock.now()
        row.ticket_key = said.tickets[0].ticket_key if said.tickets else None
    try:
        async with session.begin_nested():
            await apply(session, sealer, connection, told)
            await session.flush()
    except (DBAPIError, Problem):
        session.expire_all()
        alone = [row.id for row in rows]
    await outbox.publish(session, *(WebhookReceived(inbox_id) for inbox_id in alone))
