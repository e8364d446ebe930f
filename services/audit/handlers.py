"""Which events the audit service hears, and which verb answers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.reviews import service as reviews
from services.audit.sampling import service as sampling
from shared.events import (
    AppealDecided,
    Event,
    PersonLeft,
    RequesterNamed,
    TicketsChanged,
    WordsTakenBack,
)
from shared.worker import Handler


async def draw_samples(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, TicketsChanged)
    await sampling.draw_samples(session, event.ticket_ids)


async def blank_evidence(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, WordsTakenBack)
    await sampling.blank_evidence(session, event.ticket_ids)


async def blank_words(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, RequesterNamed)
    await reviews.blank_words(session, event.audit_ids)


async def supersede_review(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, AppealDecided)
    await reviews.supersede_review(session, event.appeal_id)


async def release_claims(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, PersonLeft)
    await reviews.release_claims(session, event.person_id)


HANDLERS: dict[str, Handler] = {
    "audit.draw_samples": draw_samples,
    "audit.blank_evidence": blank_evidence,
    "audit.blank_words": blank_words,
    "audit.supersede_review": supersede_review,
    "audit.release_claims": release_claims,
}
