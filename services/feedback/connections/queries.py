"""Every statement of the connections room."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, Uuid, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.feedback.connections.schemas import DeadLetterFilters
from shared.errors import NotFound
from shared.models.feedback import Connection, InboxRow, Pull, Refetch
from shared.models.people import Vendor
from shared.models.queue import Delivery, EventRow

NORMALISE = "feedback.normalise_webhook"


def select_connections() -> Select[Any]:
    return select(Connection)


async def find_connection(session: AsyncSession, key: str) -> Connection | None:
    return (await session.execute(select(Connection).where(col(Connection.key) == key))).scalar_one_or_none()


async def get_connection(session: AsyncSession, connection_id: UUID, *, lock: bool = False) -> Connection:
    connection = await session.get(Connection, connection_id, with_for_update=lock or None)
    if connection is None:
        raise NotFound
    return connection


async def release_held(session: AsyncSession, connection_id: UUID) -> list[UUID]:
    """What came while the connection was paused is held no longer. Returns the inbox ids."""
    held = (
        update(InboxRow)
        .where(col(InboxRow.connection_id) == connection_id, col(InboxRow.is_held))
        .values(is_held=False)
        .returning(col(InboxRow.id))
    )
    return list(await session.scalars(held))


async def health(session: AsyncSession, connection_id: UUID, *, now: datetime) -> RowMapping:
    """One statement. Only deliveries that wait or are dead are looked at, never the done ones."""
    unfinished = _unfinished(connection_id).subquery()
    mine = col(InboxRow.connection_id) == connection_id
    day_ago = now - timedelta(days=1)
    is_dead = unfinished.c.state == "dead"
    recent = unfinished.c.received_at >= day_ago

    def inbox(what: Any, *conditions: Any) -> Any:
        return select(what).where(mine, *conditions).scalar_subquery()

    statement = select(
        inbox(func.max(col(InboxRow.received_at))).label("last_received_at"),
        inbox(func.count(), col(InboxRow.received_at) >= day_ago).label("received_24h"),
        inbox(func.count(), col(InboxRow.is_held)).label("held"),
        func.count().filter(~is_dead).label("waiting"),
        func.min(unfinished.c.received_at).filter(~is_dead).label("oldest_waiting_at"),
        func.count().filter(is_dead).label("dead"),
        func.count().filter(is_dead, recent).label("dead_24h"),
        select(func.count())
        .where(col(Refetch.connection_id) == connection_id)
        .scalar_subquery()
        .label("wanted"),
        select(func.max(col(Pull.finished_at)))
        .where(col(Pull.connection_id) == connection_id, col(Pull.state) == "done")
        .scalar_subquery()
        .label("last_pull_at"),
    ).select_from(unfinished)
    return (await session.execute(statement)).mappings().one()


def select_dead_letters(connection_id: UUID, filters: DeadLetterFilters = DeadLetterFilters()) -> Select[Any]:
    letters: Select[Any] = _unfinished(connection_id).where(col(Delivery.state) == "dead")
    if filters.reason is not None:
        letters = letters.where(col(Delivery.last_error).icontains(filters.reason, autoescape=True))
    if filters.received_from is not None:
        letters = letters.where(col(InboxRow.received_at) >= filters.received_from)
    if filters.received_to is not None:
        letters = letters.where(col(InboxRow.received_at) < filters.received_to)
    return letters


async def get_dead_letter(
    session: AsyncSession, connection_id: UUID, delivery_id: UUID
) -> tuple[RowMapping, InboxRow]:
    """Raises NotFound for one that is not this connection's."""
    letters = select_dead_letters(connection_id).where(col(Delivery.id) == delivery_id)
    letter = (
        (await session.execute(letters.add_columns(col(InboxRow.id).label("inbox_id")))).mappings().first()
    )
    row = await session.get(InboxRow, letter["inbox_id"]) if letter else None
    if letter is None or row is None:
        raise NotFound
    return letter, row


def _unfinished(connection_id: UUID) -> Any:
    """Deliveries of this connection's raw messages that are waiting or dead."""
    inbox_id = cast(col(EventRow.payload)["inbox_id"].astext, Uuid)
    return (
        select(
            col(Delivery.id), col(Delivery.state), col(Delivery.attempts),
            col(Delivery.last_error).label("reason"), col(InboxRow.source_key), col(InboxRow.received_at),
        )
        .join(EventRow, col(EventRow.id) == col(Delivery.event_id))
        .join(InboxRow, col(InboxRow.id) == inbox_id)
        .where(
            col(Delivery.handler) == NORMALISE,
            col(Delivery.state).in_(("pending", "dead")),
            col(InboxRow.connection_id) == connection_id,
        )
    )  # fmt: skip


async def known_vendors(session: AsyncSession, named: Collection[UUID]) -> set[UUID]:
    """Those of these ids that are a vendor's."""
    return set(await session.scalars(select(col(Vendor.id)).where(col(Vendor.id).in_(named))))
