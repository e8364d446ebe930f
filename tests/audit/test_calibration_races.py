"""Calibration sessions, many at once: nothing is revealed while somebody rates, nothing is taken as in time
that came later, whoever is first; and any order of what can happen ends as a plain model says."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from at_once import at_once
from sessions import Session, answers
from sqlalchemy import text
from world import World

from services.audit.calibration.rules import is_late

WALKS = int(os.environ.get("ASSAY_CALIBRATION_WALKS", "3"))
STEPS = 60


@asynccontextmanager
async def locked(session: Session, how: str) -> AsyncIterator[asyncpg.Connection]:
    """Past all policies, in a transaction that ends with the block."""
    url = session.world.app.state.settings.database_url.replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('assay.migrating', 'on', true)")
            await connection.execute(f"SELECT FROM calibration WHERE id = $1 {how}", session.id)
            yield connection
    finally:
        await connection.close()


async def until_somebody_waits(world: World, task: asyncio.Task[Any]) -> None:
    """For a lock. Fails where the task ends without having waited."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    async with world.db.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not (await alone.execute(waiting)).scalar_one():
            assert not task.done(), "it did not wait"
            await asyncio.sleep(0.01)


# ---- The reveal ---------------------------------------------------------------------------------------


async def test_nothing_is_revealed_while_a_rating_is_under_way(world: World) -> None:
    """A rating holds the session's lock, which the reveal waits for: proved by holding that very lock."""
    session = await Session.of(world)
    await session.pass_deadline()
    async with locked(session, "FOR SHARE"):
        revealing = asyncio.create_task(world.worker.drain())
        await until_somebody_waits(world, revealing)
        assert await session.state() == "open"
    await revealing
    assert await session.state() == "discussing"


@pytest.mark.parametrize("has_rated", [False, True])
async def test_a_rating_that_meets_the_reveal_is_late_or_refused(world: World, has_rated: bool) -> None:
    """It waits for the reveal's lock, and then reads the state anew: what it had read before is old."""
    session = await Session.of(world)
    if has_rated:
        await session.rate(0)
    async with locked(session, "FOR UPDATE") as connection:
        await connection.execute(
            "UPDATE calibration SET state = 'discussing', revealed_at = now() WHERE id = $1", session.id
        )
        rating = asyncio.create_task(session.rate(0, status=409 if has_rated else 201, solution=2))
        await until_somebody_waits(world, rating)
    told = await rating
    if has_rated:
        assert told["type"] == "/problems/rating-final"
    else:
        assert told["is_late"] is True


async def test_what_is_called_off_while_the_worker_comes_to_reveal_it_stays_called_off(world: World) -> None:
    """The reveal takes the row's lock before it reads the state."""
    session = await Session.of(world)
    await session.pass_deadline()
    async with locked(session, "FOR UPDATE") as connection:
        await connection.execute("UPDATE calibration SET state = 'cancelled' WHERE id = $1", session.id)
        revealing = asyncio.create_task(world.worker.drain())
        await until_somebody_waits(world, revealing)
    await revealing
    assert await session.state() == "cancelled"


async def test_the_last_ratings_come_together_and_are_revealed_once(world: World) -> None:
    session = await Session.of(world, raters=4)
    worker = asyncio.create_task(world.worker.drain())
    told = await at_once(world, [session.rate(rater) for rater in range(4)])
    await worker
    await world.worker.drain()
    assert [one["is_late"] for one in told] == [False] * 4
    assert await session.state() == "discussing"
    async with world.db.transaction() as database:
        moves = await database.scalar(
            text("SELECT count(*) FROM state_change WHERE to_state = 'discussing' AND subject_id = :id"),
            {"id": session.id},
        )
    assert moves == 1


async def test_one_rater_twice_at_once_has_one_rating(world: World) -> None:
    session = await Session.of(world)
    await at_once(world, [session.rate(0, solution=value) for value in (1, 2, 3, 4)])
    assert len(await session.get("/ratings", by=session.raters[0])) == 1


# ---- The deadline -------------------------------------------------------------------------------------


def test_the_instant_of_the_deadline_is_still_in_time() -> None:
    due = datetime(2026, 3, 2, tzinfo=UTC)
    assert is_late("open", due, due) is False
    assert is_late("open", due + timedelta(microseconds=1), due) is True
    assert is_late("discussing", due - timedelta(hours=1), due) is True


