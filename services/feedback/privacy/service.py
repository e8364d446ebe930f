"""Verbs of the privacy room: open what is sealed (each opening is noted), ask to be forgotten, hold, and say
how long things are kept."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.errors import ErasureUnderWay, Held, RequesterErased, SecondPersonNeeded
from services.feedback.intake.people import hash_of, opened, requester_id
from services.feedback.intake.texts import OF_RATING, OF_TICKET
from services.feedback.intake.texts import opened as words_of
from services.feedback.privacy import queries, rules
from services.feedback.privacy.erasing import ERASURE
from services.feedback.privacy.schemas import FindIn, HoldIn
from services.feedback.redaction.rules import redact
from shared import clock, outbox
from shared.auth import Actor
from shared.crypto import DataKey, Sealer
from shared.errors import Fault, NotFound, ValidationFailed
from shared.events import ErasureApproved
from shared.ids import new_id
from shared.models.feedback import Ticket
from shared.models.privacy import ErasureRequest, LegalHold, OriginalText, Requester
from shared.states import record
from shared.trail import note_read

log = structlog.get_logger()


async def note_opened(session: AsyncSession, action: str, ids: Collection[UUID], purpose: str) -> None:
    """Who opened what, and why, goes to the trail. A purpose that names somebody must not outlive them."""
    note_read(session, action, ids, redact(purpose))


# ---- Opening --------------------------------------------------------------------------------------------


async def find_requesters(
    session: AsyncSession, sealer: Sealer, actor: Actor, asked: FindIn
) -> dict[str, Any]:
    """By e-mail address, by the help desk's id, or by ticket. Raises ValidationFailed for none or several."""
    is_named = asked.connection_id is not None and asked.external_key is not None
    if [asked.email is not None, is_named, asked.ticket_id is not None].count(True) != 1:
        raise ValidationFailed(
            faults=[Fault("", "missing", "Name an address, a connection and key, or a ticket.")]
        )
    found: Sequence[Requester]
    if asked.email is not None:
        found = await queries.requesters_of_email(session, hash_of(sealer, "email", asked.email))
    else:
        found = await queries.list_requesters(session, await _named(session, sealer, asked))
    await note_opened(session, "requesters.find", [one.id for one in found], asked.purpose)
    return {
        "requesters": [
            {
                "id": one.id, "connection_id": one.connection_id, "is_erased": one.erased_at is not None,
                "tickets": len(await queries.tickets_of(session, [one.id])),
            }
            for one in found
        ]
    }  # fmt: skip


async def _named(session: AsyncSession, sealer: Sealer, asked: FindIn) -> list[UUID]:
    """Of a ticket: whoever asks in it first, then who else wrote in it for themself."""
    if asked.ticket_id is not None:
        ticket = await queries.get_ticket(session, asked.ticket_id)
        authors = await queries.authors_of(session, ticket.id)
        beside = [requester_id(sealer, ticket.connection_id, author, "") for author in authors]
        return list(dict.fromkeys([_owner(sealer, ticket), *beside]))
    assert asked.connection_id is not None
    return [requester_id(sealer, asked.connection_id, asked.external_key, "")]


def _owner(sealer: Sealer, ticket: Ticket) -> UUID:
    return requester_id(sealer, ticket.connection_id, ticket.requester_key, ticket.external_id)


async def open_identity(
    session: AsyncSession, sealer: Sealer, actor: Actor, wanted: UUID, purpose: str
) -> dict[str, Any]:
    """Raises NotFound, RequesterErased (409)."""
    requester = await _living(session, wanted)
    await note_opened(session, "requesters.open", [wanted], purpose)
    return _identity(sealer, requester)


async def _living(session: AsyncSession, wanted: UUID, *, lock: bool = False) -> Requester:
    requester = await queries.get_requester(session, wanted, lock=lock)
    if requester.erased_at is not None:
        raise RequesterErased
    return requester


