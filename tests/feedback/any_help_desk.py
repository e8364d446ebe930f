"""What a reading of any help desk has to stand: each platform's tests inherit these."""

import asyncio
from typing import Any

import pytest
from help_desks.data import Desk, make_tickets
from help_desks.limits import RateLimit
from help_desks.mischief import Mischief
from help_desks.serving import serving
from pulling import (
    API,
    BAD_DAY,
    TICKETS,
    Between,
    Leaping,
    all_rows,
    answering,
    backfill,
    connect,
    finish,
    messages_in,
    moves_in,
    reconcile,
    start,
    tickets_in,
    when,
)
from starlette.types import ASGIApp
from world import World

from services.feedback.pull import service as pulls
from shared import clock
from shared.config import Settings

# ---- What holds for every help desk --------------------------------------------------------------------


class AnyHelpDesk:
    """Inherited by a class of tests for each platform, which says how to serve it and what to expect."""

    platform: str

    def is_list(self, path: str) -> bool:
        """Whether tickets are listed there."""
        raise NotImplementedError

    def serve(self, desk: Desk, limit: RateLimit | None = None, page: int = 1000) -> ASGIApp:
        raise NotImplementedError

    async def assert_all_there(self, world: World, desk: Desk) -> None:
        """Every ticket once, with all that was said and done and how it was rated."""
        raise NotImplementedError

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"help_desk_hosts": ("127.0.0.1",)})

    @pytest.fixture
    def leaping(self, world: World, monkeypatch: pytest.MonkeyPatch) -> Leaping:
        leaping, issue = Leaping(monkeypatch), world.keys.issue

        def issued_now(*who: Any, **more: Any) -> str:  # tokens are checked by the real time
            with leaping.at_rest():
                return str(issue(*who, **more))

        monkeypatch.setattr(world.keys, "issue", issued_now)
        return leaping

    @pytest.fixture
    def desk(self) -> Desk:
        return make_tickets(TICKETS)

    async def test_a_backfill_brings_every_ticket_once_and_a_second_one_changes_no_row(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        async with serving(self.serve(desk)) as url:
            connection = await connect(world, self.platform, url)
            # when the account is read
            pull = await backfill(world, leaping, connection, desk)
            # then everything is there
            assert (pull["state"], pull["last_error"], pull["refused_rows"]) == ("done", None, 0)
            await self.assert_all_there(world, desk)
            before = await all_rows(world)
            # and when it is read again, nothing is different
            again = await backfill(world, leaping, connection, desk)
            assert (again["state"], again["rows"]) == ("done", pull["rows"])
            after = await all_rows(world)
        for table, rows in before.items():
            assert after[table] == rows, f"{table} differs"

    async def test_refusals_errors_and_cut_answers_end_in_the_same_rows(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        # given a help desk that has a bad day
        app = Mischief(self.serve(desk, page=10), rates=BAD_DAY, retry_after=0)
        async with serving(app) as url:
            connection = await connect(world, self.platform, url)
            # when it is read often enough that all has gone wrong
            for _ in range(20):
                pull = await backfill(world, leaping, connection, desk)
                assert (pull["state"], pull["last_error"]) == ("done", None)
                if set(app.misdeeds) == set(BAD_DAY):
                    break
        # then nothing is lost and nothing is there twice
        assert set(app.misdeeds) == set(BAD_DAY)
        await self.assert_all_there(world, desk)

    async def test_s6_a_limit_of_calls_is_waited_out(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        # given an account that takes 20 calls' worth in 10 seconds
        limit = RateLimit(20, 10.0, clock=lambda: leaping.now().timestamp())
        app = Between(self.serve(desk, limit, page=5))
        async with serving(app) as url:
            connection = await connect(world, self.platform, url)
            pull = await backfill(world, leaping, connection, desk)
        # then it said so, was not pestered, and all came in the end
        assert pull["state"] == "done"
        assert 0 < limit.refused < app.requests / 2
        await self.assert_all_there(world, desk)

    async def test_a_wrong_secret_ends_it_and_says_what_to_do(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        app = Between(self.serve(desk))
        async with serving(app) as url:
            connection = await connect(world, self.platform, url, secret="not-the-secret")
            pull = await backfill(world, leaping, connection, desk)
        assert pull["state"] == "failed"
        assert "check the connection's api" in pull["last_error"]
        assert app.requests <= 2
        assert await tickets_in(world) == {}

    async def test_s6_an_account_that_is_gone_ends_it_at_once(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        gone = Between(answering(410, {}))
        async with serving(gone) as url:
            connection = await connect(world, self.platform, url)
            pull = await backfill(world, leaping, connection, desk)
        assert (pull["state"], gone.requests) == ("failed", 1)
        assert "410" in pull["last_error"]

    async def test_s7_an_account_that_fails_on_and_on_ends_it_and_it_can_be_started_again(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        failing = Between(answering(500, {}))
        async with serving(failing) as url:
            connection = await connect(world, self.platform, url)
            pull = await start(world, connection, desk)
            pull = await finish(world, leaping, connection, pull["id"], leap_s=300)
        # then it has tried often enough, and says what was wrong
        assert pull["state"] == "failed"
        assert failing.requests == pulls.MAX_FAILURES + 1
        assert "500" in pull["last_error"]
        # and when the account is itself again, so is the reading
        async with serving(self.serve(desk)) as url:
            api = {"base_url": url} | API[self.platform]
            await world.patch(f"/feedback/connections/{connection}", {"api": api})
            assert (await backfill(world, leaping, connection, desk))["state"] == "done"
            await self.assert_all_there(world, desk)

    async def test_its_progress_can_be_watched(self, world: World, leaping: Leaping, desk: Desk) -> None:
        seen = []
        app = Between(self.serve(desk, page=10))
        async with serving(app) as url:
            connection = await connect(world, self.platform, url)
            pull_id = (await start(world, connection, desk))["id"]

            async def look(path: str) -> None:
                if self.is_list(path):
                    pull = await world.get(f"/feedback/pulls/{pull_id}")
                    seen.append((pull["pages"], pull["rows"], pull["changed_tickets"]))

            app.before = look
            pull = await finish(world, leaping, connection, pull_id)
        assert seen == sorted(seen)
        assert len({pages for pages, *_ in seen}) >= 4
        assert seen[0] < seen[-1] <= (pull["pages"], pull["rows"], pull["changed_tickets"])
        assert pull["rows"] >= TICKETS

    async def test_cancelling_stops_it_and_what_was_read_stays(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        app = Between(self.serve(desk, page=5))
        cancelling: list[asyncio.Task[Any]] = []
        async with serving(app) as url:
            connection = await connect(world, self.platform, url)
            pull_id = (await start(world, connection, desk))["id"]
            asked = 0

            async def cancel(path: str) -> None:
                nonlocal asked
                asked += self.is_list(path)
                if asked == 2 and not cancelling:
                    # it waits for the page that is being read
                    post = world.post(f"/feedback/pulls/{pull_id}/cancel", status=200)
                    cancelling.append(asyncio.create_task(post))
                    await asyncio.sleep(0.2)

            app.before = cancel
            pull = await finish(world, leaping, connection, pull_id)
            await cancelling[0]
            await world.worker.drain()
        # then no further page was asked for, and it cannot be cancelled twice
        assert (pull["state"], asked) == ("cancelled", 2)
        assert 0 < len(await tickets_in(world)) < TICKETS
        over = await world.post(f"/feedback/pulls/{pull_id}/cancel", status=409)
        assert over["type"].endswith("pull-over")

    async def test_only_one_runs_at_a_time_and_none_without_an_api(self, world: World, desk: Desk) -> None:
        connection = await connect(world, self.platform, "http://127.0.0.1:1")
        await start(world, connection, desk)
        assert (await start(world, connection, desk, 409))["type"].endswith("pull-running")
        await world.patch(f"/feedback/connections/{connection}", {"api": None})
        assert (await start(world, connection, desk, 409))["type"].endswith("no-api")

    async def test_links_and_redirects_to_another_host_are_not_followed(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        canary = Between(self.serve(desk))
        async with serving(canary) as elsewhere:
            # given an account whose every link leads elsewhere
            app = Between(self.serve(desk, page=10), host=elsewhere.removeprefix("http://"))
            async with serving(app) as url:
                connection = await connect(world, self.platform, url)
                pull = await backfill(world, leaping, connection, desk)
            assert pull["state"] == "done"
            await self.assert_all_there(world, desk)
            # and then one that sends us elsewhere altogether
            away = Between(answering(307, {}, {"location": f"{elsewhere}/api/v2/tickets"}))
            async with serving(away) as url:
                api = {"base_url": url} | API[self.platform]
                await world.patch(f"/feedback/connections/{connection}", {"api": api})
                pull = await backfill(world, leaping, connection, desk)
            assert (pull["state"], away.requests) == ("failed", 1)
        assert canary.requests == 0

    async def test_a_reconciliation_finds_what_no_webhook_told_and_two_that_race_start_one(
        self, world: World, leaping: Leaping
    ) -> None:
        # given an account that was read, an hour ago
        now = int(clock.now().timestamp())
        desk = make_tickets(30, start=now - 3600 - 10 * 120)
        async with serving(self.serve(desk)) as url:
            connection = await connect(world, self.platform, url)
            await backfill(world, leaping, connection, desk)
            leaping.leap(3600)
            desk.pass_time(3000)
            # when a ticket is born and another solved, and nobody tells
            born = desk.add()
            solved = desk.touch(unsolved(desk))
            solved = desk.touch(solved.number, "solve")
            desk.pass_time(120)
            before = await tickets_in(world)

            async def racing() -> None:
                await asyncio.gather(*(self.reconcile_due(world) for _ in range(4)))

            pull = await reconcile(world, leaping, connection, racing)
        # then it is found, without reading everything again
        assert (pull["kind"], pull["state"]) == ("reconciliation", "done")
        after = await tickets_in(world)
        assert len(after) == len(before) + 1 == born.number
        changed = {key for key in before if after[key]["updated_at"] != before[key]["updated_at"]}
        assert [after[key]["status"] for key in changed] == ["solved"]
        (key,) = changed
        assert (when(solved.updated_at), "solved") in (await moves_in(world))[key]
        assert (await messages_in(world))[key][-1][-1] == "Solved."

    async def reconcile_due(self, world: World) -> None:
        async with world.db.transaction() as session:
            await pulls.reconcile_due(session)


def unsolved(desk: Desk) -> int:
    numbers = range(1, desk.count + 1)
    return next(n for n in numbers if desk[n].fate == "live" and desk[n].status in ("open", "pending"))
