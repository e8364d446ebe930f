"""Every statement of the privacy room."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, delete, or_, select, union, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.appeals import Appeal, Ruling
from shared.models.audit import Audit, Review, ReviewDraft
from shared.models.feedback import InboxRow, Message, Rating, Ticket, TicketEvent
from shared.models.privacy import ErasureRequest, LegalHold, OriginalText, Requester, Retention
from shared.models.queue import Delivery, EventRow, StateChange

# ---- Requesters and their tickets ----------------------------------------------------------------------


async def get_requester(session: AsyncSession, requester_id: UUID, *, lock: bool = False) -> Requester:
    """Raises NotFound."""
    found = await session.get(Requester, requester_id, with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


async def get_ticket(session: AsyncSession, ticket_id: UUID) -> Ticket:
    """Raises NotFound."""
    found = await session.get(Ticket, ticket_id)
    if found is None:
        raise NotFound
    return found


async def requesters_of_email(session: AsyncSession, email_hash: bytes) -> Sequence[Requester]:
    """Those who are not erased."""
    statement = select(Requester).where(
        col(Requester.email_hash) == email_hash, col(Requester.erased_at).is_(None)
    )
    return (await session.scalars(statement.order_by(col(Requester.id)).limit(100))).all()


async def list_requesters(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Requester]:
    """In this order; those that are there."""
    rows = await session.scalars(select(Requester).where(col(Requester.id).in_(ids)))
    return sorted(rows.all(), key=lambda one: ids.index(one.id))


async def authors_of(session: AsyncSession, ticket_id: UUID) -> list[str]:
    """The keys of requesters who wrote in this ticket."""
    statement = select(col(Message.author_key)).where(
        col(Message.ticket_id) == ticket_id, col(Message.author_kind) == "requester"
    )
    return sorted(key for key in await session.scalars(statement.distinct()) if key)


def _theirs(requester_ids: Collection[UUID], *, own: bool = False) -> Any:
    """(requester, ticket): those they ask in, and unless `own`, those they have written in."""
    ids: Any = (col(Requester.id).label("requester_id"), col(Ticket.id).label("ticket_id"))
    asked: Any = select(*ids).join(
        Ticket,
        and_(
            col(Ticket.connection_id) == col(Requester.connection_id),
            col(Ticket.requester_key) == col(Requester.external_key),
        ),
    )
    unnamed = select(col(Requester.id), col(Requester.ticket_id)).where(col(Requester.ticket_id).is_not(None))
    written = (
        select(col(Requester.id), col(Ticket.id))
        .join(
            Message,
            and_(
                col(Message.author_key) == col(Requester.external_key),
                col(Message.author_kind) == "requester",
            ),
        )
        .join(
            Ticket,
            and_(
                col(Ticket.id) == col(Message.ticket_id),
                col(Ticket.connection_id) == col(Requester.connection_id),
            ),
        )
    )
    parts = [asked, unnamed] if own else [asked, unnamed, written]
    return union(*(part.where(col(Requester.id).in_(requester_ids)) for part in parts)).subquery()


async def tickets_of(
    session: AsyncSession, requester_ids: Collection[UUID], *, own: bool = False
) -> set[UUID]:
    if not requester_ids:
        return set()
    theirs = _theirs(requester_ids, own=own)
    return set(await session.scalars(select(theirs.c.ticket_id)))


async def requesters_beside(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[Requester]:
    """Who stands for whoever asks in these tickets."""
    statement = select(Requester).where(col(Requester.ticket_id).in_(ticket_ids))
    return (await session.scalars(statement.order_by(col(Requester.id)).with_for_update())).all()


async def messages_of(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[Message]:
    statement = select(Message).where(col(Message.ticket_id).in_(ticket_ids))
    order = (col(Message.ticket_id), col(Message.sent_at), col(Message.position), col(Message.id))
    return (await session.scalars(statement.order_by(*order))).all()


async def ratings_of(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[Rating]:
    statement = select(Rating).where(col(Rating.ticket_id).in_(ticket_ids))
    return (await session.scalars(statement.order_by(col(Rating.ticket_id), col(Rating.id)))).all()


async def events_of(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[TicketEvent]:
    statement = select(TicketEvent).where(col(TicketEvent.ticket_id).in_(ticket_ids))
    order = (col(TicketEvent.ticket_id), col(TicketEvent.occurred_at), col(TicketEvent.id))
    return (await session.scalars(statement.order_by(*order))).all()


async def originals_of(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[OriginalText]:
    statement = select(OriginalText).where(col(OriginalText.ticket_id).in_(ticket_ids))
    return (await session.scalars(statement)).all()


async def claim_outdated(session: AsyncSession, *, version: int, limit: int) -> list[UUID]:
    """Tickets redacted by older rules, that nobody else is at."""
    statement = (
        select(col(Ticket.id))
        .where(col(Ticket.redaction_version) < version)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return sorted(await session.scalars(statement))


# ---- Erasing -----------------------------------------------------------------------------------------------


def select_erasures() -> Select[Any]:
    return select(ErasureRequest)


async def get_erasure(session: AsyncSession, erasure_id: UUID, *, lock: bool = False) -> ErasureRequest:
    """Raises NotFound."""
    found = await session.get(ErasureRequest, erasure_id, with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


async def list_raw(
    session: AsyncSession,
    connection_id: UUID,
    *,
    after: UUID | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> Sequence[InboxRow]:
    """Deliveries whose bytes are kept, in the order of their ids."""
    statement = select(InboxRow).where(
        col(InboxRow.connection_id) == connection_id, col(InboxRow.body_removed_at).is_(None)
    )
    if after is not None:
        statement = statement.where(col(InboxRow.id) > after)
    if since is not None:
        statement = statement.where(col(InboxRow.received_at) >= since)
    return (await session.scalars(statement.order_by(col(InboxRow.id)).limit(limit))).all()


async def waiting(session: AsyncSession, inbox_ids: Collection[UUID]) -> set[UUID]:
    """Those of them that are on their way to be understood."""
    one, many = col(EventRow.payload)["inbox_id"].astext, col(EventRow.payload)["inbox_ids"]
    ids = [str(inbox_id) for inbox_id in inbox_ids]
    statement = (
        select(one, many)
        .join(Delivery, col(Delivery.event_id) == col(EventRow.id))
        .where(col(Delivery.state) == "pending", or_(one.in_(ids), many.has_any(cast(ids, ARRAY(Text())))))
    )
    found = await session.execute(statement)
    named = {key for row in found for key in ([row[0]] if row[0] else row[1] or [])}
    return {inbox_id for inbox_id in inbox_ids if str(inbox_id) in named}


async def remove_raw(session: AsyncSession, inbox_ids: Collection[UUID], at: datetime) -> int:
    done = await session.execute(
        update(InboxRow)
        .where(col(InboxRow.id).in_(inbox_ids), col(InboxRow.body_removed_at).is_(None))
        .values(body=b"", headers={}, body_removed_at=at)
        .returning(col(InboxRow.id))
    )
    return len(done.all())


async def raw_about(session: AsyncSession, connection_id: UUID, ticket_keys: Collection[str]) -> set[UUID]:
    """Understood deliveries about these tickets whose bytes are kept."""
    statement = select(col(InboxRow.id)).where(
        col(InboxRow.connection_id) == connection_id,
        col(InboxRow.ticket_key).in_(ticket_keys),
        col(InboxRow.understood_at).is_not(None),
        col(InboxRow.body_removed_at).is_(None),
    )
    return set(await session.scalars(statement))


async def blank_messages(session: AsyncSession, ticket_ids: Collection[UUID]) -> int:
    done = await session.execute(
        update(Message)
        .where(col(Message.ticket_id).in_(ticket_ids), col(Message.body) != "")
        .values(body="", is_redacted=True)
        .returning(col(Message.id))
    )
    return len(done.all())


async def blank_ratings(session: AsyncSession, ticket_ids: Collection[UUID]) -> int:
    columns = (col(Rating.comment), col(Rating.reason), col(Rating.extra))
    done = await session.execute(
        update(Rating)
        .where(col(Rating.ticket_id).in_(ticket_ids), or_(*(column.is_not(None) for column in columns)))
        .values(comment=None, reason=None, extra=None)
        .returning(col(Rating.id))
    )
    return len(done.all())


async def rename_author(session: AsyncSession, ticket_ids: Collection[UUID], was: str, becomes: str) -> int:
    done = await session.execute(
        update(Message)
        .where(col(Message.ticket_id).in_(ticket_ids), col(Message.author_key) == was)
        .values(author_key=becomes)
        .returning(col(Message.id))
    )
    return len(done.all())


async def drop_originals(
    session: AsyncSession, ticket_ids: Collection[UUID], requester_id: UUID | None = None
) -> int:
    mine: ColumnElement[bool] = col(OriginalText.ticket_id).in_(ticket_ids)
    if requester_id is not None:
        mine = or_(mine, col(OriginalText.requester_id) == requester_id)
    done = await session.execute(delete(OriginalText).where(mine).returning(col(OriginalText.item_id)))
    return len(done.all())


async def list_erased(session: AsyncSession) -> Sequence[Requester]:
    statement = select(Requester).where(col(Requester.erased_at).is_not(None))
    return (await session.scalars(statement.order_by(col(Requester.id)))).all()


async def words_about(
    session: AsyncSession, ticket_ids: Collection[UUID]
) -> list[tuple[str, UUID, list[Any]]]:
    """What people wrote about audits and appeals of these tickets: ("audit" or "appeal", its id, texts)."""
    reviews = select(col(Review.audit_id), col(Review.summary), col(Review.answers), col(Review.reason))
    drafts = select(col(ReviewDraft.audit_id), col(ReviewDraft.summary), col(ReviewDraft.answers))
    appeals = select(col(Appeal.id), col(Appeal.points))
    rulings = select(col(Ruling.appeal_id), col(Ruling.text))
    found: list[tuple[str, UUID, list[Any]]] = []
    for subject, statement, table in (
        ("audit", reviews, Review), ("audit", drafts, ReviewDraft),
        ("appeal", appeals, Appeal), ("appeal", rulings, Ruling),
    ):  # fmt: skip
        rows = await session.execute(statement.where(col(table.ticket_id).in_(ticket_ids)))
        found += [(subject, row[0], list(row[1:])) for row in rows]
    for subject, theirs in (
        ("audit", select(col(Audit.id)).where(col(Audit.ticket_id).in_(ticket_ids))),
        ("appeal", select(col(Appeal.id)).where(col(Appeal.ticket_id).in_(ticket_ids))),
    ):
        moves = select(col(StateChange.subject_id), col(StateChange.reason)).where(
            col(StateChange.subject) == subject, col(StateChange.subject_id).in_(theirs)
        )
        found += [(subject, row[0], [row[1]]) for row in await session.execute(moves)]
    return found


async def reasons_about(
    session: AsyncSession, requester_id: UUID, ticket_ids: Collection[UUID]
) -> list[ErasureRequest | LegalHold]:
    """Those of erasures and holds."""
    holds = select(LegalHold).where(
        or_(col(LegalHold.requester_id) == requester_id, col(LegalHold.ticket_id).in_(ticket_ids))
    )
    erasures = select(ErasureRequest).where(col(ErasureRequest.requester_id) == requester_id)
    return [*await session.scalars(holds), *await session.scalars(erasures)]


# ---- Holds and time -----------------------------------------------------------------------


def select_holds(*, is_active: bool | None) -> Select[Any]:
    statement = select(LegalHold)
    if is_active is None:
        return statement
    released = col(LegalHold.released_at)
    return statement.where(released.is_(None) if is_active else released.is_not(None))


async def get_hold(session: AsyncSession, hold_id: UUID) -> LegalHold:
    """Raises NotFound."""
    found = await session.get(LegalHold, hold_id, with_for_update=True)
    if found is None:
        raise NotFound
    return found


async def holds_on(session: AsyncSession, requester_id: UUID, ticket_ids: Collection[UUID]) -> list[UUID]:
    """Active holds of a requester, or of any of these tickets."""
    statement = select(col(LegalHold.id)).where(
        col(LegalHold.released_at).is_(None),
        or_(col(LegalHold.requester_id) == requester_id, col(LegalHold.ticket_id).in_(ticket_ids)),
    )
    return sorted(await session.scalars(statement))


async def claim_expired(
    session: AsyncSession, *, mark: str, before: datetime, limit: int
) -> Sequence[Ticket]:
    """Tickets unchanged since then of which something is still kept, that nobody holds and no other
    worker is at. `mark`: the column that says when it was removed."""
    held = select(col(LegalHold.ticket_id)).where(
        col(LegalHold.released_at).is_(None), col(LegalHold.ticket_id).is_not(None)
    )
    persons = select(col(LegalHold.requester_id)).where(
        col(LegalHold.released_at).is_(None), col(LegalHold.requester_id).is_not(None)
    )
    theirs = _theirs_held(persons)
    statement = (
        select(Ticket)
        .where(
            getattr(Ticket, mark).is_(None),
            col(Ticket.created_at) < before,
            col(Ticket.updated_at) < before,
            col(Ticket.id).not_in(held),
            col(Ticket.id).not_in(theirs),
        )
        .order_by(col(Ticket.created_at))
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return sorted((await session.scalars(statement)).all(), key=lambda ticket: ticket.id)


def _theirs_held(requester_ids: Any) -> Any:
    return select(_theirs(requester_ids).c.ticket_id)


async def keep_days(session: AsyncSession) -> dict[str, Retention]:
    return {row.data_class: row for row in await session.scalars(select(Retention))}


async def set_keep_days(session: AsyncSession, data_class: str, days: int, at: datetime) -> None:
    new = insert(Retention).values(data_class=data_class, keep_days=days, changed_at=at)
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["data_class"],
            set_={"keep_days": new.excluded.keep_days, "changed_at": new.excluded.changed_at},
        )
    )
