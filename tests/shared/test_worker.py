"""Deliveries: retried, put off, given up, replayed; one handler's trouble is not another's."""

import asyncio
import contextlib
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock, deliveries, outbox
from shared.config import Settings
from shared.db import Database
from shared.events import Event, TicketsChanged
from shared.models.people import Vendor
from shared.models.queue import Delivery
from shared.worker import Handler, Undeliverable, Worker

KPI, AUDIT = "kpi.recompute_facts", "audit.draw_samples"


async def fine(session: AsyncSession, event: Event) -> None: ...


class Failing:
    """Fails the first `times` times, then works. Leaves a row behind at every try."""

    def __init__(self, times: int, error: Exception | None = None) -> None:
        self.times, self.error, self.tries = times, error or ValueError("secret words"), 0

    async def __call__(self, session: AsyncSession, event: Event) -> None:
        self.tries += 1
        await session.execute(
            text("INSERT INTO vendor VALUES (gen_random_uuid(), :key, 'x', now())"),
            {"key": f"try-{self.tries}"},
        )
        if self.tries <= self.times:
            raise self.error


@pytest.fixture
async def changed(db: Database) -> TicketsChanged:
    """An event with two subscribers, published."""
    event = TicketsChanged((uuid4(),))
    async with db.transaction() as session:
        await outbox.publish(session, event)
    return event


def worker(db: Database, settings: Settings, kpi: Handler, audit: Handler = fine, **more: object) -> Worker:
    return Worker(db, {KPI: kpi, AUDIT: audit}, settings.model_copy(update=more))


async def state_of(db: Database, handler: str) -> Delivery:
    async with db.transaction() as session:
        statement = select(Delivery).where(col(Delivery.handler) == handler)
        return (await session.execute(statement)).scalar_one()


async def drained(made: Worker) -> None:
    for _ in range(20):
        await made.drain()
        await asyncio.sleep(0.03)


