"""Every statement of the facts room: a fixed number of them, however many tickets."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.models.feedback import Connection, Message, Rating, Ticket, TicketEvent
from shared.models.kpi import TicketFact
from shared.models.people import Schedule

Row = TypeVar("Row", Message, TicketEvent, Rating)


async def lock_tickets(
    session: AsyncSession, ticket_ids: Sequence[UUID]
) -> list[tuple[Ticket, Connection, dict[str, Any] | None]]:
    """(ticket, its connection, its business hours). Locked in id order: two
    deliveries for one ticket run one after the other, and the later one sees the whole log."""
    await session.execute(
        select(col(Ticket.id))
        .where(col(Ticket.id).in_(ticket_ids))
        .order_by(col(Ticket.id))
        .with_for_update(key_share=True)
    )
    rows = await session.execute(
        select(Ticket, Connection, col(Schedule.hours))
        .join(Connection, col(Connection.id) == col(Ticket.connection_id))
        .outerjoin(Schedule, col(Schedule.id) == col(Connection.schedule_id))
        .where(col(Ticket.id).in_(ticket_ids))
    )
    return [(ticket, connection, hours) for ticket, connection, hours in rows]


async def parts_of(
    session: AsyncSession, table: type[Row], ticket_ids: Sequence[UUID]
) -> dict[UUID, list[Row]]:
    """The tickets' messages, events or ratings, by ticket."""
    # By id: what shares an instant and a position is told apart the same way every time.
    statement = select(table).where(col(table.ticket_id).in_(ticket_ids)).order_by(col(table.id))
    rows = await session.execute(statement)
    return _by_ticket(rows.scalars())


async def upsert_facts(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    new = insert(TicketFact).values(list(rows))
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["ticket_id"],
            set_={name: new.excluded[name] for name in rows[0] if name != "ticket_id"},
        )
    )


def _by_ticket(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    grouped: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.ticket_id].append(row)
    return grouped
