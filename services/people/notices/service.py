"""Verbs of the notices room."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.people.notices import queries
from services.people.notices.schemas import NoticeIn
from shared import clock
from shared.auth import Actor
from shared.errors import Fault, ValidationFailed
from shared.ids import new_id
from shared.models.notices import Notice, Signal
from shared.models.people import Vendor

MEANING = {
    Signal.RISK_SAMPLING: "Which tickets are audited depends on signs such as a low rating or a reopening.",
    Signal.AUTOMATED_SCORE: "A machine proposes answers of a scorecard. A specialist decides on each.",
    Signal.SENTIMENT: "How a requester feels is told from their words.",
    Signal.PERFORMANCE_ALERT: "A lead is told that somebody's figures have moved.",
}


async def publish(session: AsyncSession, actor: Actor, new: NoticeIn) -> dict[str, Any]:
    """Raises ValidationFailed (422) for a vendor that is not there."""
    if new.vendor_id is not None and await session.get(Vendor, new.vendor_id) is None:
        raise ValidationFailed(faults=[Fault("/vendor_id", "unknown-id", "No such vendor.")])
    told = new.model_dump() | {"signals": sorted(set(new.signals))}
    notice = Notice(id=new_id(), published_by=actor.id, published_at=clock.now(), **told)
    session.add(notice)
    await session.flush()
    return notice.model_dump() | {"acknowledged_at": None}


async def acknowledge(session: AsyncSession, actor: Actor, notice_id: UUID) -> Any:
    """Raises NotFound (404)."""
    await queries.get_notice(session, actor.id, notice_id)
    await queries.acknowledge(session, notice_id, actor.id, clock.now())
    return await queries.get_notice(session, actor.id, notice_id)


async def signals(session: AsyncSession, vendor_id: UUID | None, notice_days: int) -> list[dict[str, Any]]:
    """Of each signal, since when it may be used on people of this vendor (None: of no vendor): a notice
    about it has to have been out for `notice_days` (EU AI Act, Art. 26(7): workers are told before)."""
    published, now = await queries.covered_since(session, vendor_id), clock.now()
    found = []
    for signal, meaning in MEANING.items():
        since = published.get(signal)
        usable_from = since + timedelta(days=notice_days) if since else None
        is_usable = usable_from is not None and usable_from <= now
        told = {"signal": signal, "meaning": meaning, "usable_from": usable_from, "is_usable": is_usable}
        found.append(told)
    return found
