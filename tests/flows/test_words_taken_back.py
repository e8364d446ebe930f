"""What is redacted or erased in the help desk is gone here too: from messages, raw deliveries and evidence,
whatever came first."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from payloads import whole_database
from world import LONG_AGO, World

from services.demo.zendesk import DemoTicket
from services.feedback.inbox import queries as inbox
from shared import clock
from shared.models.feedback import InboxRow

WORDS = "4929 1234 5678 9012"


def a_ticket() -> DemoTicket:
    ticket = DemoTicket("7", "A question", LONG_AGO)
    ticket.created()
    ticket.comment(timedelta(minutes=1), f"My card is {WORDS}", by="requester")
    ticket.assign(timedelta(minutes=2))
    ticket.comment(timedelta(minutes=5), "Never send us that, please.", by="agent")
    ticket.move(timedelta(minutes=9), "SOLVED")
    return ticket


def comment_of(ticket: DemoTicket) -> str:
    """The id of the comment with the words."""
    [body] = [json.loads(one) for one in ticket.bodies if WORDS in one.decode()]
    return str(body["event"]["comment"]["id"])


def about_comment(ticket: DemoTicket, what: str, key: str) -> bytes:
    """An event about an earlier comment, an hour later."""
    ticket._tell(what, LONG_AGO + timedelta(hours=1), {"comment": {"id": key}})
    return ticket.bodies.pop()


async def post(world: World, *bodies: bytes) -> None:
    for body in bodies:
        answer = await world.webhook(body)
        assert answer.status_code == 200, answer.text
        await world.worker.drain()


async def messages(world: World) -> list[dict[str, Any]]:
    [ticket] = (await world.get("/feedback/tickets"))["items"]
    return list(await world.get(f"/feedback/tickets/{ticket['id']}/messages"))


async def test_a_redacted_comment_loses_its_words_in_every_copy(world: World) -> None:
    # given a solved ticket that somebody is auditing, with words in it that nobody should read
    connection = await world.connection()
    await world.plan(connection["id"])
    ticket = a_ticket()
    await world.tell(ticket)
    audit = await world.post("/audit/audits/claim-next", by=await world.person("specialist"), status=200)
    assert WORDS in json.dumps(audit["evidence"])
    # when the help desk says that the comment was redacted
    await post(world, about_comment(ticket, "comment_redacted", comment_of(ticket)))
    # then the message is there, without words
    told = {message["is_redacted"]: message["body"] for message in await messages(world)}
    assert told == {True: "", False: "Never send us that, please."}
    # and they are nowhere: not in the frozen evidence, not in what was delivered
    assert WORDS not in await whole_database(world)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_redaction_is_honoured_whatever_comes_first(world: World, order: tuple[int, ...]) -> None:
    await world.connection()
    ticket = a_ticket()
    spoken = next(body for body in ticket.bodies if WORDS in body.decode())
    bodies = [spoken, about_comment(ticket, "comment_redacted", comment_of(ticket)), ticket.bodies[0]]
    # when the comment, its redaction and the ticket come in any order, and all of them once more
    await post(world, *(bodies[number] for number in order), *bodies)
    # then the words are gone
    [message] = await messages(world)
    assert (message["is_redacted"], message["body"]) == (True, "")
    assert WORDS not in await whole_database(world)


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_comment_that_was_made_private_is_private_whatever_came_first(
    world: World, is_first: bool
) -> None:
    await world.connection()
    ticket = a_ticket()
    hiding = about_comment(ticket, "comment_made_private", comment_of(ticket))
    await post(world, *([hiding, *ticket.bodies] if is_first else [*ticket.bodies, hiding]))
    assert [message["is_public"] for message in await messages(world)] == [False, True]


@pytest.mark.parametrize("is_late", [True, False])
async def test_w12_of_a_ticket_that_is_gone_for_good_only_numbers_stay(world: World, is_late: bool) -> None:
    # given a ticket, some of which comes only after it was erased
    await world.connection()
    ticket = a_ticket()
    ticket._tell("permanently_deleted", LONG_AGO + timedelta(days=30), {})
    *said, erased = ticket.bodies
    await post(world, *([said[0], erased, *said[1:]] if is_late else ticket.bodies))
    # then no word and no person of it is left, and the ticket is
    whole = await whole_database(world)
    assert WORDS not in whole
    assert "Never send us that" not in whole
    [known] = (await world.get("/feedback/tickets"))["items"]
    assert (known["external_id"], known["subject"], known["is_deleted"]) == ("7", None, True)


async def test_raw_deliveries_are_kept_as_long_as_the_connection_says_and_repeats_stay_repeats(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an understood delivery and one that could not be understood
    await world.connection(raw_kept_days=7)
    ticket = a_ticket()
    broken = json.loads(ticket.bodies[0]) | {"id": "broken", "detail": None}
    await post(world, ticket.bodies[0], json.dumps(broken).encode())
    # when seven days are over
    later = clock.now() + timedelta(days=7, seconds=1)
    async with world.db.transaction() as session:
        assert await inbox.forget_raw(session, now=later) == 1
        assert await inbox.forget_raw(session, now=later) == 0
    # then the bytes of the first are gone, those somebody has to look at are not
    async with world.db.transaction() as session:
        rows = list(await session.scalars(InboxRow.__table__.select().with_only_columns(InboxRow.body)))  # type: ignore[attr-defined]  # SQLModel does not declare it
    assert sorted(len(body) > 0 for body in rows) == [False, True]
    # and what comes again is still a repeat
    assert (await world.webhook(ticket.bodies[0])).json() == {"outcome": "duplicate"}
