"""Which events the appeals service hears, and which verb answers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.appeals import service
from shared.events import Event, PersonLeft, RequesterNamed
from shared.worker import Handler


async def release_taken(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, PersonLeft)
    await service.release_taken(session, event.person_id)


async def blank_words(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, RequesterNamed)
    await service.blank_words(session, event.appeal_ids)


HANDLERS: dict[str, Handler] = {
    "appeals.release_taken": release_taken,
    "appeals.blank_words": blank_words,
}
