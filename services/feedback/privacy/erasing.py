"""Forgets a person: their key and identity, all that was said in their tickets, and what was delivered about
them. Who asked stays told apart from others by a random word, so that no figure changes."""

import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.intake.people import ERASED, opened
from services.feedback.intake.queries import lock_tickets
from services.feedback.intake.rules import ERASED_WITH_REQUESTER
from services.feedback.privacy import queries, rules
from services.feedback.privacy.rules import Needles
from shared import clock, deliveries, outbox
from shared.crypto import Sealer
from shared.events import ErasureApproved, RequesterNamed, TicketsChanged, WordsTakenBack
from shared.models.feedback import InboxRow, Ticket
from shared.models.privacy import ErasureRequest, Requester
from shared.states import BLANK, Machine, record

ERASURE = Machine("erasure_request", {"requested": {"approved", "refused"}, "approved": {"done"}})
RAW_AT_ONCE = 500
"""Raw deliveries looked through in one transaction."""
TICKETS_AN_EVENT = 500
WHILE_HELD_S = 3600.0


async def erase_step(session: AsyncSession, sealer: Sealer, erasure_id: UUID) -> None:
    """One step is one transaction: some of what was delivered, and at the end, all the rest at once. A
    step that was done already is done again without harm; while something is held, none is done."""
    erasure = await queries.get_erasure(session, erasure_id, lock=True)
    if erasure.state != "approved":
        return
    requester = await queries.get_requester(session, erasure.requester_id, lock=True)
    tickets = await queries.tickets_of(session, [requester.id])
    if await queries.holds_on(session, requester.id, tickets):
        await outbox.publish(session, ErasureApproved(erasure_id), after_s=WHILE_HELD_S)
        return
    erasure.began_at = erasure.began_at or clock.now()
    needles = await _needles(session, sealer, requester, tickets)
    raw = await queries.list_raw(
        session, requester.connection_id, after=erasure.scanned_to, limit=RAW_AT_ONCE
    )
    _count(erasure, await _remove_mentions(session, raw, needles))
    erasure.scanned += len(raw)
    if len(raw) == RAW_AT_ONCE:
        erasure.scanned_to = raw[-1].id
        await session.flush()
        await outbox.publish(session, ErasureApproved(erasure_id))
        return
    late = await queries.list_raw(session, requester.connection_id, since=erasure.began_at)
    _count(erasure, await _remove_mentions(session, late, needles))
    _count(erasure, await forget(session, sealer, requester, ERASED + secrets.token_hex(16)))
    erasure.state, erasure.done_at = "done", clock.now()
    await session.flush()
    await record(session, ERASURE, erasure.id, moved=("approved", "done"), by=None)


async def forget(
    session: AsyncSession, sealer: Sealer, requester: Requester, pseudonym: str
) -> dict[str, int]:
    """Everything but what was delivered and never understood. The requester's row is locked, so nothing
    of theirs is being stored meanwhile. Returns place → how many rows were blanked or removed."""
    now, was = clock.now(), requester.external_key
    ids = sorted(await queries.tickets_of(session, [requester.id]))
    needles = await _needles(session, sealer, requester, ids)
    tickets = await lock_tickets(session, ids)
    beside = [one for one in await queries.requesters_beside(session, ids) if one.id != requester.id]
    for ticket in tickets:
        _blank(ticket, was, pseudonym, is_unnamed=ticket.id == requester.ticket_id)
    proof = {
        "tickets": len(tickets),
        "originals": await queries.drop_originals(session, ids, requester.id),
        "messages": await queries.blank_messages(session, ids),
        "ratings": await queries.blank_ratings(session, ids),
        "events": await _rename_in_events(session, ids, needles, was, pseudonym),
    }
    for rating in await queries.ratings_of(session, ids):
        rating.raw = "" if rules.says(rating.raw, needles, {was}) else rating.raw
    if was is not None:
        proof["authors"] = await queries.rename_author(session, ids, was, pseudonym)
    raw = await queries.raw_about(session, requester.connection_id, [one.external_id for one in tickets])
    proof["deliveries"] = await queries.remove_raw(session, raw, now)
    proof["written"] = await _take_words_of_people(session, requester, ids, needles)
    said = [*map(str, ids), *needles.words, *needles.keys]
    proof["answers"] = await deliveries.blank_answers(session, saying=said)
    for one in (requester, *beside):
        _close(one, pseudonym, now)
    proof["identities"] = 1 + len(beside)
    await session.flush()
    for some in _in_parts(ids):
        await outbox.publish(session, WordsTakenBack(some), TicketsChanged(some))
    return proof


