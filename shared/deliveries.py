"""What a person does about deliveries: look at them, and send dead ones round again."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock
from shared.models.queue import Delivery, EventRow


async def count_by_state(session: AsyncSession) -> list[tuple[str, str, int]]:
    """[(handler, state, number of deliveries)]"""
    rows = await session.execute(
        select(col(Delivery.handler), col(Delivery.state), func.count())
        .group_by(col(Delivery.handler), col(Delivery.state))
        .order_by(col(Delivery.handler), col(Delivery.state))
    )
    return [(handler, state, number) for handler, state, number in rows]


async def list_deliveries(
    session: AsyncSession, *, state: str, limit: int = 50
) -> list[tuple[Delivery, str, dict[str, Any]]]:
    """The newest deliveries in this state, with event type and payload (ids only, no content)."""
    rows = await session.execute(
        select(Delivery, col(EventRow.type), col(EventRow.payload))
        .join(EventRow, col(EventRow.id) == col(Delivery.event_id))
        .where(col(Delivery.state) == state)
        .order_by(col(EventRow.created_at).desc(), col(Delivery.id))
        .limit(limit)
    )
    return [(delivery, kind, payload) for delivery, kind, payload in rows]


async def replay(
    session: AsyncSession, *, ids: Collection[UUID] | None = None, handler: str | None = None
) -> int:
    """Dead deliveries (these, those of one handler, or all) start afresh. Returns how many."""
    statement = update(Delivery).where(col(Delivery.state) == "dead")
    if ids is not None:
        statement = statement.where(col(Delivery.id).in_(ids))
    if handler is not None:
        statement = statement.where(col(Delivery.handler) == handler)
    done = await session.execute(
        statement.values(state="pending", attempts=0, due_at=clock.now()).returning(col(Delivery.id))
    )
    return len(done.all())
