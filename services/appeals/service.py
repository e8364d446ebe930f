"""Verbs of the appeals service: file, take, rule, withdraw."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.appeals import queries, rules
from services.appeals.errors import (
    AppealAlreadyDecided,
    AppealExists,
    AppealWindowClosed,
    FourEyes,
    NotYours,
    PointsInvalid,
    ReviewNotCurrent,
    RulingInconsistent,
)
from services.appeals.schemas import AppealIn, AppealOut, ReasonIn, RulingIn
from shared import clock, outbox
from shared.auth import LEADS, Actor
from shared.errors import Fault
from shared.events import AppealDecided, AppealFiled, AppealMoved
from shared.ids import new_id
from shared.models.appeals import Appeal, Ruling
from shared.states import BLANK, Machine, blank_reasons, record

APPEAL = Machine(
    "appeal", {"open": {"in_review", "withdrawn"}, "in_review": {"decided", "withdrawn", "open"}}
)


async def file_appeal(session: AsyncSession, actor: Actor, new: AppealIn) -> dict[str, Any]:
    """Raises NotYours (403), ReviewNotCurrent, AppealWindowClosed, AppealExists (409),
    PointsInvalid (422)."""
    review, card, lead_id = await queries.get_review(session, new.review_id)
    if review.agent_id is None or not rules.may_file(actor.id, review.agent_id, lead_id):
        raise NotYours
    if review.superseded_at is not None or review.is_void:
        raise ReviewNotCurrent
    now = clock.now()
    if rules.is_late(review.released_at, now):
        late_by = now - review.released_at - rules.WINDOW
        raise AppealWindowClosed(
            f"It was open for {rules.WINDOW.days} days after release; this is {late_by.days} days "
            f"and {late_by.seconds // 3600} hours late.",
            closed_at=(review.released_at + rules.WINDOW).isoformat(),
        )
    _check(card, "points", [(point.criterion, point.proposed_value) for point in new.points])
    appeal = Appeal(
        id=new_id(),
        review_id=review.id,
        ticket_id=review.ticket_id,
        agent_id=review.agent_id,
        vendor_id=review.vendor_id,
        filed_by=actor.id,
        reason=new.reason,
        points=[point.model_dump() for point in new.points],
        filed_at=now,
        due_at=now + rules.TIME_TO_RULE,
    )
    try:
        async with session.begin_nested():
            session.add(appeal)
            await session.flush()
    except IntegrityError:  # the partial unique index decides a race
        raise AppealExists from None
    if await queries.is_being_replaced(session, review.id):  # after the insert: a ruling made it wait
        raise ReviewNotCurrent
    await record(session, APPEAL, appeal.id, moved=(None, "open"), by=actor.id)
    await outbox.publish(session, AppealFiled(appeal.id), AppealMoved(appeal.id))
    return shown(appeal, None)


async def take_appeal(session: AsyncSession, actor: Actor, appeal_id: UUID) -> dict[str, Any]:
    """Whoever takes it will rule on it. Raises FourEyes (403), IllegalMove (409)."""
    appeal = await queries.get_appeal(session, appeal_id, lock=True)
    await _refuse_party(session, actor, appeal)
    APPEAL.check(appeal.state, "in_review")
    appeal.resolver_id = actor.id
    await _move(session, appeal, "in_review", by=actor.id)
    return shown(appeal, None)


async def release_appeal(
    session: AsyncSession, actor: Actor, appeal_id: UUID, new: ReasonIn
) -> dict[str, Any]:
    """Back to the others: by whoever took it, or by a lead. Raises NotYours (403), IllegalMove (409)."""
    appeal = await queries.get_appeal(session, appeal_id, lock=True)
    APPEAL.check(appeal.state, "open")
    if appeal.resolver_id != actor.id and actor.role not in LEADS:
        raise NotYours
    appeal.resolver_id = None
    await _move(session, appeal, "open", by=actor.id, reason=new.reason)
    return shown(appeal, None)


async def release_taken(session: AsyncSession, resolver_id: UUID) -> None:
    """What somebody who has left had taken waits for another resolver."""
    for appeal in await queries.lock_taken(session, resolver_id):
        appeal.resolver_id = None
        await _move(session, appeal, "open", by=None, reason="The resolver has left.")


async def rule_on_appeal(
    session: AsyncSession, actor: Actor, appeal_id: UUID, new: RulingIn
) -> dict[str, Any]:
    """Decides once: the appeal's row is locked, and the ruling's key is the appeal's.

    Raises FourEyes (403), AppealAlreadyDecided, IllegalMove, ReviewNotCurrent (409),
    PointsInvalid, RulingInconsistent (422).
    """
    appeal = await queries.get_appeal(session, appeal_id, lock=True)
    if appeal.state == "decided":
        raise AppealAlreadyDecided
    APPEAL.check(appeal.state, "decided")
    if appeal.resolver_id != actor.id:
        raise FourEyes("Another resolver has taken this appeal.")
    review, card = await _refuse_party(session, actor, appeal)
    if review.superseded_at is not None:
        raise ReviewNotCurrent
    changes = [change.model_dump() for change in new.changes]
    _check(card, "changes", [(change.criterion, change.value) for change in new.changes])
    if wrong := rules.inconsistency(new.outcome, appeal.points, changes, review.answers):
        raise RulingInconsistent(wrong)
    ruling = Ruling(
        ticket_id=appeal.ticket_id,
        appeal_id=appeal.id,
        outcome=new.outcome,
        ruled_by=actor.id,
        ruled_at=clock.now(),
        reason=new.reason,
        text=new.text,
        changes=changes,
    )
    session.add(ruling)
    await _move(session, appeal, "decided", by=actor.id, reason=new.reason)
    await outbox.publish(session, AppealDecided(appeal.id))
    return shown(appeal, ruling)


async def withdraw_appeal(
    session: AsyncSession, actor: Actor, appeal_id: UUID, new: ReasonIn
) -> dict[str, Any]:
    appeal = await queries.get_appeal(session, appeal_id, lock=True)
    if actor.id not in {appeal.filed_by, appeal.agent_id}:
        raise NotYours
    APPEAL.check(appeal.state, "withdrawn")
    await _move(session, appeal, "withdrawn", by=actor.id, reason=new.reason)
    return shown(appeal, None)


def shown(appeal: Appeal, ruling: Ruling | None) -> dict[str, Any]:
    """An appeal as it is answered: with its ruling, where there is one."""
    return {name: getattr(appeal, name) for name in AppealOut.model_fields if name != "ruling"} | {
        "ruling": ruling
    }


async def _refuse_party(session: AsyncSession, actor: Actor, appeal: Appeal) -> tuple[Any, dict[str, Any]]:
    review, card, lead_id = await queries.get_review(session, appeal.review_id)
    reviewers = await queries.list_reviewers(session, review)
    parties = rules.Parties(appeal.agent_id, lead_id, appeal.vendor_id, reviewers, appeal.filed_by)
    if bar := rules.bar_to_ruling(actor.id, actor.vendor_id, parties):
        raise FourEyes(bar)
    return review, card


async def _move(
    session: AsyncSession, appeal: Appeal, to: str, *, by: UUID | None, reason: str | None = None
) -> None:
    moved, appeal.state = (appeal.state, to), to
    await session.flush()
    await record(session, APPEAL, appeal.id, moved=moved, by=by, reason=reason)
    await outbox.publish(session, AppealMoved(appeal.id))


def _check(card: dict[str, Any], field: str, named: list[tuple[str, Any]]) -> None:
    faults = [Fault(f"/{field}/{index}", code, detail) for index, code, detail in rules.misfits(card, named)]
    if faults:
        raise PointsInvalid(faults=faults)


async def blank_words(session: AsyncSession, appeal_ids: Collection[UUID]) -> None:
    """Takes away what was written in these appeals, their rulings and their moves; what was decided stays."""
    for appeal in await queries.lock_appeals(session, appeal_ids):
        appeal.points = [point | {"text": BLANK} for point in appeal.points]
    await session.flush()
    await queries.blank_rulings(session, appeal_ids, BLANK)
    await blank_reasons(session, APPEAL, appeal_ids)