async def _take_words_of_people(
    session: AsyncSession, requester: Requester, ticket_ids: Collection[UUID], needles: Needles
) -> int:
    """What specialists, agents and leads wrote about these tickets goes where it names the person. Returns
    of how many audits, appeals, holds and erasures."""
    named: dict[str, set[UUID]] = {"audit": set(), "appeal": set()}
    for subject, subject_id, texts in await queries.words_about(session, ticket_ids):
        if rules.says(texts, needles, {requester.external_key}):
            named[subject].add(subject_id)
    audits, appeals = (tuple(sorted(named[subject])) for subject in ("audit", "appeal"))
    if audits or appeals:
        await outbox.publish(session, RequesterNamed(audits, appeals))
    own = [
        one
        for one in await queries.reasons_about(session, requester.id, ticket_ids)
        if rules.says(one.reason, needles, {requester.external_key})
    ]
    for one in own:
        one.reason = BLANK
    return len(audits) + len(appeals) + len(own)


def _blank(ticket: Ticket, was: str | None, pseudonym: str, *, is_unnamed: bool) -> None:
    for name in ERASED_WITH_REQUESTER:
        setattr(ticket, name, None)
    ticket.is_erased = ticket.has_redactions = True
    if is_unnamed or (was is not None and ticket.requester_key == was):
        ticket.requester_key = pseudonym


def _close(requester: Requester, pseudonym: str, now: datetime) -> None:
    requester.external_key, requester.erased_at = pseudonym, now
    for name in ("sealed_key", "sealed_name", "name_hash", "sealed_email"):
        setattr(requester, name, None)  # by the hash of their address what comes later is known as theirs


async def _rename_in_events(
    session: AsyncSession, ticket_ids: Collection[UUID], needles: Needles, was: str | None, pseudonym: str
) -> int:
    changed = 0
    for event in await queries.events_of(session, ticket_ids):
        for name in ("from_value", "to_value", "actor_key"):
            value = getattr(event, name)
            if value is not None and value == was:
                setattr(event, name, pseudonym)
            elif rules.says(value, needles, {was}):
                setattr(event, name, None)
        if rules.says(event.detail, needles, {was}):
            event.detail = None
        changed += event in session.dirty
    return changed


async def _needles(
    session: AsyncSession, sealer: Sealer, requester: Requester, ticket_ids: Iterable[UUID]
) -> Needles:
    ids = list(ticket_ids)
    people = [requester, *await queries.requesters_beside(session, ids)]
    known = [opened(sealer, one) for one in people]
    words = [word for one in known for word in (one.name, one.email)]
    return Needles.of(words, [requester.external_key])


async def _remove_mentions(
    session: AsyncSession, raw: Sequence[InboxRow], needles: Needles
) -> dict[str, int]:
    """Those that were understood, and those that never will be. What is on its way to be understood goes
    when it is: by then the person is known to be erased."""
    saying = [row.id for row in raw if rules.mentions(row.body + json.dumps(row.headers).encode(), needles)]
    if not saying:
        return {}
    waiting = await queries.waiting(session, saying)
    gone = [one for one in saying if one not in waiting]
    return {"mentions": await queries.remove_raw(session, gone, clock.now())}


def _count(erasure: ErasureRequest, done: dict[str, int]) -> None:
    sums = dict(erasure.proof)
    for place, number in done.items():
        sums[place] = sums.get(place, 0) + number
    erasure.proof = sums


def _in_parts(ids: Sequence[UUID]) -> list[tuple[UUID, ...]]:
    return [tuple(ids[at : at + TICKETS_AN_EVENT]) for at in range(0, len(ids), TICKETS_AN_EVENT)]


# ---- After a backup was restored --------------------------------------------------------------


async def export_erasures(session: AsyncSession) -> list[dict[str, Any]]:
    """Who is erased, by keyed hashes and random words: what a restored backup has to be told again."""
    return [
        {
            "id": str(one.id), "connection_id": str(one.connection_id), "pseudonym": one.external_key,
            "ticket_id": str(one.ticket_id) if one.ticket_id else None,
            "erased_at": one.erased_at.isoformat() if one.erased_at else None,
        }
        for one in await queries.list_erased(session)
    ]  # fmt: skip


async def reapply(session: AsyncSession, sealer: Sealer, told: dict[str, Any]) -> dict[str, int]:
    """Erases one person of that list again. Safe to repeat."""
    requester_id = UUID(told["id"])
    requester = await session.get(Requester, requester_id, with_for_update=True)
    if requester is None:
        row = Requester(
            id=requester_id, connection_id=UUID(told["connection_id"]), external_key=told["pseudonym"],
            ticket_id=UUID(told["ticket_id"]) if told["ticket_id"] else None,
            erased_at=datetime.fromisoformat(told["erased_at"]),
        )  # fmt: skip
        session.add(row)
        await session.flush()
        return {"identities": 1}
    if requester.erased_at is not None:
        return {}
    needles = await _needles(session, sealer, requester, await queries.tickets_of(session, [requester_id]))
    raw = await queries.list_raw(session, requester.connection_id)
    removed = await _remove_mentions(session, raw, needles)
    return removed | await forget(session, sealer, requester, told["pseudonym"])
