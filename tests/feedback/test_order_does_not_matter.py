"""The same webhooks in any order end in the same rows: what is newest by the source's time decides."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from world import LONG_AGO, World

from services.demo import zendesk
from shared.models.feedback import HelpDeskAgent, Ticket, TicketEvent
from shared.models.kpi import TicketFact
from shared.models.people import Person

ORDERS = pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])


async def posted(world: World, bodies: list[bytes], *, backwards: bool) -> None:
    for body in reversed(bodies) if backwards else bodies:
        assert (await world.webhook(body)).status_code == 200
        await world.worker.drain()


async def only(world: World, table: Any) -> Any:
    async with world.db.transaction() as session:
        return (await session.execute(select(table))).scalars().one()


def changed(body: bytes, **detail: Any) -> bytes:
    document = json.loads(body)
    document["detail"] |= detail
    return json.dumps(document).encode()


@ORDERS
async def test_who_opened_a_ticket_is_told_by_its_creation_whoever_is_requester_later(
    world: World, backwards: bool
) -> None:
    # given a ticket opened by its requester, and handed to another requester before the agent replies
    await world.connection()
    ticket = zendesk.DemoTicket("1", "A question", LONG_AGO)
    ticket.created()
    ticket.assign(timedelta(minutes=1))
    ticket.comment(timedelta(minutes=10), "Like this.", by="agent")
    ticket.move(timedelta(minutes=20), "SOLVED")
    created, *later = ticket.bodies
    handed_over = [changed(body, requester_id="999", submitter_id=ticket.requester) for body in later]
    # when the webhooks come in this order
    await posted(world, [created, *handed_over], backwards=backwards)
    # then the requester opened it, and the agent's first comment is the first response
    fact = await only(world, TicketFact)
    assert (fact.first_reply_s, fact.is_one_touch) == (600, True)


@ORDERS
async def test_the_newest_assignment_decides_for_which_vendor_an_agent_works(
    world: World, backwards: bool
) -> None:
    # given one agent on a ticket of one vendor's group, and later on one of another's
    alpha, beta = await world.vendor("alpha"), await world.vendor("beta")
    groups = {"1": {"name": "A", "vendor_id": alpha}, "2": {"name": "B", "vendor_id": beta}}
    await world.connection(vendor_id=alpha, settings={"groups": groups})
    bodies = []
    for number, group in (("1", "1"), ("2", "2")):
        ticket = zendesk.DemoTicket(number, "A question", LONG_AGO + timedelta(days=int(number)))
        ticket.assign(timedelta(minutes=1))
        bodies.append(changed(ticket.bodies[0], group_id=group))
    # when they come in this order
    await posted(world, bodies, backwards=backwards)
    # then the agent works for the later one's vendor
    assert str((await only(world, HelpDeskAgent)).vendor_id) == beta
    async with world.db.transaction() as session:
        agents = (await session.execute(select(Person).where(Person.role == "agent"))).scalars().all()
    assert [str(agent.vendor_id) for agent in agents] == [beta]


async def test_a_comment_on_a_vendors_ticket_makes_nobody_the_vendors(world: World) -> None:
    await world.connection()
    ticket = zendesk.DemoTicket("1", "A question", LONG_AGO)
    ticket.comment(timedelta(minutes=5), "From the in-house lead.", by="agent", public=False)
    await world.tell(ticket)
    account = await only(world, HelpDeskAgent)
    assert (account.name, account.vendor_id) == (zendesk.AGENT_NAME, None)


async def test_a_payload_without_tags_does_not_wipe_them(world: World) -> None:
    await world.connection()
    ticket = zendesk.DemoTicket("1", "A question", LONG_AGO)
    ticket.created()
    ticket.assign(timedelta(minutes=1))
    first, second = ticket.bodies
    await posted(world, [first, changed(second, tags=None)], backwards=False)
    assert (await only(world, Ticket)).tags == ["lang_en", "topic_delivery"]


@ORDERS
async def test_two_moves_of_one_instant_end_the_same_in_any_order(world: World, backwards: bool) -> None:
    # given a solve and a reopening that carry the very same time and position
    await world.connection()
    ticket = zendesk.DemoTicket("1", "A question", LONG_AGO)
    ticket.created()
    ticket.move(timedelta(minutes=20), "SOLVED")
    ticket.move(timedelta(minutes=20), "OPEN")
    created, *moves = [json.loads(body) for body in ticket.bodies]
    for move in moves:
        move["time"] = moves[0]["time"]
    # when they come in this order
    bodies = [json.dumps(document).encode() for document in (created, *moves)]
    await posted(world, bodies, backwards=backwards)
    # then the event's own id tells them apart, the same way every time
    fact = await only(world, TicketFact)
    async with world.db.transaction() as session:
        statement = select(TicketEvent).where(TicketEvent.field == "status").order_by(TicketEvent.id)
        by_id = [event.to_value for event in (await session.execute(statement)).scalars()]
    moved = [value for value in by_id if value in ("solved", "open")]
    assert fact.reopens == (1 if moved == ["solved", "open"] else 0)
    assert (await only(world, Ticket)).status == "open", "the later event's id is the greater one"
