"""Every statement of the intake room. Keys are derived: no look-ups, safe to repeat."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.bulk import insert_many
from shared.models.feedback import (
    HelpDeskAgent,
    InboxRow,
    Message,
    Rating,
    Refetch,
    Ticket,
    TicketEvent,
)
from shared.models.privacy import OriginalText, Requester

Rows = Sequence[dict[str, Any]]


async def list_requesters(
    session: AsyncSession, ids: Collection[UUID], *, lock: bool = False
) -> Sequence[Requester]:
    """In id order. With `lock`, batches that share some go one after the other; without, nobody is erased
    before this transaction ends."""
    statement = select(Requester).where(col(Requester.id).in_(ids)).order_by(col(Requester.id))
    statement = statement.with_for_update(key_share=True, read=not lock)
    return (await session.scalars(statement.execution_options(populate_existing=True))).all()


async def has_erased(
    session: AsyncSession, connection_id: UUID, ids: Collection[UUID], email_hashes: Collection[bytes]
) -> bool:
    """Whether one of these is erased."""
    one = or_(col(Requester.id).in_(ids), col(Requester.email_hash).in_(email_hashes))
    statement = select(col(Requester.id)).where(
        col(Requester.connection_id) == connection_id, col(Requester.erased_at).is_not(None), one
    )
    return await session.scalar(statement.limit(1)) is not None


async def insert_requesters(session: AsyncSession, rows: Rows) -> set[UUID]:
    """Returns the ids that are new here."""
    new = insert_many(Requester, rows).on_conflict_do_nothing()
    return set(await session.scalars(new.returning(col(Requester.id))))


async def write_identities(session: AsyncSession, rows: Rows) -> None:
    """Of requesters whose rows are locked."""
    new = insert_many(Requester, rows)
    columns = {name: new.excluded[name] for name in rows[0] if name not in ("id", "connection_id")}
    await session.execute(new.on_conflict_do_update(index_elements=["id"], set_=columns))


async def keep_originals(session: AsyncSession, rows: Rows) -> None:
    new = insert_many(OriginalText, rows)
    columns = {name: new.excluded[name] for name in ("requester_id", "sealed")}
    await session.execute(
        new.on_conflict_do_update(index_elements=["ticket_id", "item_id", "field"], set_=columns)
    )


async def drop_originals(session: AsyncSession, ticket_ids: Collection[UUID]) -> None:
    """Those of messages whose words were taken back."""
    await session.execute(
        delete(OriginalText).where(
            col(OriginalText.ticket_id).in_(ticket_ids),
            col(OriginalText.ticket_id) == col(Message.ticket_id),
            col(OriginalText.item_id) == col(Message.id),
            col(Message.is_redacted),
        )
    )


async def insert_tickets(session: AsyncSession, rows: Rows) -> set[UUID]:
    """Returns the ids that are new here."""
    new = insert_many(Ticket, rows).on_conflict_do_nothing()
    return set(await session.scalars(new.returning(col(Ticket.id))))


async def lock_tickets(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[Ticket]:
    """Locked in id order, so that two batches that share tickets go one after the other."""
    statement = select(Ticket).where(col(Ticket.id).in_(ticket_ids)).order_by(col(Ticket.id))
    return (await session.scalars(statement.with_for_update(key_share=True))).all()


async def write_tickets(session: AsyncSession, rows: Rows) -> None:
    """Of tickets whose rows are locked."""
    new = insert_many(Ticket, rows)
    columns = {name: new.excluded[name] for name in rows[0] if name not in ("id", "redaction_version")}
    await session.execute(new.on_conflict_do_update(index_elements=["id"], set_=columns))


async def add_events(session: AsyncSession, rows: Rows) -> set[UUID]:
    """Returns the tickets that gained an event by which something may have changed: what the help desk
    says of its service levels changes nothing of ours."""
    new = insert_many(TicketEvent, rows).on_conflict_do_nothing()
    gained = await session.execute(new.returning(col(TicketEvent.ticket_id), col(TicketEvent.field)))
    return {ticket_id for ticket_id, field in gained if not field.startswith("sla:")}


async def settle_events(session: AsyncSession, spans: Rows) -> set[UUID]:
    """What was only heard or seen within these stretches gives way to what is known for certain.

    `spans`: [{ticket_id, field, since, until}]. Returns the tickets that lost an event.
    """
    settled = select(
        *(
            func.unnest(bindparam(name, [span[name] for span in spans], ARRAY(column.type))).label(name)
            for name, column in _SPAN.items()
        )
    ).subquery()
    gone = (
        delete(TicketEvent)
        .where(
            col(TicketEvent.ticket_id) == settled.c.ticket_id,
            col(TicketEvent.field) == settled.c.field,
            col(TicketEvent.basis) != "history",
            col(TicketEvent.occurred_at) <= settled.c.until,
            settled.c.since.is_(None) | (col(TicketEvent.occurred_at) > settled.c.since),
        )
        .returning(col(TicketEvent.ticket_id))
    )
    return set(await session.scalars(gone))


_EVENT = TicketEvent.__table__.columns  # type: ignore[attr-defined]  # SQLModel does not declare it
_SPAN = {
    "ticket_id": _EVENT.ticket_id, "field": _EVENT.field,
    "since": _EVENT.occurred_at, "until": _EVENT.occurred_at,
}  # fmt: skip


async def upsert_messages(session: AsyncSession, rows: Rows) -> set[tuple[UUID, UUID]]:
    """The newest version wins. Returns (ticket, message) of those that are new or changed."""
    return await _upsert_newest(session, Message, rows)


async def upsert_ratings(session: AsyncSession, rows: Rows) -> set[tuple[UUID, UUID]]:
    """The newest version wins. Returns (ticket, rating) of those that are new or changed."""
    return await _upsert_newest(session, Rating, rows)


async def _upsert_newest(session: AsyncSession, table: type[Any], rows: Rows) -> set[tuple[UUID, UUID]]:
    new = insert_many(table, rows)
    columns = {name: new.excluded[name] for name in rows[0] if name not in ("id", "ticket_id")}
    done = await session.execute(
        new.on_conflict_do_update(
            index_elements=["ticket_id", "id"],
            set_=columns,
            where=_version(table) < _version(new.excluded),
        ).returning(col(table.ticket_id), col(table.id))
    )
    return {(row.ticket_id, row.id) for row in done}


async def take_words_back(session: AsyncSession, ticket_ids: Collection[UUID]) -> set[UUID]:
    """Does to messages what the help desk did: redacted ones lose their words, those made private are
    private. Run after messages and after such events: whichever came first, both are honoured.
    Returns the tickets with a message that changed."""
    said = (
        select(
            col(TicketEvent.ticket_id),
            col(TicketEvent.to_value).label("message_key"),
            func.bool_or(col(TicketEvent.field) != "made_private").label("is_redacted"),
        )
        .where(
            col(TicketEvent.ticket_id).in_(ticket_ids),
            col(TicketEvent.field).in_(("redacted", "message_deleted", "made_private")),
        )
        .group_by(col(TicketEvent.ticket_id), col(TicketEvent.to_value))
        .subquery()
    )
    is_redacted, body = col(Message.is_redacted), col(Message.body)
    hidden = (
        update(Message)
        .where(
            col(Message.ticket_id) == said.c.ticket_id,
            col(Message.external_id) == said.c.message_key,
            (said.c.is_redacted & (~is_redacted | (body != "")))
            | (~said.c.is_redacted & col(Message.is_public)),
        )
        .values(
            body=case((said.c.is_redacted, ""), else_=body),
            is_redacted=is_redacted | said.c.is_redacted,
            is_public=case((said.c.is_redacted, col(Message.is_public)), else_=False),
        )
        .returning(col(Message.ticket_id))
    )
    return set(await session.scalars(hidden))


async def erase_texts(session: AsyncSession, ticket_ids: Collection[UUID]) -> None:
    """Of tickets that are gone for good: what was said in them, and in their ratings."""
    await session.execute(
        update(Message)
        .where(col(Message.ticket_id).in_(ticket_ids))
        .values(body="", author_name=None, is_redacted=True)
    )
    await session.execute(
        update(Rating)
        .where(col(Rating.ticket_id).in_(ticket_ids))
        .values(comment=None, reason=None, extra=None)
    )
    await session.execute(delete(OriginalText).where(col(OriginalText.ticket_id).in_(ticket_ids)))


async def erase_raw(
    session: AsyncSession, connection_id: UUID, ticket_keys: Collection[str], at: Any
) -> None:
    """The bytes of understood deliveries about these tickets."""
    await session.execute(
        update(InboxRow)
        .where(
            col(InboxRow.connection_id) == connection_id,
            col(InboxRow.ticket_key).in_(ticket_keys),
            col(InboxRow.understood_at).is_not(None),
            col(InboxRow.body_removed_at).is_(None),
        )
        .values(body=b"", headers={}, body_removed_at=at)
    )


async def tickets_with_redactions(session: AsyncSession, ticket_ids: Collection[UUID]) -> set[str]:
    """The help desk's ids of those in which something was redacted."""
    statement = select(col(Ticket.external_id)).where(
        col(Ticket.id).in_(ticket_ids), col(Ticket.has_redactions)
    )
    return set(await session.scalars(statement))


async def want_refetch(session: AsyncSession, rows: Rows) -> None:
    """Wanted twice is wanted once, with all the parts that either asked for."""
    new = insert_many(Refetch, rows)
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["connection_id", "ticket_key"],
            set_={"parts": col(Refetch.parts).op("||")(new.excluded.parts)},
        )
    )


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
