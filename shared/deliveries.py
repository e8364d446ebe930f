"""What a person does about deliveries: look at them, and send dead ones round again."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, cast, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock
from shared.models.queue import Delivery, EventRow, IdempotencyKey


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


async def forget(session: AsyncSession, *, before: datetime, limit: int = 1000) -> int:
    """Removes done deliveries, events that all have heard, and idempotency keys from before then; at
    most `limit` of each. Returns how many went. Pending and dead deliveries stay until somebody acts."""
    done = select(col(Delivery.id)).where(col(Delivery.state) == "done", col(Delivery.done_at) < before)
    heard = select(col(EventRow.id)).where(
        col(EventRow.created_at) < before,
        ~select(col(Delivery.id)).where(col(Delivery.event_id) == col(EventRow.id)).exists(),
    )
    keys = select(col(IdempotencyKey.actor_id), col(IdempotencyKey.key)).where(
        col(IdempotencyKey.created_at) < before
    )
    gone = 0
    for statement in (
        delete(Delivery).where(col(Delivery.id).in_(done.limit(limit))),
        delete(EventRow).where(col(EventRow.id).in_(heard.limit(limit))),
        delete(IdempotencyKey).where(
            tuple_(col(IdempotencyKey.actor_id), col(IdempotencyKey.key)).in_(keys.limit(limit))
        ),
    ):
        gone += (await session.execute(statement)).rowcount  # type: ignore[attr-defined]  # a cursor's
    return gone


async def blank_answers(session: AsyncSession, *, saying: Collection[str]) -> int:
    """Kept answers that say any of this say it no more: a repeat is still one, and is told that its answer
    is gone. Returns how many."""
    words = select(func.unnest(bindparam("saying", list(saying), ARRAY(Text()))).label("word")).subquery()
    answer = cast(col(IdempotencyKey.answer), Text())
    said = select(words.c.word).where(func.strpos(func.lower(answer), func.lower(words.c.word)) > 0)
    gone = update(IdempotencyKey).where(said.exists()).values(answer={"erased": True})
    return len((await session.execute(gone.returning(col(IdempotencyKey.key)))).all())


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
