"""Reading Zendesk over its REST API, from an account that is served on a real port."""

from any_help_desk import AnyHelpDesk, unsolved
from help_desks import zendesk
from help_desks.data import Desk, Ticket, make_tickets
from help_desks.limits import RateLimit
from help_desks.serving import serving
from help_desks.zendesk_rows import BRAND_IDS, FIRST_TICKET, SCORES, agent_id
from pulling import (
    API,
    Leaping,
    answering,
    backfill,
    connect,
    messages_in,
    moves_in,
    ratings_in,
    reconcile,
    said,
    start,
    status_moves,
    tickets_in,
    when,
)
from starlette.types import ASGIApp, Receive, Scope, Send
from world import World

from shared import clock


def key_of(number: int) -> str:
    return str(FIRST_TICKET + number)


def is_gone(ticket: Ticket) -> bool:
    """Zendesk does not tell spam from other deletions, and keeps the words of both to itself."""
    return ticket.fate in ("deleted", "spam")


class TestZendesk(AnyHelpDesk):
    platform = "zendesk"

    def is_list(self, path: str) -> bool:
        return path == "/api/v2/incremental/tickets/cursor.json"

    def serve(self, desk: Desk, limit: RateLimit | None = None, page: int = 1000) -> ASGIApp:
        token = API["zendesk"]["secret"]
        return zendesk.create_app(zendesk.Account(desk, token=token, limit=limit, export_page=page))

    async def assert_all_there(self, world: World, desk: Desk) -> None:
        tickets = {key_of(number): desk[number] for number in range(1, desk.count + 1)}
        there = {key: one for key, one in tickets.items() if not is_gone(one)}
        found = await tickets_in(world)
        assert set(found) == set(tickets)
        assert {key for key, row in found.items() if row["is_deleted"]} == set(tickets) - set(there)
        for key, ticket in there.items():
            row = found[key]
            told = (
                row["subject"],
                row["created_at"],
                row["updated_at"],
                row["brand_key"],
                row["assignee_key"],
            )
            agent = None if ticket.agent is None else str(agent_id(ticket.agent))
            times = when(ticket.created_at), when(ticket.updated_at)
            assert told == (ticket.subject, *times, str(BRAND_IDS[ticket.brand]), agent)
            assert ("closed_by_merge" in row["tags"]) is (ticket.fate == "merged")
        assert await messages_in(world) == {key: said(one) for key, one in there.items()}
        assert await moves_in(world) == {key: status_moves(one) for key, one in there.items()}
        rated = {key: one.rated for key, one in tickets.items() if one.rated}
        assert await ratings_in(world) == {
            key: [(when(step.at), {"good": 1, "bad": 0}[SCORES[step.rating.level]], step.rating.comment)]
            for key, step in rated.items()
            if step.rating
        }

    async def test_a_refused_history_is_asked_for_again_when_it_is_allowed(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        # given an account that lets us list its tickets, but not read their histories
        allowed, refused = self.serve(desk), answering(403, {})
        is_allowed = False

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            asked = refused if "audits" in scope["path"] and not is_allowed else allowed
            await asked(scope, receive, send)

        async with serving(app) as url:
            connection = await connect(world, self.platform, url)
            await start(world, connection, desk)
            await world.worker.drain()
            # when it lets us, and we look for what we missed
            is_allowed = True
            await reconcile(world, leaping, connection, lambda: self.reconcile_due(world))
        # then nothing is lost
        await self.assert_all_there(world, desk)

    async def test_one_error_after_many_refusals_does_not_end_it(
        self, world: World, leaping: Leaping, desk: Desk
    ) -> None:
        # given an account that is busy for long, then fails once
        good, asked = self.serve(desk), 0

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal asked
            asked += 1
            busy = answering(429, {}, {"retry-after": "1"}) if asked <= 31 else answering(503, {})
            await (busy if asked <= 32 else good)(scope, receive, send)

        async with serving(app) as url:
            connection = await connect(world, self.platform, url)
            pull = await backfill(world, leaping, connection, desk)
        assert pull["state"] == "done"

    async def test_a_reply_is_found_though_the_clock_of_the_help_desk_is_slow(
        self, world: World, leaping: Leaping
    ) -> None:
        # given a help desk whose clock is 30 seconds behind, that was read
        desk = make_tickets(30, start=int(clock.now().timestamp()) - 3600 - 10 * 120 - 30)
        async with serving(self.serve(desk)) as url:
            connection = await connect(world, self.platform, url)
            await backfill(world, leaping, connection, desk)
            # when somebody replies a moment later
            touched = desk.touch(unsolved(desk))
            desk.pass_time(300)
            leaping.leap(300)
            await reconcile(world, leaping, connection, lambda: self.reconcile_due(world))
        # then it is found
        assert (await messages_in(world))[key_of(touched.number)] == said(touched)
