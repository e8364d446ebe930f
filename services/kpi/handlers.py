"""Which events the kpi service hears, and which verb answers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.kpi.facts import service as facts
from shared.events import Event, TicketsChanged
from shared.worker import Handler


async def recompute_facts(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, TicketsChanged)
    await facts.recompute_facts(session, event.ticket_ids)


HANDLERS: dict[str, Handler] = {"kpi.recompute_facts": recompute_facts}
