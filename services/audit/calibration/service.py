"""Verbs of the calibration room: prepare, open, rate, reveal, discuss, close."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.calibration import queries, rules
from services.audit.calibration.schemas import CalibrationIn, CalibrationOut, LateIn, RatingIn
from services.audit.errors import (
    CalibrationBlind,
    CalibrationIncomplete,
    CalibrationNotOpen,
    DeadlinePassed,
    NotARater,
    RaterUnfit,
    RatingFinal,
    ScorecardNotPublished,
)
from services.audit.reviews.rules import score_answers
from services.audit.scorecards.answering import AnswersWrong
from services.audit.scorecards.queries import get_version
from services.audit.scorecards.service import read_card, refused
from shared import clock, outbox
from shared.auth import Actor
from shared.errors import Fault, Forbidden, NotFound, ValidationFailed
from shared.events import (
    CalibrationDue,
    CalibrationMoved,
    CalibrationRated,
    CalibrationReminderDue,
    RaterReminded,
)
from shared.ids import new_id
from shared.models.audit import Audit
from shared.models.calibration import Calibration
from shared.permissions import PERMISSIONS
from shared.states import Machine, record

CALIBRATION = Machine(
    "calibration",
    {
        "draft": {"open", "cancelled"},
        "open": {"discussing", "cancelled"},
        "discussing": {"closed", "cancelled"},
    },
)
REMINDER = timedelta(hours=24)
"""So long before the deadline raters are reminded; halfway, where there is less time."""
TREND = 24
"""So many sessions are told of, the latest ones."""


async def prepare(session: AsyncSession, actor: Actor, new: CalibrationIn) -> Calibration:
    """A draft. Raises CalibrationIncomplete, RaterUnfit, ValidationFailed (422), ScorecardNotPublished,
    DeadlinePassed (409), Forbidden (403) for whoever works for a vendor."""
    if actor.vendor_id is not None:
        raise Forbidden("Calibrations are the company's own: vendors' staff take part in them as raters.")
    _refuse_incomplete(new)
    version = await get_version(session, new.scorecard_version_id)
    if version.state != "published":
        raise ScorecardNotPublished
    if new.due_at <= clock.now():
        raise DeadlinePassed
    audits = await _audits(session, new)
    await _refuse_unfit(session, new, audits)
    calibration = Calibration(
        id=new_id(),
        created_by=actor.id,
        created_at=clock.now(),
        **new.model_dump(exclude={"audit_ids", "rater_ids"}),
    )
    session.add(calibration)
    await session.flush()
    await queries.insert_raters(
        session, [{"calibration_id": calibration.id, "person_id": one} for one in new.rater_ids]
    )
    await queries.insert_samples(
        session,
        [
            {
                "id": new_id(),
                "ticket_id": audits[audit_id].ticket_id,
                "calibration_id": calibration.id,
                "audit_id": audit_id,
                "number": number,
            }
            for number, audit_id in enumerate(new.audit_ids, 1)
        ],
    )
    await record(session, CALIBRATION, calibration.id, moved=(None, "draft"), by=actor.id)
    return calibration


def _refuse_incomplete(new: CalibrationIn) -> None:
    faults = []
    if len(set(new.rater_ids)) < 2:
        faults.append(Fault("/rater_ids", "too-few", "Two different people or more."))
    if not new.audit_ids:
        faults.append(Fault("/audit_ids", "too-few", "One audit or more."))
    if faults:
        raise CalibrationIncomplete(faults=faults)
    for field, ids in (("rater_ids", new.rater_ids), ("audit_ids", new.audit_ids)):
        faults += [
            Fault(f"/{field}/{index}", "repeated", "It stands here twice.")
            for index, one in enumerate(ids)
            if one in ids[:index]
        ]
    if (new.standard == "expert") != (new.expert_id is not None):
        faults.append(Fault("/expert_id", "inconsistent", "Named where the standard is an expert's."))
    elif new.expert_id is not None and new.expert_id not in new.rater_ids:
        faults.append(Fault("/expert_id", "not-a-rater", "The expert is one of the raters."))
    if faults:
        raise ValidationFailed(faults=faults)


async def _audits(session: AsyncSession, new: CalibrationIn) -> dict[UUID, Audit]:
    audits = await queries.find_audits(session, new.audit_ids)
    unknown = [index for index, one in enumerate(new.audit_ids) if one not in audits]
    if unknown:
        detail = "There is no such audit, or its ticket is gone."
        raise ValidationFailed(faults=[Fault(f"/audit_ids/{one}", "unknown-id", detail) for one in unknown])
    return audits


async def _refuse_unfit(session: AsyncSession, new: CalibrationIn, audits: dict[UUID, Audit]) -> None:
    people = await queries.find_people(session, new.rater_ids)
    wrote = await queries.find_authors(session, audits.values())
    samples = [
        rules.Sample(
            one.id, one.agent_id, one.vendor_id,
            frozenset(author for audit, author in wrote if audit == one.id),
        )
        for one in audits.values()
    ]  # fmt: skip
    faults = []
    for index, rater_id in enumerate(new.rater_ids):
        person = people.get(rater_id)
        able = person is not None and person.is_active and person.role in PERMISSIONS["calibrations.rate"]
        rater = rules.Rater(rater_id, person.vendor_id if person else None, able)
        if bar := rules.bar_to_rating(rater, samples, authors_may=new.authors_may_rate):
            faults.append(Fault(f"/rater_ids/{index}", "rater-unfit", bar))
    if faults:
        raise RaterUnfit(faults=faults)


async def open_calibration(session: AsyncSession, actor: Actor, calibration_id: UUID) -> Calibration:
    """From now on raters see it. Raises IllegalMove, DeadlinePassed (409)."""
    calibration = await queries.lock_calibration(session, calibration_id)
    CALIBRATION.check(calibration.state, "open")
    now = clock.now()
    left = calibration.due_at - now
    if left <= timedelta(0):
        raise DeadlinePassed
    calibration.opened_at = now
    await _move(session, calibration, "open", by=actor.id)
    remind_in = left - REMINDER if left > 2 * REMINDER else left / 2
    await outbox.publish(session, CalibrationDue(calibration_id), after_s=left.total_seconds())
    await outbox.publish(session, CalibrationReminderDue(calibration_id), after_s=remind_in.total_seconds())
    return calibration


async def rate(session: AsyncSession, actor: Actor, calibration_id: UUID, new: RatingIn) -> Any:
    """Replaces what the same rater gave before, until the deadline or the reveal; what comes first then is
    late, and kept apart.

    Raises NotARater (403), CalibrationNotOpen, RatingFinal (409), AnswersInvalid (422).
    """
    # Not revealed between here and the commit: the worker waits for this lock, as we do for its.
    calibration = await queries.lock_calibration(session, calibration_id, shared=True)
    if await queries.find_rater(session, calibration_id, actor.id) is None:
        raise NotARater
    if calibration.state not in ("open", "discussing"):
        raise CalibrationNotOpen(f"It is {calibration.state}.", state=calibration.state)
    now = clock.now()
    sample = await queries.get_sample(session, calibration_id, new.sample_id)
    scored = await _scored(session, calibration, new)
    names = ("answers", "score", "score_exact", "auto_failed")
    rating = await queries.put_rating(
        session,
        {
            "ticket_id": sample.ticket_id,
            "sample_id": sample.id,
            "calibration_id": calibration_id,
            "rater_id": actor.id,
            "rated_at": now,
            "is_late": rules.is_late(calibration.state, now, calibration.due_at),
        }
        | {name: scored[name] for name in names},
    )
    if rating is None:
        raise RatingFinal
    await outbox.publish(session, CalibrationRated(calibration_id))
    return rating


async def _scored(session: AsyncSession, calibration: Calibration, new: RatingIn) -> dict[str, Any]:
    version = await get_version(session, calibration.scorecard_version_id)
    try:
        return score_answers(
            read_card(version.card), [one.model_dump() for one in new.answers], with_words=False
        )
    except AnswersWrong as error:
        raise refused(error) from None


async def reveal_ratings(session: AsyncSession, calibration_id: UUID) -> None:
    """Once everybody has rated, or the deadline has come. By the worker: no caller may reveal."""
    calibration = await queries.lock_calibration(session, calibration_id)
    if calibration.state != "open":
        return
    now = clock.now()
    if now < calibration.due_at and await queries.list_unfinished(session, calibration_id):
        return
    calibration.revealed_at = now
    await _move(session, calibration, "discussing", by=None)


async def remind_raters(session: AsyncSession, calibration_id: UUID) -> None:
    calibration = await queries.get_calibration(session, calibration_id)
    if calibration.state == "open":
        unfinished = await queries.list_unfinished(session, calibration_id)
        await outbox.publish(session, *(RaterReminded(calibration_id, one) for one in unfinished))


async def agree(session: AsyncSession, actor: Actor, calibration_id: UUID, new: RatingIn) -> dict[str, Any]:
    """What the discussion agreed on; agreeing again replaces it. Raises CalibrationNotOpen (409),
    AnswersInvalid (422)."""
    calibration = await _discussed(session, calibration_id)
    sample = await queries.get_sample(session, calibration_id, new.sample_id)
    scored = await _scored(session, calibration, new)
    sample.agreed, sample.agreed_score, sample.agreed_by = scored["answers"], scored["score"], actor.id
    await session.flush()
    return await shown(session, actor, calibration)


async def take_in_late(
    session: AsyncSession, actor: Actor, calibration_id: UUID, new: LateIn
) -> dict[str, Any]:
    """Whether somebody's late ratings enter the agreement.

    Raises CalibrationNotOpen (409), NotFound (404).
    """
    calibration = await _discussed(session, calibration_id)
    if not await queries.set_late(session, calibration_id, new.rater_id, counts=new.counts):
        raise NotFound
    return await shown(session, actor, calibration)


async def _discussed(session: AsyncSession, calibration_id: UUID) -> Calibration:
    calibration = await queries.lock_calibration(session, calibration_id)
    if calibration.state != "discussing":
        raise CalibrationNotOpen(f"It is {calibration.state}, not discussing.", state=calibration.state)
    return calibration


async def close(session: AsyncSession, actor: Actor, calibration_id: UUID) -> Calibration:
    calibration = await queries.lock_calibration(session, calibration_id)
    CALIBRATION.check(calibration.state, "closed")
    calibration.closed_at = clock.now()
    await _move(session, calibration, "closed", by=actor.id)
    return calibration


async def cancel(session: AsyncSession, actor: Actor, calibration_id: UUID, reason: str) -> Calibration:
    calibration = await queries.lock_calibration(session, calibration_id)
    CALIBRATION.check(calibration.state, "cancelled")
    await _move(session, calibration, "cancelled", by=actor.id, reason=reason)
    return calibration


async def _move(
    session: AsyncSession, calibration: Calibration, to: str, *, by: UUID | None, reason: str | None = None
) -> None:
    moved, calibration.state = (calibration.state, to), to
    await session.flush()
    await record(session, CALIBRATION, calibration.id, moved=moved, by=by, reason=reason)
    await outbox.publish(session, CalibrationMoved(calibration.id))


async def shown(session: AsyncSession, actor: Actor, calibration: Calibration) -> dict[str, Any]:
    """A session with its samples as this caller sees them: before the reveal, raters do not see whose work
    it is, whatever else they may see elsewhere."""
    raters = await queries.list_raters(session, calibration.id)
    samples = await queries.list_samples(session, calibration.id)
    is_revealed = await queries.is_revealed(session, calibration.id)
    hides = not is_revealed and any(one.person_id == actor.id for one in raters)
    evidence = await queries.find_evidence(session, samples)
    mine = {
        one.sample_id for one in await queries.list_ratings(session, [calibration.id])
        if one.rater_id == actor.id
    }  # fmt: skip
    fields = {name: getattr(calibration, name) for name in CalibrationOut.model_fields}
    return fields | {
        "is_revealed": is_revealed,
        "raters": raters,
        "samples": [
            {
                "id": one.id,
                "number": one.number,
                "ticket_id": None if hides else one.ticket_id,
                "audit_id": None if hides else one.audit_id,
                "evidence": rules.without_agent(*evidence[one.id]) if one.id in evidence else None,
                "agreed": one.agreed if is_revealed else None,
                "agreed_score": one.agreed_score if is_revealed else None,
                "agreed_by": one.agreed_by if is_revealed else None,
                "is_rated": one.id in mine,
            }
            for one in samples
        ],
    }


async def detail(session: AsyncSession, actor: Actor, calibration_id: UUID) -> dict[str, Any]:
    return await shown(session, actor, await queries.get_calibration(session, calibration_id))


async def list_ratings(session: AsyncSession, calibration_id: UUID) -> Any:
    """One's own at any time; everybody's after the reveal."""
    await queries.get_calibration(session, calibration_id)
    return await queries.list_ratings(session, [calibration_id])


async def agreement(session: AsyncSession, calibration_id: UUID) -> dict[str, Any]:
    """Raises CalibrationBlind (409) before the caller may read what others gave."""
    calibration = await queries.get_calibration(session, calibration_id)
    if not await queries.is_revealed(session, calibration_id):
        raise CalibrationBlind
    version = await get_version(session, calibration.scorecard_version_id)
    ratings = await queries.list_ratings(session, [calibration_id])
    taken_in = await queries.list_late_raters(session, [calibration_id])
    given = [
        rules.given(one) for one in ratings
        if not one.is_late or (calibration_id, one.rater_id) in taken_in
    ]  # fmt: skip
    samples = await queries.list_samples(session, calibration_id)
    agreed = [rules.agreed(one) for one in samples if one.agreed is not None]
    standard = {
        one.sample: one
        for one in (agreed if calibration.standard == "consensus" else given)
        if calibration.standard == "consensus" or one.rater == calibration.expert_id
    }
    seed = str(calibration_id)
    card = read_card(version.card)
    # It counts for a second or so where there is much: meanwhile others are answered.
    result = await asyncio.to_thread(
        rules.results, card, rules.titles_of(version.card), given, standard, calibration.standard, seed
    )
    return result | {
        "calibration_id": calibration_id,
        "scorecard_version_id": version.id,
        "seed": seed,
        "late_ratings": len(ratings) - len(given),
    }


async def trend(session: AsyncSession, scorecard_id: UUID) -> list[dict[str, Any]]:
    """Agreement from session to session, over all versions of a scorecard: of sessions whose ratings the
    caller may read."""
    found = await queries.list_revealed(session, scorecard_id, TREND)
    ids = [calibration.id for calibration, _ in found]
    ratings = await queries.list_ratings(session, ids)
    taken_in = await queries.list_late_raters(session, ids)
    told = []
    for calibration, version in found:
        given = [
            rules.given(one)
            for one in ratings
            if one.calibration_id == calibration.id
            and (not one.is_late or (calibration.id, one.rater_id) in taken_in)
        ]
        of = {
            "calibration_id": calibration.id,
            "title": calibration.title,
            "scorecard_version_id": version.id,
            "version_number": version.number,
            "revealed_at": calibration.revealed_at,
        }
        told += [of | one for one in rules.in_short(read_card(version.card), given)]
    return told
