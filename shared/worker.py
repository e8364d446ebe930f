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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock, deliveries, outbox, trail_chain
from shared.config import Settings
from shared.db import Database
from shared.errors import Problem
from shared.events import Event
from shared.models.queue import Delivery, EventRow

log = structlog.get_logger()

Handler = Callable[[AsyncSession, Event], Awaitable[None]]

HANDLED = Counter("assay_deliveries_handled_total", "Deliveries by outcome", ["handler", "outcome"])
KEEP = timedelta(days=7)
MAX_BACKOFF_S = 3600.0


class Undeliverable(Exception):
    """Trying again is useless: the delivery becomes a dead letter with this reason."""


ATTEMPT: ContextVar[int] = ContextVar("attempt", default=1)
"""Which attempt at the delivery this is: a handler of many things may go more carefully after the first."""


@dataclass(frozen=True)
class Chore:
    """Something to be done again and again, by whichever worker comes by: it has to be safe to race.

    `do` says how much it did, in a transaction of its own; it is called again until that is nothing.
    """

    name: str
    every_s: float
    do: Callable[[AsyncSession], Awaitable[int]]


@dataclass(frozen=True)
class Claim:
    id: UUID
    handler: str
    attempts: int


class Worker:
    """`lanes` loops side by side, each handling what it claims one delivery after another."""

    def __init__(
        self,
        db: Database,
        handlers: Mapping[str, Handler],
        settings: Settings,
        chores: Sequence[Chore] = (),
    ) -> None:
        self.db = db
        self.handlers = handlers
        chain = trail_chain.Chain(trail_chain.Keys.of(settings))
        self.chores = (
            *chores,
            Chore("forget what has served", 3600, _forget),
            Chore("seal the trail", 1, chain.seal),
            Chore("note the trail's head", 3600, _note_head),
        )
        self.settings = settings
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until `stop()`. What is being handled is finished first."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(self.settings.worker_concurrency):
                lanes.create_task(self._lane())
            for chore in self.chores:
                lanes.create_task(self._repeat(chore))

    def stop(self) -> None:
        self._stopping.set()

    async def drain(self) -> None:
        """Handles all that is due now, and what follows from it, then returns."""
        while claim := await self._claim():
            await self._handle(claim)

    async def _lane(self) -> None:
        while not self._stopping.is_set():
            try:
                claim = await self._claim()
            except Exception as error:  # the database is away: wait for it, never die
                log.warning("deliveries cannot be claimed", error=type(error).__name__)
                await self._pause(1.0)
                continue
            if claim is None:
                await self._pause(self.settings.worker_poll_s)
            else:
                await self._handle(claim)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _claim(self) -> Claim | None:
        """The delivery that has been due longest, its attempt counted; None: nothing is due.

        One at a time: an attempt must not be counted for what nobody has begun, or a neighbour's
        crash would use it up.
        """
        while True:
            now = clock.now()
            async with self.db.transaction() as session:
                delivery = await _next_due(session, now)
                if delivery is None:
                    return None
                if delivery.attempts < self.settings.worker_max_attempts:
                    delivery.attempts += 1
                    delivery.due_at = now + timedelta(seconds=self.settings.worker_lease_s)
                    return Claim(delivery.id, delivery.handler, delivery.attempts)
                delivery.state = "dead"
                delivery.last_error = f"The worker stopped in the middle of attempt {delivery.attempts}."
            log.error("delivery is dead: its worker stopped", handler=delivery.handler)
            HANDLED.labels(delivery.handler, "dead").inc()

    async def _handle(self, claim: Claim) -> None:
        try:
            async with self.db.transaction(claim.handler) as session:
                event = await self._lock(session, claim)
                if event is None:
                    return
                ATTEMPT.set(claim.attempts)
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
        """The event, with its delivery's row locked; None where somebody else has it by now.

        A row that is locked is waited for: mostly by another worker that only looked at it on its way
        to the next one. To skip it would leave the delivery lying until its lease is over.
        """
        row = (
            await session.execute(
                select(col(EventRow.type), col(EventRow.payload), col(EventRow.request_id))
                .join(Delivery, col(Delivery.event_id) == col(EventRow.id))
                .where(*_still(claim))
                .with_for_update(of=Delivery)
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
                    .where(*_still(claim))
                    .values(
                        state="dead" if dead else "pending",
                        due_at=clock.now() + timedelta(seconds=wait),
                        last_error=describe(error),
                    )
                )
        except Exception as lost:  # the lease brings the delivery back
            log.warning("a failed attempt could not be noted", error=type(lost).__name__)

    async def _repeat(self, chore: Chore) -> None:
        while not self._stopping.is_set():
            try:
                done = -1
                while done and not self._stopping.is_set():
                    async with self.db.transaction(chore.name) as session:
                        done = await chore.do(session)
            except Exception as error:  # the next time tries again
                log.warning("a chore was not done", chore=chore.name, error=describe(error))
            await self._pause(chore.every_s)


def _still(claim: Claim) -> tuple[Any, ...]:
    """The delivery is still waiting, and nobody has begun a later attempt."""
    return (
        col(Delivery.id) == claim.id,
        col(Delivery.state) == "pending",
        col(Delivery.attempts) == claim.attempts,
    )


async def _note_head(session: AsyncSession) -> int:
    """Into the log, which is kept elsewhere: whoever cuts the chain's end off cannot cut it off there."""
    log.info("head of the trail", head=str(await trail_chain.get_head(session)))
    return 0


async def _forget(session: AsyncSession) -> int:
    return await deliveries.forget(session, before=clock.now() - KEEP)


async def _next_due(session: AsyncSession, now: datetime) -> Delivery | None:
    statement = (
        select(Delivery)
        .where(col(Delivery.state) == "pending", col(Delivery.due_at) <= now)
        .order_by(col(Delivery.due_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


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
