"""Which events the audit service hears, and which verb answers."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.assignment import service as assignment
from services.audit.calibration import service as calibration
from services.audit.picks import service as picks
from services.audit.releases import service as releases
from services.audit.reviews import service as reviews
from services.audit.runs import service as runs
from services.audit.sampling import service as sampling
from shared.events import (
    AppealDecided,
    AuditPicked,
    CalibrationDue,
    CalibrationRated,
    CalibrationReminderDue,
    Event,
    HeldReviewMoved,
    PersonLeft,
    RequesterNamed,
    SamplingRunAsked,
    TicketsChanged,
    WordsTakenBack,
)
from shared.worker import Chore, Handler


async def draw_samples(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, TicketsChanged)
    await sampling.draw_samples(session, event.ticket_ids)


async def draw_run(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, SamplingRunAsked)
    await runs.draw(session, event.run_id)


async def put_up_pick(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, AuditPicked)
    await picks.put_up(session, event)


async def settle_held(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, HeldReviewMoved)
    await releases.settle(session, event.audit_id)


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
    await assignment.release_claims(session, event.person_id)


async def reveal_ratings(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, CalibrationRated)
    await calibration.reveal_ratings(session, event.calibration_id)


async def reveal_at_deadline(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, CalibrationDue)
    await calibration.reveal_ratings(session, event.calibration_id)


async def remind_raters(session: AsyncSession, event: Event) -> None:
    assert isinstance(event, CalibrationReminderDue)
    await calibration.remind_raters(session, event.calibration_id)


HANDLERS: dict[str, Handler] = {
    "audit.draw_samples": draw_samples,
    "audit.draw_run": draw_run,
    "audit.put_up_pick": put_up_pick,
    "audit.settle_held": settle_held,
    "audit.blank_evidence": blank_evidence,
    "audit.blank_words": blank_words,
    "audit.supersede_review": supersede_review,
    "audit.release_claims": release_claims,
    "audit.reveal_ratings": reveal_ratings,
    "audit.reveal_at_deadline": reveal_at_deadline,
    "audit.remind_raters": remind_raters,
}
CHORES = (
    Chore("give back what nobody works on", 60, assignment.give_back_idle),
    Chore("release reviews whose time has come", 60, releases.release_due),
)
