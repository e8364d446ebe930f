"""Takes deliveries to their handlers: retry with back-off, dead letters, and no rescue job.

A delivery is claimed in two steps. First the attempt is counted and the next try put off by a
lease, and that is committed: a handler that kills its process uses up attempts like any other.
Then the row is locked, handled and marked done in one transaction: a killed worker's lock is
gone at once, its work is rolled back, and the lease brings the delivery back. A worker that
wakes up late finds a higher attempt number and drops what it holds.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock, outbox
from shared.config import Settings
from shared.db import Database
from shared.errors import Problem
from shared.events import Event
from shared.models.queue import Delivery, EventRow

log = structlog.get_logger()

Handler = Callable[[AsyncSession, Event], Awaitable[None]]

HANDLED = Counter("assay_deliveries_handled_total", "Deliveries by outcome", ["handler", "outcome"])
KEEP_DONE = timedelta(days=7)
MAX_BACKOFF_S = 3600.0


class Undeliverable(Exception):
    """Trying again is useless: the delivery becomes a dead letter with this reason."""


@dataclass(frozen=True)
class Claim:
    id: UUID
    handler: str
    attempts: int


_CLAIM = text(
    """
    UPDATE delivery SET
        state = CASE WHEN attempts >= :max_attempts THEN 'dead' ELSE state END,
        last_error = CASE WHEN attempts >= :max_attempts
            THEN 'The worker stopped in the middle of attempt ' || attempts || '.'
            ELSE last_error END,
        attempts = CASE WHEN attempts >= :max_attempts THEN attempts ELSE attempts + 1 END,
        due_at = :lease_until
    WHERE id IN (
        SELECT id FROM delivery WHERE state = 'pending' AND due_at <= :now
        ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    RETURNING id, handler, attempts, state
    """
)


class Worker:
    """`lanes` loops side by side, each handling what it claims one delivery after another."""

    def __init__(self, db: Database, handlers: Mapping[str, Handler], settings: Settings) -> None:
        self.db = db
        self.handlers = handlers
        self.settings = settings
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until `stop()`. What is being handled is finished first."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(self.settings.worker_concurrency):
                lanes.create_task(self._lane())
            lanes.create_task(self._sweep())

    def stop(self) -> None:
        self._stopping.set()

    async def drain(self) -> None:
        """Handles all that is due now, and what follows from it, then returns."""
        while claims := await self._claim():
            for claim in claims:
                await self._handle(claim)

    async def _lane(self) -> None:
        while not self._stopping.is_set():
            try:
                claims = await self._claim()
            except Exception as error:  # the database is away: wait for it, never die
                log.warning("deliveries cannot be claimed", error=type(error).__name__)
                await self._pause(1.0)
                continue
            for claim in claims:
                await self._handle(claim)
            if not claims:
                await self._pause(self.settings.worker_poll_s)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _claim(self) -> list[Claim]:
        now = clock.now()
        async with self.db.transaction() as session:
            rows = await session.execute(
                _CLAIM,
                {
                    "now": now,
                    "lease_until": now + timedelta(seconds=self.settings.worker_lease_s),
                    "max_attempts": self.settings.worker_max_attempts,
                    "batch": self.settings.worker_batch,
                },
            )
            claims = []
            for row in rows:
                if row.state == "dead":
                    log.error("delivery is dead: its worker stopped", handler=row.handler)
                    HANDLED.labels(row.handler, "dead").inc()
                else:
                    claims.append(Claim(row.id, row.handler, row.attempts))
            return claims

    async def _handle(self, claim: Claim) -> None:
        try:
            async with self.db.transaction() as session:
                event = await self._lock(session, claim)
                if event is None:
                    return
                await self.handlers[claim.handler](session, event)
                await session.flush()
                await session.execute(
                    update(Delivery)
                    .where(col(Delivery.id) == claim.id)
                    .values(state="done", done_at=clock.now(), last_error=None)
                )
        except Exception as error:  # whatever it was, the attempt counts and says why
            await self._fail(claim, error)
        else:
            HANDLED.labels(claim.handler, "done").inc()

    async def _lock(self, session: AsyncSession, claim: Claim) -> Event | None:
        """The event, with its delivery's row locked; None where somebody else has it by now."""
        row = (
            await session.execute(
                select(col(EventRow.type), col(EventRow.payload), col(EventRow.request_id))
                .join(Delivery, col(Delivery.event_id) == col(EventRow.id))
                .where(
                    col(Delivery.id) == claim.id,
                    col(Delivery.state) == "pending",
                    col(Delivery.attempts) == claim.attempts,
                )
                .with_for_update(of=Delivery, skip_locked=True)
            )
        ).one_or_none()
        if row is None:
            return None
        structlog.contextvars.bind_contextvars(request_id=row.request_id)
        return outbox.from_payload(row.type, row.payload)

    async def _fail(self, claim: Claim, error: Exception) -> None:
        useless = isinstance(error, Undeliverable)
        dead = useless or claim.attempts >= self.settings.worker_max_attempts
        wait = min(self.settings.worker_backoff_s * 2 ** (claim.attempts - 1), MAX_BACKOFF_S)
        HANDLED.labels(claim.handler, "dead" if dead else "retried").inc()
        log.warning(
            "delivery is dead" if dead else "delivery will be tried again",
            handler=claim.handler,
            attempt=claim.attempts,
            error=describe(error),
        )
        try:
            async with self.db.transaction() as session:
                await session.execute(
                    update(Delivery)
                    .where(
                        col(Delivery.id) == claim.id,
                        col(Delivery.state) == "pending",
                        col(Delivery.attempts) == claim.attempts,
                    )
                    .values(
                        state="dead" if dead else "pending",
                        due_at=clock.now() + timedelta(seconds=wait),
                        last_error=describe(error),
                    )
                )
        except Exception as lost:  # the lease brings the delivery back
            log.warning("a failed attempt could not be noted", error=type(lost).__name__)

    async def _sweep(self) -> None:
        """Forgets done deliveries after a week; dead and pending ones stay until somebody acts."""
        while not self._stopping.is_set():
            with contextlib.suppress(Exception):  # the next sweep does what this one could not
                async with self.db.transaction() as session:
                    await session.execute(
                        delete(Delivery).where(
                            col(Delivery.state) == "done",
                            col(Delivery.done_at) < clock.now() - KEEP_DONE,
                        )
                    )
            await self._pause(3600)


def describe(error: Exception) -> str:
    """What went wrong, for people. An unforeseen error's own message may quote a ticket, so only
    its kind and place are kept."""
    if isinstance(error, Undeliverable | Problem):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/services/" in frame.filename] or list(frames)
    if not ours:
        return type(error).__name__
    place = "/".join(ours[-1].filename.split("/")[-3:])
    return f"{type(error).__name__} at {place}:{ours[-1].lineno} in {ours[-1].name}"
