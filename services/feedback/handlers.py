"""Which events the feedback service hears, and which verb answers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.intake import service as intake
from shared.events import Event, WebhookReceived
from shared.worker import Handler


async def normalise_webhook(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, WebhookReceived)
    await intake.normalise_webhook(session, event.inbox_id)


HANDLERS: dict[str, Handler] = {"feedback.normalise_webhook": normalise_webhook}
