"""Reading Freshdesk over its REST API, from an account that is served on a real port."""

from typing import Any

import pytest
from any_help_desk import AnyHelpDesk
from help_desks import freshdesk, freshdesk_rows
from help_desks.data import Desk, make_tickets
from help_desks.freshdesk_rows import AGENT_ID, FIRST_TICKET
from help_desks.limits import RateLimit
from help_desks.serving import serving
from pulling import (
    TICKETS,
    Between,
    Leaping,
    backfill,
    connect,
    messages_in,
    moves_in,
    of_tickets,
    ratings_in,
    said,
    status_moves,
    tickets_in,
    when,
)
from starlette.types import ASGIApp
from world import World

from services.feedback.pull import freshdesk as plan
from shared import clock

SCORES = {"good": 1, "neutral": 0.5, "bad": 0}


def key_of(number: int) -> str:
    return str(FIRST_TICKET + number)


class TestFreshdesk(AnyHelpDesk):
    platform = "freshdesk"

    def is_list(self, path: str) -> bool:
        return path == "/api/v2/tickets"

    @pytest.fixture(autouse=True)
    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(plan, "PER_PAGE", 20)

    def serve(self, desk: Desk, limit: RateLimit | None = None, page: int = 1000) -> ASGIApp:
        return freshdesk.create_app(freshdesk.Account(desk, limit=limit))

    async def assert_all_there(self, world: World, desk: Desk) -> None:
        tickets = {key_of(number): desk[number] for number in range(1, desk.count + 1)}
        there = {key: one for key, one in tickets.items() if one.fate != "deleted"}
        found = await tickets_in(world)
        assert set(found) == set(tickets)
        assert {key for key, row in found.items() if row["is_deleted"]} == set(tickets) - set(there)
        assert {key for key, row in found.items() if row["is_spam"]} == {
            key for key, one in tickets.items() if one.fate == "spam"
        }
        for key, ticket in tickets.items():
            row = found[key]
            told = (row["subject"], row["created_at"], row["updated_at"], row["assignee_key"], row["status"])
            agent = None if ticket.agent is None else str(AGENT_ID + ticket.agent)
            status = {"new": "open", "hold": "on_hold"}.get(ticket.status, ticket.status)
            times = when(ticket.created_at), when(ticket.updated_at)
            assert told == (ticket.subject, *times, agent, status)
        # what the requester wrote first is the ticket's description
        assert await messages_in(world) == {key: said(one, 1) for key, one in there.items() if said(one, 1)}
        # of the history only the latest times are told: nothing of it is wrong, and it ends where it is now
        for key, moves in (await moves_in(world)).items():
            real = [(at, "open" if to == "new" else to) for at, to in status_moves(tickets[key])]
            at_once = {(at, "solved") for at, to in real if to == "closed"}  # closing solves
            assert set(moves) <= {*real, *at_once}, key
            assert moves[-1] == real[-1]
        rated = {key: [step for step in one.steps if step.rating] for key, one in tickets.items()}
        assert await ratings_in(world) == {
            key: [(when(s.at), SCORES[s.rating.level], s.rating.comment) for s in steps if s.rating]
            for key, steps in rated.items()
            if steps
        }

    async def test_a_conversation_that_vanished_is_redacted(
        self, world: World, leaping: Leaping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # given an account that was read
        desk = make_tickets(30, start=int(clock.now().timestamp()) - 3600 - 10 * 120)
        async with serving(self.serve(desk)) as url:
            connection = await connect(world, self.platform, url)
            await backfill(world, leaping, connection, desk)
            number = next(n for n in range(1, 31) if len(said(desk[n], 1)) > 1)
            before = await messages_in(world)
            # when one of its conversations is deleted, and the ticket changes
            real = freshdesk_rows.conversations
            gone = real(desk[number])[0]["id"]

            def without(ticket: Any) -> list[dict[str, Any]]:
                return [row for row in real(ticket) if row["id"] != gone]

            monkeypatch.setattr(freshdesk_rows, "conversations", without)
            leaping.leap(3600)
            desk.pass_time(3600)
            desk.touch(number)
            await backfill(world, leaping, connection, desk)
        # then its words are gone here too, and no other's
        key = key_of(number)
        rows = {row["external_id"]: row for row in (await of_tickets(world, "message"))[key]}
        assert (rows[str(gone)]["body"], rows[str(gone)]["is_redacted"]) == ("", True)
        assert [row["external_id"] for row in rows.values() if row["is_redacted"]] == [str(gone)]
        after = await messages_in(world)
        assert {k for k in before if before[k] != after[k]} == {key}

    async def test_beyond_the_last_page_it_goes_on_from_the_last_change(
        self, world: World, leaping: Leaping, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # given an account that counts two pages of ten, and has more
        monkeypatch.setattr(plan, "PER_PAGE", 10)
        monkeypatch.setattr(plan, "LAST_PAGE", 2)
        app = Between(freshdesk.create_app(freshdesk.Account(desk, most_pages=2)))
        async with serving(app) as url:
            connection = await connect(world, self.platform, url)
            pull = await backfill(world, leaping, connection, desk)
        assert (pull["state"], pull["last_error"]) == ("done", None)
        assert app.paths["/api/v2/tickets"] > TICKETS // 10
        await self.assert_all_there(world, desk)
