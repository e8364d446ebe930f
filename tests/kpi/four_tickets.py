"""Four tickets, and a fifth that was deleted: small enough to work every number out by hand.

In Berlin, on a Monday in winter, open 9 to 17; LONG_AGO is 10:00 there.

| ticket | language | agent | created | first reply | solved             | rating |
|--------|----------|-------|---------|-------------|--------------------|--------|
| one    | fr       | Lea   | 10:00   | 600 s       | 1,200 s            | good   |
| two    | fr       | Lea   | 11:00   | 1,800 s     | 3,600 s, 18,000 s  | bad    |
| three  | en       | Lea   | 16:50   | 1,200 s     | never              | none   |
| four   | en       | none  | 13:00   | never       | 7,200 s            | good   |
| gone   | en       | Lea   | 12:00   | 60 s        | 120 s              | good   |
"""

from datetime import timedelta
from typing import Any

from world import LONG_AGO, World

from services.demo.zendesk import AGENT, DemoTicket

SECOND = timedelta(seconds=1)
NAMES = ("one", "two", "three", "four")


async def tell_four_tickets(world: World) -> dict[str, Any]:
    """Gives the connection."""
    connection = await world.connection()
    await world.tell(*_tickets())
    return connection


def _ticket(name: str, language: str, after: timedelta, assignee: str | None = AGENT) -> DemoTicket:
    ticket = DemoTicket(
        name, name, LONG_AGO + after, language=language, requester=f"by-{name}", assignee=assignee
    )
    ticket.created()
    return ticket


def _tickets() -> list[DemoTicket]:
    one = _ticket("one", "fr", timedelta(0))
    one.comment(600 * SECOND, "Like this.", by="agent")
    one.move(1200 * SECOND, "SOLVED")
    one.rate(1300 * SECOND, "GOOD")

    two = _ticket("two", "fr", timedelta(hours=1))
    two.comment(1800 * SECOND, "Like this.", by="agent")
    two.move(3600 * SECOND, "SOLVED")
    two.move(7200 * SECOND, "OPEN")
    two.move(18_000 * SECOND, "SOLVED")
    two.rate(18_100 * SECOND, "BAD")

    three = _ticket("three", "en", timedelta(hours=6, minutes=50))
    three.comment(1200 * SECOND, "We are looking into it.", by="agent")

    four = _ticket("four", "en", timedelta(hours=3), assignee=None)
    four.move(7200 * SECOND, "SOLVED")
    four.rate(7300 * SECOND, "GOOD")

    gone = _ticket("gone", "en", timedelta(hours=2))
    gone.comment(60 * SECOND, "Like this.", by="agent")
    gone.move(120 * SECOND, "SOLVED")
    gone.rate(130 * SECOND, "GOOD")
    gone.move(1000 * SECOND, "DELETED")
    return [one, two, three, four, gone]