def _identity(sealer: Sealer, requester: Requester) -> dict[str, Any]:
    known = opened(sealer, requester)
    return {
        "id": requester.id, "connection_id": requester.connection_id,
        "external_key": requester.external_key, "name": known.name, "email": known.email,
    }  # fmt: skip


async def open_original(
    session: AsyncSession, sealer: Sealer, actor: Actor, wanted: UUID, purpose: str
) -> dict[str, Any]:
    """A ticket's texts as they were sent. Raises NotFound."""
    ticket = await queries.get_ticket(session, wanted)
    await note_opened(session, "originals.open", [wanted], purpose)
    [found] = await _originals(session, sealer, [ticket])
    return found


async def _originals(
    session: AsyncSession, sealer: Sealer, tickets: Sequence[Ticket]
) -> list[dict[str, Any]]:
    ids = [ticket.id for ticket in tickets]
    originals = await queries.originals_of(session, ids)
    keys: dict[UUID, DataKey | None] = {}
    for owner in {one.requester_id for one in originals}:
        keys[owner] = opened(sealer, await queries.get_requester(session, owner)).key
    words: dict[tuple[UUID, UUID, str], Any] = {
        (one.ticket_id, one.item_id, one.field): _words(one, keys[one.requester_id]) for one in originals
    }
    messages, ratings = defaultdict(list), defaultdict(list)
    for message in await queries.messages_of(session, ids):
        body = words.get((message.ticket_id, message.id, "body"))
        messages[message.ticket_id].append({"id": message.id, "body": body})
    for rating in await queries.ratings_of(session, ids):
        said = {name: words.get((rating.ticket_id, rating.id, name)) for name in OF_RATING}
        ratings[rating.ticket_id].append({"id": rating.id} | said)
    return [
        {
            "ticket_id": ticket.id, "requester_id": _owner(sealer, ticket),
            "messages": messages[ticket.id], "ratings": ratings[ticket.id],
        }
        | {name: words.get((ticket.id, ticket.id, name)) for name in OF_TICKET}
        for ticket in tickets
    ]  # fmt: skip


def _words(original: OriginalText, key: DataKey | None) -> Any:
    if key is None:
        return None
    return words_of(original.sealed, key, original.ticket_id, original.item_id, original.field)


async def export_access(
    session: AsyncSession, sealer: Sealer, actor: Actor, wanted: UUID, purpose: str
) -> dict[str, Any]:
    """Everything that is held about one person. Raises NotFound, RequesterErased (409)."""
    requester = await _living(session, wanted)
    ids = sorted(await queries.tickets_of(session, [wanted]))
    await note_opened(session, "requesters.export", [wanted, *ids], purpose)
    tickets = [await queries.get_ticket(session, one) for one in ids]
    sent = {one["ticket_id"]: one for one in await _originals(session, sealer, tickets)}
    parts: dict[str, dict[UUID, list[dict[str, Any]]]] = {}
    for name, rows in (
        ("messages", await queries.messages_of(session, ids)),
        ("ratings", await queries.ratings_of(session, ids)),
        ("events", await queries.events_of(session, ids)),
    ):
        parts[name] = defaultdict(list)
        for row in rows:
            parts[name][row.ticket_id].append(row.model_dump(mode="json"))
    return {
        "requester": _identity(sealer, requester),
        "exported_at": clock.now(),
        "holds": await queries.holds_on(session, wanted, ids),
        "tickets": [
            ticket.model_dump(mode="json", exclude={"told", "settled"})
            | {name: by_ticket[ticket.id] for name, by_ticket in parts.items()}
            | {"as_sent": sent[ticket.id]}
            for ticket in tickets
        ],
    }


# ---- Being forgotten ------------------------------------------------------------------------------------


