"""Every statement of the intake room. Upserts by derived keys: no look-ups, safe to repeat."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.bulk import insert_many
from shared.models.feedback import (
    HelpDeskAgent,
    InboxRow,
    Message,
    Rating,
    Ticket,
    TicketEvent,
)

Rows = Sequence[dict[str, Any]]


async def insert_inbox(session: AsyncSession, row: dict[str, Any]) -> bool:
    """False: it is here already."""
    done = await session.execute(
        insert(InboxRow).values(row).on_conflict_do_nothing().returning(col(InboxRow.id))
    )
    return done.first() is not None


async def upsert_tickets(session: AsyncSession, rows: Rows) -> set[UUID]:
    """Writes what is newer by (version_at, version_number). Returns the ids that were written."""
    new = insert(Ticket).values(list(rows))
    columns: dict[str, Any] = {
        name: new.excluded[name] for name in rows[0] if name not in ("id", "created_by")
    }
    columns["tags"] = func.coalesce(new.excluded.tags, col(Ticket.tags))
    done = await session.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_=columns,
            where=tuple_(col(Ticket.version_at), col(Ticket.version_number))
            < tuple_(new.excluded.version_at, new.excluded.version_number),
        ).returning(col(Ticket.id))
    )
    return set(done.scalars())


async def add_events(session: AsyncSession, rows: Rows) -> set[UUID]:
    """Returns the tickets that gained an event."""
    new = insert_many(TicketEvent, rows).on_conflict_do_nothing()
    return set(await session.scalars(new.returning(col(TicketEvent.ticket_id))))


async def add_messages(session: AsyncSession, rows: Rows) -> set[UUID]:
    """Returns the tickets that gained a message."""
    new = insert_many(Message, rows).on_conflict_do_nothing()
    return set(await session.scalars(new.returning(col(Message.ticket_id))))


async def upsert_ratings(session: AsyncSession, rows: Rows) -> set[UUID]:
    """Newest version wins. Returns the tickets whose rating changed."""
    new = insert(Rating).values(list(rows))
    columns = {name: new.excluded[name] for name in rows[0] if name not in ("id", "ticket_id")}
    done = await session.execute(
        new.on_conflict_do_update(
            index_elements=["ticket_id", "id"],
            set_=columns,
            where=col(Rating.version_at) < new.excluded.version_at,
        ).returning(col(Rating.ticket_id))
    )
    return set(done.scalars())


async def upsert_agents(session: AsyncSession, rows: Rows) -> list[HelpDeskAgent]:
    """Returns the accounts that are new, or whose name or vendor was not known before."""
    new = insert(HelpDeskAgent).values(list(rows))
    done = await session.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "name": func.coalesce(col(HelpDeskAgent.name), new.excluded.name),
                "vendor_id": func.coalesce(col(HelpDeskAgent.vendor_id), new.excluded.vendor_id),
            },
            where=(col(HelpDeskAgent.name).is_(None) & new.excluded.name.is_not(None))
            | (col(HelpDeskAgent.vendor_id).is_(None) & new.excluded.vendor_id.is_not(None)),
        ).returning(HelpDeskAgent)
    )
    return list(done.scalars())
