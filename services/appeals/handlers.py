"""Which events the appeals service hears, and which verb answers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.appeals import service
from shared.events import Event, PersonLeft
from shared.worker import Handler


async def release_taken(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, PersonLeft)
    await service.release_taken(session, event.person_id)


HANDLERS: dict[str, Handler] = {"appeals.release_taken": release_taken}
