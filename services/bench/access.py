"""What row security costs where it is paid most often: the statements that take deliveries in, with their
policies and without, in turns on the same tables."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import make_url

from services.bench.intake import furnish
from services.bench.servers import Setting, database
from services.feedback.bulk import queries as bulk
from services.feedback.inbox import queries as inbox
from shared import clock
from shared.db import Database

TABLES = ("inbox", "event", "delivery", "connection")
TOGETHER, LINES = 50, 500


@dataclass(frozen=True)
class Cost:
    """Seconds of the same work, medians of the rounds."""

    operation: str
    with_policies: float
    without: float

    @property
    def overhead(self) -> float:
        """Percent more with policies."""
        return 100 * (self.with_policies / self.without - 1)


async def run(rounds: int, statements: int) -> Sequence[Cost]:
    """Each round does everything with policies and without, the order changing from round to round."""
    async with database() as setting:
        webhooks, documents, _ = await furnish(setting.settings)
        db = Database.of(setting.settings, "hook")
        took: dict[tuple[str, bool], list[float]] = {}
        for number in range(rounds + 1):
            for guarded in (number % 2 == 0, number % 2 == 1):
                await _switch(setting, on=guarded)
                for operation, seconds in (
                    ("webhooks", await _webhooks(db, webhooks, statements)),
                    ("bulk", await _bulk(db, documents, max(1, statements // 10))),
                ):
                    if number:  # the first round warms up
                        took.setdefault((operation, guarded), []).append(seconds)
        await db.close()
    return [
        Cost(name, statistics.median(took[name, True]), statistics.median(took[name, False]))
        for name in ("webhooks", "bulk")
    ]


async def _webhooks(db: Database, connection_id: UUID, statements: int) -> float:
    """One statement a commit, `TOGETHER` deliveries each, as group commit sends them."""
    body = b'{"detail": "%s"}' % (b"x" * 600)
    digest = sha256(body).digest()
    batches = [
        [(uuid4(), connection_id, 0, str(uuid4()), "{}", body, digest) for _ in range(TOGETHER)]
        for _ in range(statements)
    ]
    started = time.perf_counter()
    for batch in batches:
        stored = await inbox.store_once(db, batch, clock.now())
        assert len(stored) == TOGETHER
    return time.perf_counter() - started


async def _bulk(db: Database, connection_id: UUID, statements: int) -> float:
    body = b'{"detail": "%s"}' % (b"x" * 300)
    chunks = [
        ([uuid4() for _ in range(LINES)], [str(uuid4()) for _ in range(LINES)], [body] * LINES)
        for _ in range(statements)
    ]
    started = time.perf_counter()
    for chunk in chunks:
        stored = await bulk.store_lines(db, connection_id, chunk, clock.now(), together=100)
        assert len(stored) == LINES
    return time.perf_counter() - started


async def _switch(setting: Setting, *, on: bool) -> None:
    """As the owner. The tables grow with each turn, for both alike."""
    url = make_url(setting.settings.database_url).set(drivername="postgresql")
    owner = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        for table in TABLES:
            await owner.execute(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} ROW LEVEL SECURITY")
        await owner.execute("CHECKPOINT")
        await asyncio.sleep(0.2)
    finally:
        await owner.close()
