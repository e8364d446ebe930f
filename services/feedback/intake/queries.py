"""Every statement of the intake room. Upserts by derived keys: no look-ups, safe to repeat."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, tuple_
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
    columns: dict[str, Any] = {name: new.excluded[name] for name in rows[0] if name != "id"}
    columns["tags"] = func.coalesce(new.excluded.tags, col(Ticket.tags))
    done = await session.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_=columns,
            where=_version(Ticket) < _version(new.excluded),
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


async def upsert_agents(session: AsyncSession, rows: Rows) -> list[UUID]:
    """The newest sighting decides on name and on vendor, each by itself. Returns the accounts that are
    new, or of which something newer was told."""
    new = insert(HelpDeskAgent).values(list(rows))
    newer_name = _newer(col(HelpDeskAgent.named_at), new.excluded.named_at)
    newer_vendor = _newer(col(HelpDeskAgent.vendor_seen_at), new.excluded.vendor_seen_at)
    changes = {
        "name": (newer_name, col(HelpDeskAgent.name)),
        "named_at": (newer_name, col(HelpDeskAgent.named_at)),
        "vendor_id": (newer_vendor, col(HelpDeskAgent.vendor_id)),
        "vendor_seen_at": (newer_vendor, col(HelpDeskAgent.vendor_seen_at)),
    }
    done = await session.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_={
                name: case((newer, new.excluded[name]), else_=now) for name, (newer, now) in changes.items()
            },
            where=newer_name | newer_vendor,
        ).returning(col(HelpDeskAgent.id))
    )
    return list(done.scalars())


def _newer(known_at: Any, told_at: Any) -> Any:
    return told_at.is_not(None) & (known_at.is_(None) | (known_at < told_at))


def _version(row: Any) -> Any:
    return tuple_(row.version_at, row.version_number, row.version_key)
