"""Reading Salesforce over its REST API, from an organisation that is served on a real port."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from any_help_desk import AnyHelpDesk
from help_desks import salesforce, salesforce_rows
from help_desks.data import AGENTS, Desk, Ticket
from help_desks.limits import RateLimit
from help_desks.salesforce_rows import sf_id, user_id
from help_desks.serving import serving
from pulling import (
    API,
    Between,
    Leaping,
    answering,
    backfill,
    connect,
    messages_in,
    moves_in,
    said,
    status_moves,
    tickets_in,
    when,
)
from starlette.types import ASGIApp
from world import World

SAID = ("EmailMessage", "CaseComment")
Make = Callable[[Ticket, int], dict[str, Any]]


def key_of(number: int) -> str:
    return sf_id("Case", number)


def with_creator(make: Make) -> Make:
    """The row with whom its CreatedById leads to, as every organisation has it."""

    def made(ticket: Ticket, which: int) -> dict[str, Any]:
        row = make(ticket, which)
        agents = {user_id(place): name for place, name in enumerate(AGENTS)}
        name = agents.get(row["CreatedById"])
        told = {"Name": name or "Automated Process", "UserType": "Standard" if name else "AutomatedProcess"}
        return row | {"CreatedBy": {"attributes": {"type": "User", "url": "/"}} | told}

    return made


class TestSalesforce(AnyHelpDesk):
    platform = "salesforce"

    def is_list(self, path: str) -> bool:
        return path.startswith("/services/data/")

    @pytest.fixture(autouse=True)
    def creators(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for sobject in SAID:
            monkeypatch.setitem(salesforce_rows.MAKE, sobject, with_creator(salesforce_rows.MAKE[sobject]))
            fields = salesforce.FIELDS[sobject] | {"CreatedBy.Name", "CreatedBy.UserType"}
            monkeypatch.setitem(salesforce.FIELDS, sobject, fields)

    def account(self, desk: Desk, **knobs: Any) -> salesforce.Account:
        return salesforce.Account(desk, client_secret=API["salesforce"]["secret"], **knobs)

    def serve(self, desk: Desk, limit: RateLimit | None = None, page: int = 1000) -> ASGIApp:
        return salesforce.create_app(self.account(desk, limit=limit, page_size=page))

    async def assert_all_there(self, world: World, desk: Desk) -> None:
        tickets = {key_of(number): desk[number] for number in range(1, desk.count + 1)}
        found = await tickets_in(world)
        assert set(found) == set(tickets)
        gone = {key for key, one in tickets.items() if one.fate != "live"}
        assert {key for key, row in found.items() if row["is_deleted"]} == gone
        messages: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for key, ticket in tickets.items():
            row = found[key]
            told = (row["subject"], row["created_at"], row["updated_at"], row["merged_into_key"])
            winner = key_of(ticket.merged_into) if ticket.merged_into else None
            times = when(ticket.created_at), when(ticket.updated_at)
            assert told == (ticket.subject, *times, winner)
            if ticket.fate not in ("deleted", "spam"):  # whose words are gone with them
                messages[winner or key] += said(ticket)
        assert await messages_in(world) == {key: sorted(rows) for key, rows in messages.items()}
        # its log begins behind the creation
        moves = {key: status_moves(one)[1:] for key, one in tickets.items()}
        assert await moves_in(world) == {key: moved for key, moved in moves.items() if moved}

    async def test_a_token_that_runs_out_is_renewed(self, world: World, leaping: Leaping, desk: Desk) -> None:
        account = self.account(desk, page_size=10, token_calls=3, unavailable=2)
        async with serving(salesforce.create_app(account)) as url:
            connection = await connect(world, self.platform, url)
            pull = await backfill(world, leaping, connection, desk)
        assert (pull["state"], pull["last_error"]) == ("done", None)
        assert len(account.tokens) >= account.calls / 3 > 3
        await self.assert_all_there(world, desk)

    @pytest.mark.parametrize("prefix", ["{canary}", "//{host}", "@{host}", "/..//{host}", ".{host}"])
    async def test_a_next_page_elsewhere_is_not_asked_for(
        self, world: World, leaping: Leaping, desk: Desk, prefix: str
    ) -> None:
        canary = Between(self.serve(desk))
        async with serving(canary) as elsewhere:
            link = prefix.format(canary=elsewhere, host=elsewhere.removeprefix("http://"))
            page = {
                "access_token": "a token", "instance_url": elsewhere, "totalSize": 1, "records": [],
                "done": False, "nextRecordsUrl": f"{link}/services/data/v62.0/query/01g-1",
            }  # fmt: skip
            app = Between(answering(200, page))
            async with serving(app) as url:
                connection = await connect(world, self.platform, url)
                pull = await backfill(world, leaping, connection, desk)
        assert pull["state"] in ("done", "failed")
        assert app.requests > 1
        assert canary.requests == 0
