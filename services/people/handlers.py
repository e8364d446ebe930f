"""Which events the people service hears, and which verb answers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.people.directory import service
from shared.events import AgentSeen, Event
from shared.worker import Handler


async def register_agent(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, AgentSeen)
    await service.register_agent(session, event.person_id)


HANDLERS: dict[str, Handler] = {"people.register_agent": register_agent}