async def test_ratings_across_the_deadline_are_in_time_or_late_by_when_they_came(world: World) -> None:
    """Raters and the worker go on across the deadline; each rating is judged by what the database holds."""
    session = await Session.of(world, raters=4, samples=4)
    due = datetime.now(UTC) + timedelta(seconds=0.4)
    async with world.db.transaction() as database:
        await database.execute(
            text("UPDATE calibration SET due_at = :due WHERE id = :id"), {"due": due, "id": session.id}
        )
        await database.execute(
            text("UPDATE delivery SET due_at = :due WHERE handler = 'audit.reveal_at_deadline'"), {"due": due}
        )

    async def keeps_rating(rater: int) -> list[int]:
        found = []
        path, headers = f"/audit/calibrations/{session.id}/ratings", world.as_(session.raters[rater])
        for turn in range(8):
            body = {"sample_id": session.samples[turn % 4], "answers": answers(solution=turn % 5 + 1)}
            answer = await world.client.post(path, json=body, headers=headers)
            found.append(answer.status_code)
            await asyncio.sleep(0.1)
        return found

    async def works() -> list[int]:
        for _ in range(20):
            await world.worker.drain()
            await asyncio.sleep(0.05)
        return []

    told = await asyncio.gather(*(keeps_rating(rater) for rater in range(3)), works())
    assert {status for some in told for status in some} <= {201, 409}
    assert await session.state() == "discussing"
    async with world.db.transaction() as database:
        rows = (
            await database.execute(
                text(
                    "SELECT g.rated_at > c.due_at AS past, g.is_late, g.rated_at <= c.revealed_at AS before"
                    " FROM calibration_rating g JOIN calibration c ON c.id = g.calibration_id"
                )
            )
        ).all()
    assert len(rows) == 12
    for past, late, before in rows:
        assert late == past
        assert late or before, "what is in time was there when it was revealed"


# ---- Any order ----------------------------------------------------------------------------------------

MOVES = {
    "draft": {"open": "open", "cancel": "cancelled"},
    "open": {"cancel": "cancelled"},
    "discussing": {"close": "closed", "cancel": "cancelled"},
    "closed": {},
    "cancelled": {},
}  # fmt: skip


STEPS_TO_TAKE = ["rate"] * 10 + ["work"] * 4 + ["open"] * 4 + ["due", "close", "cancel"]


class Model:
    """What a session of one sample is, in plain Python."""

    def __init__(self, raters: int) -> None:
        self.state, self.is_due = "draft", False
        self.given: dict[int, bool] = {}
        """Rater → whether it came late."""
        self.raters = raters

    def rate(self, rater: int) -> int:
        if self.state == "draft":
            return 404
        if self.state in ("closed", "cancelled"):
            return 409
        late = self.is_due or self.state == "discussing"
        if late and rater in self.given:
            return 409
        self.given[rater] = late
        return 201

    def work(self) -> None:
        if self.state == "open" and (self.is_due or len(self.given) == self.raters):
            self.state = "discussing"

    def move(self, verb: str) -> int:
        to = MOVES[self.state].get(verb)
        if to is None or (verb == "open" and self.is_due):
            return 409
        self.state = to
        return 200

    def seen_by(self, reader: int | None) -> set[int]:
        """Whose ratings a rater (or a lead: None) reads."""
        open_to = self.state == "closed" or (
            self.state == "discussing" and (reader is None or reader in self.given)
        )
        return set(self.given) if open_to else {reader} & set(self.given) if reader is not None else set()


@pytest.mark.parametrize("seed", range(WALKS))
async def test_any_order_of_what_can_happen_ends_as_the_model_says(world: World, seed: int) -> None:
    chance = random.Random(seed)
    session = await Session.of(world, raters=3, is_open=False)
    model, started, visited = Model(3), 0, set()
    for _ in range(STEPS):
        step = chance.choice(STEPS_TO_TAKE)
        if step == "rate":
            rater = chance.randrange(3)
            await session.rate(rater, status=model.rate(rater), solution=chance.randint(1, 5))
        elif step == "work":
            await world.worker.drain()
            model.work()
        elif step == "due":
            await session.pass_deadline()
            model.is_due = True
        else:
            body = {"reason": "Another time."} if step == "cancel" else None
            await session.post(step, body, status=model.move(step))
        visited.add(model.state)
        assert await session.state() == model.state
        for reader, by in [(None, session.lead), *enumerate(session.raters)]:
            if model.state == "draft" and reader is not None:
                await session.get(by=by, status=404)
                continue
            ratings = await session.get("/ratings", by=by)
            seen = {session.raters.index(one["rater_id"]) for one in ratings}
            assert seen == model.seen_by(reader), (step, model.state, reader)
        if model.state in ("closed", "cancelled") or (model.state == "draft" and model.is_due):
            await session.prepare()
            model, started = Model(3), started + 1
    assert started > 0, "at least one session came to its end"
    assert {"open", "discussing"} <= visited
