"""Every statement of the pull room."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Select, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.ids import ticket_id
from shared.models.feedback import Connection, Message, Pull, Refetch, Ticket


def select_pulls(connection_id: UUID) -> Select[Any]:
    return select(Pull).where(col(Pull.connection_id) == connection_id)


async def get_pull(session: AsyncSession, pull_id: UUID, *, lock: bool = False) -> Pull:
    pull = await session.get(Pull, pull_id, with_for_update=lock or None)
    if pull is None:
        raise NotFound
    return pull


async def start_pull(session: AsyncSession, row: dict[str, Any]) -> bool:
    """False: one of the same kind is running for that connection."""
    new = insert(Pull).values(row).on_conflict_do_nothing().returning(col(Pull.id))
    return (await session.execute(new)).first() is not None


async def last_reconciled_until(session: AsyncSession, connection_id: UUID) -> datetime | None:
    statement = select(func.max(col(Pull.until_at))).where(
        col(Pull.connection_id) == connection_id,
        col(Pull.kind) == "reconciliation",
        col(Pull.state) == "done",
    )
    return await session.scalar(statement)


async def claim_due_reconciliations(
    session: AsyncSession, *, now: datetime, every: timedelta
) -> Sequence[Connection]:
    """Each due connection goes to one asker only: its next time is set as it is claimed."""
    due = (
        update(Connection)
        .where(
            col(Connection.reconciles_at) <= now, col(Connection.api).is_not(None), ~col(Connection.is_paused)
        )
        .values(reconciles_at=now + every)
        .returning(Connection)
    )
    return (await session.scalars(due)).all()


async def claim_stalled(
    session: AsyncSession, *, now: datetime, before: datetime
) -> Sequence[tuple[UUID, int]]:
    """(pull, its next step), each to one asker only."""
    stalled = (
        update(Pull)
        .where(col(Pull.state) == "running", col(Pull.stepped_at) < before)
        .values(stepped_at=now)
        .returning(col(Pull.id), col(Pull.step))
    )
    return [(pull_id, step) for pull_id, step in await session.execute(stalled)]


async def take_wanted(
    session: AsyncSession, connection_id: UUID, *, now: datetime, limit: int
) -> Sequence[Refetch]:
    """The tickets that wait longest, locked: others take the next ones."""
    statement = (
        select(Refetch)
        .where(col(Refetch.connection_id) == connection_id, col(Refetch.wanted_at) <= now)
        .order_by(col(Refetch.wanted_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def forget_wanted(session: AsyncSession, connection_id: UUID, keys: Collection[str]) -> None:
    await session.execute(
        delete(Refetch).where(col(Refetch.connection_id) == connection_id, col(Refetch.ticket_key).in_(keys))
    )


async def unread_tickets(session: AsyncSession, ticket_ids: Collection[UUID]) -> list[str]:
    """Those whose messages and history were not read since they changed last, by their help desk's id."""
    read_until = cast(col(Ticket.settled)["messages"][1].astext, DateTime(timezone=True))
    statement = select(col(Ticket.external_id)).where(
        col(Ticket.id).in_(ticket_ids),
        ~col(Ticket.is_deleted),
        read_until.is_(None) | (read_until < col(Ticket.updated_at)),
    )
    return list(await session.scalars(statement.order_by(col(Ticket.external_id))))


async def known_messages(
    session: AsyncSession, connection_id: UUID, ticket_keys: Collection[str]
) -> dict[str, list[str]]:
    """The help desk's ids of the messages we have, by ticket."""
    rows = await session.execute(
        select(col(Ticket.external_id), col(Message.external_id))
        .join(Message, col(Message.ticket_id) == col(Ticket.id))
        .where(col(Ticket.id).in_([ticket_id(connection_id, key) for key in ticket_keys]))
    )
    known: dict[str, list[str]] = defaultdict(list)
    for ticket_key, message_key in rows:
        known[ticket_key].append(message_key)
    return known
