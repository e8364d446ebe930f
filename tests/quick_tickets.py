"""Tickets that take one webhook each, for tests that need many of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from world import LONG_AGO, World

from services.demo.zendesk import AGENT, DemoTicket
from shared.ids import agent_id, ticket_id


def solved(number: object, *, after: timedelta = timedelta(0), **more: Any) -> DemoTicket:
    """Created, assigned and solved in one moment: `after` LONG_AGO."""
    return quick(number, "SOLVED", at=LONG_AGO + after, **more)


def quick(number: object, status: str, *, at: datetime, **more: Any) -> DemoTicket:
    ticket = DemoTicket(str(number), "A question", at, status=status, **({"assignee": AGENT} | more))
    ticket.created()
    return ticket


async def waiting_audits(world: World, count: int) -> dict[str, Any]:
    """A connection whose tickets are all drawn, and so many solved tickets, a minute apart.

    Gives the connection. The later a ticket's number, the longer it has waited.
    """
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.tell(*(solved(n, after=timedelta(minutes=count - n)) for n in range(count)))
    return connection


def agent_of(connection: dict[str, Any], key: str = AGENT) -> str:
    """The person that a help desk's staff account stands for."""
    return str(agent_id(_uuid(connection), key))


def ticket_of(connection: dict[str, Any], number: object) -> str:
    return str(ticket_id(_uuid(connection), str(number)))


def _uuid(connection: dict[str, Any]) -> UUID:
    return UUID(str(connection["id"]))