async def request_erasure(session: AsyncSession, actor: Actor, wanted: UUID, reason: str) -> ErasureRequest:
    """Somebody else approves it. Raises NotFound, RequesterErased, ErasureUnderWay (409)."""
    await _living(session, wanted)
    erasure = ErasureRequest(
        id=new_id(), requester_id=wanted, reason=reason, requested_by=actor.id, requested_at=clock.now(),
        proof={},
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(erasure)
            await session.flush()
    except IntegrityError:  # the partial unique index decides a race
        raise ErasureUnderWay from None
    await record(session, ERASURE, erasure.id, moved=(None, "requested"), by=actor.id)
    return erasure


async def approve_erasure(session: AsyncSession, actor: Actor, erasure_id: UUID) -> ErasureRequest:
    """The worker does it. Raises NotFound, IllegalMove, SecondPersonNeeded, Held (409)."""
    erasure = await queries.get_erasure(session, erasure_id, lock=True)
    ERASURE.check(erasure.state, "approved")
    if erasure.requested_by == actor.id:
        raise SecondPersonNeeded
    tickets = await queries.tickets_of(session, [erasure.requester_id])
    holds = await queries.holds_on(session, erasure.requester_id, tickets)
    if holds:
        raise Held(holds=[str(hold) for hold in holds])
    await _decide(session, actor, erasure, "approved", None)
    await outbox.publish(session, ErasureApproved(erasure_id))
    return erasure


async def refuse_erasure(
    session: AsyncSession, actor: Actor, erasure_id: UUID, reason: str
) -> ErasureRequest:
    """Raises NotFound, IllegalMove (409)."""
    erasure = await queries.get_erasure(session, erasure_id, lock=True)
    ERASURE.check(erasure.state, "refused")
    await _decide(session, actor, erasure, "refused", reason)
    return erasure


async def _decide(
    session: AsyncSession, actor: Actor, erasure: ErasureRequest, to: str, reason: str | None
) -> None:
    was, erasure.state = erasure.state, to
    erasure.decided_by, erasure.decided_at = actor.id, clock.now()
    await session.flush()
    await record(session, ERASURE, erasure.id, moved=(was, to), by=actor.id, reason=reason)


# ---- Holds and time ---------------------------------------------------------------------------------------


async def place_hold(session: AsyncSession, actor: Actor, new: HoldIn) -> LegalHold:
    """Raises ValidationFailed (422) where it does not name one thing that there is."""
    if (new.requester_id is None) == (new.ticket_id is None):
        raise ValidationFailed(faults=[Fault("", "missing", "Name a requester or a ticket.")])
    try:
        if new.requester_id is not None:
            await queries.get_requester(session, new.requester_id)
        else:
            assert new.ticket_id is not None
            await queries.get_ticket(session, new.ticket_id)
    except NotFound:
        field = "requester_id" if new.requester_id else "ticket_id"
        raise ValidationFailed(faults=[Fault(f"/{field}", "unknown-id", "There is no such thing.")]) from None
    hold = LegalHold(
        id=new_id(), requester_id=new.requester_id, ticket_id=new.ticket_id, reason=new.reason,
        placed_by=actor.id, placed_at=clock.now(),
    )  # fmt: skip
    session.add(hold)
    await session.flush()
    return hold


async def release_hold(session: AsyncSession, actor: Actor, hold_id: UUID) -> LegalHold:
    """Releasing twice changes nothing. Raises NotFound."""
    hold = await queries.get_hold(session, hold_id)
    if hold.released_at is None:
        hold.released_by, hold.released_at = actor.id, clock.now()
        await session.flush()
    return hold


async def list_retention(session: AsyncSession) -> list[dict[str, Any]]:
    told = await queries.keep_days(session)
    return [
        {
            "data_class": name,
            "keep_days": told[name].keep_days if name in told else days,
            "changed_at": told[name].changed_at if name in told else None,
        }
        for name, days in rules.KEEP_DAYS.items()
    ]


async def change_retention(session: AsyncSession, data_class: str, days: int) -> dict[str, Any]:
    await queries.set_keep_days(session, data_class, days, clock.now())
    [changed] = [one for one in await list_retention(session) if one["data_class"] == data_class]
    return changed
