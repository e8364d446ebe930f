"""Which events the feedback service hears, and which verb answers; and its chores."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.bulk import service as bulk
from services.feedback.inbox import queries as inbox
from services.feedback.intake import service as intake
from services.feedback.privacy import erasing, redacting, retention
from services.feedback.pull import service as pull
from services.feedback.pull.client import Client
from shared import clock
from shared.config import Settings
from shared.crypto import Sealer
from shared.events import (
    BulkReceived,
    ConnectionBehind,
    ErasureApproved,
    Event,
    PullStepDue,
    RequestersChanged,
    TicketsWanted,
    WebhookReceived,
)
from shared.worker import Chore, Handler


def handlers(settings: Settings) -> dict[str, Handler]:
    client, sealer = Client(settings), Sealer(settings)

    async def normalise_webhook(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, WebhookReceived)
        await intake.normalise_webhook(session, sealer, event.inbox_id)

    async def normalise_bulk(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, BulkReceived)
        await bulk.normalise_bulk(session, sealer, event.inbox_ids)

    async def refetch_tickets(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, TicketsWanted)
        await pull.refetch_tickets(session, client, sealer, event.connection_id)

    async def catch_up(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, ConnectionBehind)
        await pull.catch_up(session, event.connection_id, datetime.fromisoformat(event.since))

    async def pull_step(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, PullStepDue)
        await pull.step(session, client, sealer, event.pull_id, int(event.step))

    async def redact_anew(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, RequestersChanged)
        await redacting.redact_anew(session, sealer, event.requester_ids, event.ticket_ids)

    async def erase_requester(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, ErasureApproved)
        await erasing.erase_step(session, sealer, event.erasure_id)

    return {
        "feedback.redact_anew": redact_anew,
        "feedback.erase_requester": erase_requester,
        "feedback.normalise_webhook": normalise_webhook,
        "feedback.normalise_bulk": normalise_bulk,
        "feedback.refetch_tickets": refetch_tickets,
        "feedback.catch_up": catch_up,
        "feedback.pull_step": pull_step,
    }


async def _forget_raw(session: AsyncSession) -> int:
    return await inbox.forget_raw(session, now=clock.now())


CHORES = (
    Chore("start due reconciliations", 20, pull.reconcile_due),
    Chore("revive stalled readings", 300, pull.revive_stalled),
    Chore("redact by the newest rules", 600, redacting.start_outdated),
    Chore("remove what was sent whose time is over", 3600, retention.remove_originals),
    Chore("remove texts whose time is over", 3600, retention.remove_texts),
    Chore("remove raw deliveries whose time is over", 600, _forget_raw),
)