async def test_each_subscriber_gets_the_event_once(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    heard: list[tuple[str, Event]] = []

    async def kpi(session: AsyncSession, event: Event) -> None:
        heard.append((KPI, event))

    async def audit(session: AsyncSession, event: Event) -> None:
        heard.append((AUDIT, event))

    made = worker(db, settings, kpi, audit)
    # when two workers look for work at once, again and again
    await asyncio.gather(drained(made), drained(worker(db, settings, kpi, audit)))
    # then each handler has heard it once, as it was published
    assert sorted(heard, key=str) == [(AUDIT, changed), (KPI, changed)]


async def test_what_fails_is_tried_again_and_leaves_nothing_of_the_failed_tries(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    handler = Failing(times=2)
    await drained(worker(db, settings, handler))
    assert handler.tries == 3
    delivery = await state_of(db, KPI)
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("done", 3, None)
    async with db.transaction() as session:
        assert list(await session.scalars(select(col(Vendor.key)))) == ["try-3"]


async def test_w19_after_the_last_attempt_it_is_a_dead_letter_with_a_reason_that_quotes_nothing(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    handler = Failing(times=99)
    await drained(worker(db, settings, handler, worker_max_attempts=3))
    delivery = await state_of(db, KPI)
    assert (delivery.state, delivery.attempts, handler.tries) == ("dead", 3, 3)
    assert delivery.last_error is not None
    assert delivery.last_error.startswith("ValueError at ")
    assert "secret" not in delivery.last_error
    assert (await state_of(db, AUDIT)).state == "done", "the other subscriber is not touched by it"


async def test_what_cannot_succeed_is_dead_at_once_with_its_reason(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    handler = Failing(times=99, error=Undeliverable("/detail/id: Text is missing here."))
    await drained(worker(db, settings, handler))
    delivery = await state_of(db, KPI)
    assert (delivery.state, delivery.attempts) == ("dead", 1)
    assert delivery.last_error == "/detail/id: Text is missing here."


async def test_a_dead_letter_can_be_replayed_with_all_its_attempts_before_it(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    handler = Failing(times=2, error=Undeliverable("Not yet."))
    await drained(worker(db, settings, handler))
    async with db.transaction() as session:
        dead = await deliveries.list_deliveries(session, state="dead")
        assert [(d.handler, kind) for d, kind, _ in dead] == [(KPI, "TicketsChanged")]
        assert await deliveries.replay(session, handler=KPI) == 1
    await drained(worker(db, settings, handler))
    async with db.transaction() as session:
        assert await deliveries.replay(session) == 1
        assert await deliveries.replay(session) == 0, "nothing is dead any more"
    await drained(worker(db, settings, handler))
    assert (await state_of(db, KPI)).state == "done"


async def test_each_retry_waits_twice_as_long(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    made = worker(db, settings, Failing(times=99), worker_backoff_s=100.0)
    await made.drain()
    first = await state_of(db, KPI)
    async with db.transaction() as session:  # the clock is moved by moving what waits for it
        await session.execute(text("UPDATE delivery SET due_at = now() - interval '1 s'"))
    await made.drain()
    second = await state_of(db, KPI)
    waits = (second.due_at - first.due_at) - timedelta(seconds=100)
    assert abs(waits.total_seconds()) < 10, "200 s now, 100 s before"


async def test_a_handler_that_kills_its_worker_uses_up_attempts_like_any_other(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    # given a worker that claims and is gone before it handles anything, three times
    made = worker(db, settings, fine, worker_max_attempts=3, worker_lease_s=0.0)
    for _ in range(3 * 2):  # both subscribers' deliveries
        assert await made._claim()
    # when the next one looks
    assert await made._claim() is None
    # then it is a dead letter that says so
    delivery = await state_of(db, KPI)
    assert (delivery.state, delivery.attempts) == ("dead", 3)
    assert delivery.last_error == "The worker stopped in the middle of attempt 3."


async def test_a_worker_that_wakes_up_late_drops_what_another_has_taken_over(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    late, heard = Failing(times=0), Failing(times=0)
    sleeper = worker(db, settings, late, late, worker_lease_s=0.0)
    claims = [await sleeper._claim(), await sleeper._claim()]
    # when another worker handles the deliveries while the first one sleeps
    await drained(worker(db, settings, heard, fine))
    for claim in claims:
        assert claim is not None
        await sleeper._handle(claim)
    # then the sleeper has done nothing
    assert (heard.tries, late.tries) == (1, 0)


async def test_an_event_is_published_only_if_its_transaction_commits(
    db: Database, settings: Settings
) -> None:
    async def publish_and_fail() -> None:
        async with db.transaction() as session:
            await outbox.publish(session, TicketsChanged((uuid4(),)))
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await publish_and_fail()
    async with db.transaction() as session:
        assert await deliveries.count_by_state(session) == []


async def test_a_poison_delivery_delays_only_itself(db: Database, settings: Settings) -> None:
    # given 60 events, every tenth of which no handler can take
    poison = {uuid4() for _ in range(6)}
    good = {uuid4() for _ in range(54)}
    done: set[object] = set()

    async def kpi(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, TicketsChanged)
        if event.ticket_ids[0] in poison:
            raise ValueError("poison")
        done.add(event.ticket_ids[0])

    async with db.transaction() as session:
        await outbox.publish(session, *(TicketsChanged((i,)) for i in sorted(poison | good)))
    # when one round of work is done
    await worker(db, settings, kpi, worker_backoff_s=100.0).drain()
    # then all the good ones went through, at their first attempt
    assert done == good


async def test_a_crash_uses_up_no_attempt_of_deliveries_that_nobody_had_begun(
    db: Database, settings: Settings
) -> None:
    # given twenty deliveries, one of which takes its worker down at every attempt
    events = [TicketsChanged((uuid4(),)) for _ in range(20)]
    deadly, done = events[3].ticket_ids[0], set()

    class Crash(BaseException):
        """What a killed process does: nothing after it runs."""

    async def kpi(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, TicketsChanged)
        if event.ticket_ids[0] == deadly:
            raise Crash
        done.add(event.ticket_ids[0])

    async with db.transaction() as session:
        await outbox.publish(session, *events)
    # when workers come and die until there is nothing left to do
    for _ in range(10):
        made = worker(db, settings, kpi, worker_max_attempts=3, worker_lease_s=0.0)
        with contextlib.suppress(Crash):
            await made.drain()
    # then all the others are done, and it alone is dead
    assert len(done) == 19
    async with db.transaction() as session:
        dead = await deliveries.list_deliveries(session, state="dead")
        assert [payload["ticket_ids"] for _, _, payload in dead] == [[str(deadly)]]
        assert await deliveries.list_deliveries(session, state="pending") == []


async def test_slow_handlers_with_a_short_lease_are_each_handled_once_and_none_dies(
    db: Database, settings: Settings
) -> None:
    # given handlers that take longer than the lease, and two workers of four lanes
    heard: list[object] = []

    async def slow(session: AsyncSession, event: Event) -> None:
        await asyncio.sleep(0.05)
        heard.append(event)

    async with db.transaction() as session:
        await outbox.publish(session, *(TicketsChanged((uuid4(),)) for _ in range(30)))
    made = [worker(db, settings, slow, worker_lease_s=0.02, worker_max_attempts=3) for _ in range(2)]
    # when they work side by side
    await asyncio.gather(*(one.drain() for one in made for _ in range(2)))
    await drained(made[0])
    # then each delivery was handled once
    assert len(heard) == 30
    async with db.transaction() as session:
        assert {state for _, state, _ in await deliveries.count_by_state(session)} == {"done"}


async def test_what_has_served_is_forgotten_and_what_waits_is_not(
    db: Database, settings: Settings, changed: TicketsChanged
) -> None:
    # given one delivery that is done and one that is dead
    await drained(worker(db, settings, fine, Failing(times=99, error=Undeliverable("no"))))
    # when a week and more has passed
    async with db.transaction() as session:
        gone = await deliveries.forget(session, before=clock.now() + timedelta(days=8))
    # then only the done one went; its event is still needed
    async with db.transaction() as session:
        assert gone == 1
        assert await deliveries.count_by_state(session) == [(AUDIT, "dead", 1)]
        assert len(await deliveries.list_deliveries(session, state="dead")) == 1
