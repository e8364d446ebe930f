"""A ticket's facts come from its whole log: the order in which webhooks arrive does not matter."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quick_tickets import ticket_of
from sqlalchemy import select
from sqlmodel import col
from world import LONG_AGO, World

from services.demo.zendesk import GROUP, DemoTicket
from shared.models.kpi import TicketFact

Step = Callable[[DemoTicket, timedelta], None]
TwoConnections = tuple[dict[str, Any], dict[str, Any], Iterator[int]]
DIFFERENT = {"ticket_id", "connection_id", "agent_id", "clocks"}
"""Columns derived from the connection, of which there are two."""


def _comment(by: str, public: bool = True) -> Step:
    return lambda ticket, after: ticket.comment(after, "…", by=by, public=public)


def _move(status: str) -> Step:
    return lambda ticket, after: ticket.move(after, status)


def _rate(score: str) -> Step:
    return lambda ticket, after: ticket.rate(after, score)


def _relabel(ticket: DemoTicket, after: timedelta) -> None:
    ticket.topic, ticket.language = "another", "de"
    ticket.comment(after, "…", by="requester")


STEPS: dict[str, Step] = {
    "asked": _comment("requester"), "answered": _comment("agent"), "noted": _comment("agent", public=False),
    "answered by a bot": _comment("bot"), "relabelled": _relabel,
    "assigned": lambda ticket, after: ticket.assign(after),
    "opened": _move("OPEN"), "pending": _move("PENDING"), "held": _move("HOLD"),
    "solved": _move("SOLVED"), "closed": _move("CLOSED"), "deleted": _move("DELETED"),
    "good": _rate("GOOD"), "bad": _rate("BAD"), "offered": _rate("OFFERED"),
}  # fmt: skip
LIVES = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3000)), min_size=2, max_size=6)
PROPERTY = settings(
    max_examples=min(200, int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "20"))),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def facts_of(world: World, ticket_id: str) -> dict[str, Any]:
    async with world.db.transaction() as session:
        statement = select(TicketFact).where(col(TicketFact.ticket_id) == ticket_id)
        row = (await session.scalars(statement)).one()
    return row.model_dump(exclude=DIFFERENT) | {"assigned": row.agent_id is not None}


@pytest.fixture
async def two_connections(world: World) -> TwoConnections:
    """They differ in nothing but their key; and numbers for their tickets."""
    one = await world.connection("in-order")
    vendor = one["settings"]["groups"][GROUP]["vendor_id"]
    return one, await world.connection("shuffled", vendor_id=vendor), count(1)


@PROPERTY
@given(life=LIVES, chance=st.randoms(use_true_random=False))
async def test_webhooks_in_any_order_and_repeated_give_the_same_facts(
    world: World, two_connections: TwoConnections, life: list[tuple[str, int]], chance: Random
) -> None:
    # given two connections, and the life of a ticket
    in_order, shuffled, numbers = two_connections
    ticket = DemoTicket(str(next(numbers)), "A question", LONG_AGO)
    ticket.created()
    after = 0
    for step, minutes in life:
        after += minutes
        STEPS[step](ticket, timedelta(minutes=after))
    # when one hears of it in order, the other in any order and of some things again
    await world.tell(ticket, key="in-order")
    told = ticket.bodies + chance.choices(ticket.bodies, k=2)
    chance.shuffle(told)
    cut = chance.randint(0, len(told))
    for part in (told[:cut], told[cut:]):
        await world.tell(DemoTicket(ticket.id, "", LONG_AGO, bodies=part), key="shuffled")
    # then both know the same
    expected = await facts_of(world, ticket_of(in_order, ticket.id))
    assert await facts_of(world, ticket_of(shuffled, ticket.id)) == expected
