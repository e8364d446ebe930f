"""Redacts stored texts anew: when a requester becomes known by another name, when a ticket becomes somebody
else's, and when the rules have grown."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.intake import texts
from services.feedback.intake.people import Askers, Mentioned
from services.feedback.intake.queries import keep_originals, lock_tickets
from services.feedback.intake.texts import Original, Row
from services.feedback.privacy import queries
from services.feedback.redaction.rules import RULES_VERSION
from shared import outbox
from shared.crypto import Sealer
from shared.events import RequestersChanged, TicketsChanged
from shared.models.feedback import Message, Rating, Ticket
from shared.models.privacy import OriginalText

AT_ONCE = 200
"""Tickets in one transaction."""


@dataclass(frozen=True)
class _Place:
    """Where a text is read, and for whom it is to be sealed."""

    row: Ticket | Message | Rating
    item_id: UUID
    field: str
    owner: UUID


async def redact_anew(
    session: AsyncSession, sealer: Sealer, requester_ids: Sequence[UUID], ticket_ids: Sequence[UUID]
) -> None:
    """Safe to repeat: what is read follows from what is sealed, who is known, and the rules. Where none are
    named, those that were redacted by older rules, or never."""
    if not requester_ids and not ticket_ids:
        outdated = await queries.claim_outdated(session, version=RULES_VERSION, limit=AT_ONCE)
        await _redact(session, sealer, outdated)
        await outbox.publish(session, *([RequestersChanged((), ())] if len(outdated) == AT_ONCE else []))
        return
    found = set(ticket_ids) | await queries.tickets_of(session, requester_ids)
    every = sorted(found)
    await outbox.publish(
        session,
        *(
            RequestersChanged((), tuple(every[start : start + AT_ONCE]))
            for start in range(AT_ONCE, len(every), AT_ONCE)
        ),
    )
    await _redact(session, sealer, every[:AT_ONCE])


async def start_outdated(session: AsyncSession) -> int:
    """Has the worker go through what was redacted by older rules. Once is enough: always 0."""
    if await queries.claim_outdated(session, version=RULES_VERSION, limit=1):
        await outbox.publish(session, RequestersChanged((), ()))
    return 0


async def _redact(session: AsyncSession, sealer: Sealer, ticket_ids: Collection[UUID]) -> None:
    changed: set[UUID] = set()
    tickets = await lock_tickets(session, ticket_ids)
    by_connection: dict[UUID, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        by_connection[ticket.connection_id].append(ticket)
    for scope, some in by_connection.items():
        changed |= await _redact_some(session, Askers(sealer, scope), some)
    if changed:
        await outbox.publish(session, TicketsChanged(tuple(sorted(changed))))


async def _redact_some(session: AsyncSession, askers: Askers, tickets: Sequence[Ticket]) -> set[UUID]:
    """Of one connection. Returns the tickets of which something reads differently now."""
    changed: set[UUID] = set()
    ids = [ticket.id for ticket in tickets]
    parts: dict[UUID, list[Message | Rating]] = defaultdict(list)
    for message in await queries.messages_of(session, ids):
        parts[message.ticket_id].append(message)
    for rating in await queries.ratings_of(session, ids):
        parts[rating.ticket_id].append(rating)
    originals = {
        (one.ticket_id, one.item_id, one.field): one for one in await queries.originals_of(session, ids)
    }
    await _meet(session, askers, tickets, parts, originals.values())
    to_seal: list[Row] = []
    for ticket in tickets:
        around = {
            askers.id_of(ticket.requester_key, ticket.external_id),
            askers.id_of(None, ticket.external_id),
        }
        for place in _places(askers, ticket, parts[ticket.id]):
            original = originals.get((ticket.id, place.item_id, place.field))
            now = getattr(place.row, place.field)
            said = now if original is None else _opened(askers, original)
            people = askers.people(around | {place.owner})
            if (reads := texts.redacted(said, people, ticket.language)) != now:
                setattr(place.row, place.field, reads)
                changed.add(ticket.id)
            is_new = original is None and ticket.redaction_version == 0
            if said and (is_new or (original and original.requester_id != place.owner)):
                key = askers.by_id[place.owner].key
                sealing = Original(ticket.id, place.item_id, place.field, place.owner, said)
                to_seal += [sealing.row(key)] if key else []
        ticket.redaction_version = RULES_VERSION
    await session.flush()
    if to_seal:
        await keep_originals(session, to_seal)
    return changed


def _places(askers: Askers, ticket: Ticket, parts: Sequence[Message | Rating]) -> Iterator[_Place]:
    """All texts of a ticket. Of one that is to hold none, none."""
    if ticket.is_purged or ticket.is_erased:
        return
    owner = askers.id_of(ticket.requester_key, ticket.external_id)
    for field in texts.OF_TICKET:
        yield _Place(ticket, ticket.id, field, owner)
    for part in parts:
        if isinstance(part, Rating):
            for field in texts.OF_RATING:
                yield _Place(part, part.id, field, owner)
        elif not part.is_redacted:
            is_theirs = part.author_kind == "requester" and part.author_key
            author = askers.id_of(part.author_key, ticket.external_id) if is_theirs else owner
            yield _Place(part, part.id, "body", author)


def _opened(askers: Askers, original: OriginalText) -> Any:
    key = askers.by_id[original.requester_id].key
    if key is None:
        return None
    place = (original.ticket_id, original.item_id, original.field)
    return texts.opened(original.sealed, key, *place)


async def _meet(
    session: AsyncSession,
    askers: Askers,
    tickets: Sequence[Ticket],
    parts: dict[UUID, list[Message | Rating]],
    originals: Collection[OriginalText],
) -> None:
    """All whose words these are or were; those who have no key yet get one."""
    wanted: dict[UUID, Mentioned] = {}
    beside = {askers.id_of(None, ticket.external_id) for ticket in tickets}
    for ticket in tickets:
        for place in _places(askers, ticket, parts[ticket.id]):
            if getattr(place.row, place.field):
                key = ticket.requester_key
                if isinstance(place.row, Message) and place.row.author_kind == "requester":
                    key = place.row.author_key or key
                wanted.setdefault(place.owner, Mentioned(key, None if key else ticket.id))
    also = beside | {one.requester_id for one in originals}
    await askers.find(session, wanted, also=also)
