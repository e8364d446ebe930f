"""What goes when its time is over: first what was sent, then all words. Scores and figures stay."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.privacy import queries, rules
from shared import clock, outbox
from shared.events import WordsTakenBack
from shared.models.feedback import Ticket

AT_ONCE = 200
"""Tickets in one transaction."""


async def keep_days(session: AsyncSession, data_class: str) -> int:
    told = (await queries.keep_days(session)).get(data_class)
    return told.keep_days if told else rules.KEEP_DAYS[data_class]


async def remove_originals(session: AsyncSession) -> int:
    """Returns how many tickets lost what was sent; their redacted texts stay."""
    return await _remove(session, "originals", _without_originals)


async def remove_texts(session: AsyncSession) -> int:
    """Returns how many tickets lost their words."""
    return await _remove(session, "texts", _without_texts)


async def _remove(
    session: AsyncSession,
    data_class: str,
    remove: Callable[[AsyncSession, list[Ticket]], Coroutine[Any, Any, None]],
) -> int:
    now, mark = clock.now(), f"{data_class}_removed_at"
    before = now - timedelta(days=await keep_days(session, data_class))
    due = list(await queries.claim_expired(session, mark=mark, before=before, limit=AT_ONCE))
    if due:
        await remove(session, due)
        for ticket in due:
            setattr(ticket, mark, now)
        await session.flush()
    return len(due)


async def _without_originals(session: AsyncSession, tickets: list[Ticket]) -> None:
    await queries.drop_originals(session, [ticket.id for ticket in tickets])


async def _without_texts(session: AsyncSession, tickets: list[Ticket]) -> None:
    ids = [ticket.id for ticket in tickets]
    await queries.drop_originals(session, ids)
    await queries.blank_messages(session, ids)
    await queries.blank_ratings(session, ids)
    for ticket in tickets:
        ticket.subject = ticket.description = ticket.custom_fields = None
    await outbox.publish(session, WordsTakenBack(tuple(ids)))
