"""Verbs of the intake room: understand a delivery, and store what it says."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.connections import queries as connections
from services.feedback.intake import queries, rows, texts
from services.feedback.intake.normalised import Normalised, NotUnderstood, Told
from services.feedback.intake.people import Askers, Mentioned, names_erased, unnamed
from services.feedback.intake.rules import TAKES_WORDS_BACK, Known, is_settled, merge
from services.feedback.intake.sources import understand
from services.feedback.intake.texts import Original
from services.feedback.redaction.rules import Known as People
from shared import clock, outbox
from shared.crypto import Sealer
from shared.errors import Problem
from shared.events import (
    AgentSeen,
    ConnectionBehind,
    Event,
    RequestersChanged,
    TicketsChanged,
    TicketsWanted,
    WordsTakenBack,
)
from shared.ids import ticket_id
from shared.models.feedback import Connection, InboxRow
from shared.worker import Undeliverable


async def normalise_webhook(session: AsyncSession, sealer: Sealer, inbox_id: UUID) -> None:
    """Raises Undeliverable where trying again is useless: a person has to look at it."""
    row = await session.get(InboxRow, inbox_id)
    if row is None or row.body_removed_at:
        raise Undeliverable("The raw delivery is no longer kept.")
    connection = await connections.get_connection(session, row.connection_id)
    if connection.is_paused:
        # Asked again under its lock: either it is still paused and resuming will find this row
        # held, or it has been resumed and we go on.
        connection = await connections.get_connection(session, row.connection_id, lock=True)
        if connection.is_paused:
            row.is_held = True
            return
    try:
        told = read(connection, row)
    except Undeliverable:
        if not await names_erased(session, sealer, connection.id, row.body):
            raise
        row.body, row.headers, row.body_removed_at = b"", {}, clock.now()  # nothing is left to look at
        return
    await take_in(session, sealer, connection, told)
    _note_understood(row, told)
    erased = await _erased_tickets(session, connection, told)
    if erased:
        await session.flush()
        await queries.erase_raw(session, connection.id, erased, clock.now())


def read(connection: Connection, row: InboxRow) -> Told:
    """What a stored delivery says. Raises Undeliverable."""
    try:
        return understand.delivery(
            connection.platform, row.body, connection.settings,
            received_at=row.received_at, source_key=row.source_key,
        )  # fmt: skip
    except (NotUnderstood, Problem) as error:
        raise Undeliverable(str(error)) from None


async def take_in(session: AsyncSession, sealer: Sealer, connection: Connection, told: Told) -> None:
    await apply(session, sealer, connection, told.tickets)
    if told.resync_since is not None and connection.api:
        since = told.resync_since.isoformat()
        await outbox.publish(session, ConnectionBehind(connection.id, since))


def _note_understood(row: InboxRow, told: Told) -> None:
    row.understood_at = clock.now()
    row.ticket_key = told.tickets[0].ticket_key if told.tickets else None


async def _erased_tickets(session: AsyncSession, connection: Connection, told: Told) -> set[str]:
    """Those of them of which no raw delivery may be kept."""
    ids = [ticket_id(connection.id, one.ticket_key) for one in told.tickets]
    return await queries.tickets_with_redactions(session, ids) if ids else set()


# ---- Storing ------------------------------------------------------------------------------------


@dataclass
class _Batch:
    """What a batch says, by ticket, and what is known of each after it was merged in."""

    connection: Connection
    askers: Askers
    told: Sequence[Normalised]
    known: dict[str, Known] = field(default_factory=dict)
    changed: set[UUID] = field(default_factory=set)
    originals: list[Original] = field(default_factory=list)
    restless: set[UUID] = field(default_factory=set)
    """Tickets whose stored texts may have to be redacted anew, or sealed for somebody else."""

    def ids(self, keys: Sequence[str] | set[str]) -> list[UUID]:
        return sorted(ticket_id(self.connection.id, key) for key in keys)

    def owner(self, key: str) -> UUID:
        """Who asks in the ticket, as far as is known."""
        return self.askers.id_of(self.known[key].values.get("requester_key"), key)

    def people(self, key: str, *authors: UUID) -> People:
        """Whose names and addresses are no words in this ticket."""
        return self.askers.people({self.owner(key), self.askers.id_of(None, key), *authors})

    def language(self, key: str) -> str | None:
        language: str | None = self.known[key].values.get("language")
        return language


async def apply(
    session: AsyncSession, sealer: Sealer, connection: Connection, told: Sequence[Normalised]
) -> set[UUID]:
    """Stores what the sources said, in a fixed number of statements however many tickets there are: who
    asks and what was said sealed, and redacted for everybody to read.

    Returns the tickets about which something new was learned, and tells the subscribers.
    """
    if not told:
        return set()
    askers = Askers(sealer, connection.id)
    await askers.meet(session, told)
    batch = _Batch(connection, askers, [unnamed(askers, one) for one in told])
    await _merge_tickets(session, batch)
    await _add_history(session, batch)
    await _add_messages(session, batch)
    await _add_ratings(session, batch)
    await _keep_originals(session, batch)
    agents = rows.sighting_rows(connection.id, told)
    met = await queries.upsert_agents(session, agents) if agents else []
    gone = await _take_words_back(session, batch)
    is_wanted = await _want_refetch(session, batch)
    events: list[Event] = [
        *(AgentSeen(person_id) for person_id in sorted(met)),
        *([TicketsChanged(tuple(sorted(batch.changed)))] if batch.changed else []),
        *([WordsTakenBack(gone)] if gone else []),
        *_to_redact_anew(batch),
        *([TicketsWanted(connection.id)] if is_wanted else []),
    ]
    await outbox.publish(session, *events)
    return batch.changed


async def _merge_tickets(session: AsyncSession, batch: _Batch) -> None:
    """New tickets in one statement; those that are here already are locked, merged and written."""
    by_key: dict[str, list[Normalised]] = defaultdict(list)
    for one in batch.told:
        by_key[one.ticket_key].append(one)
    for key, told in by_key.items():
        batch.known[key] = Known()
        for one in told:
            merge(batch.known[key], one)
    new = rows.distinct(_ticket_row(batch, key) for key in batch.known)
    inserted = await queries.insert_tickets(session, new)
    batch.changed |= inserted
    here = [row["id"] for row in new if row["id"] not in inserted]
    if not here:
        return
    differing = []
    for ticket in await queries.lock_tickets(session, here):
        known = batch.known[ticket.external_id] = rows.known_of(ticket)
        differs = [merge(known, one) for one in by_key[ticket.external_id]]
        if any(differs):
            differing.append(ticket.external_id)
        if (ticket.requester_key, ticket.language) != (
            known.values["requester_key"],
            known.values["language"],
        ):
            batch.restless.add(ticket.id)
    await batch.askers.find(session, {}, also={batch.owner(key) for key in by_key})
    changed = [_ticket_row(batch, key) for key in differing]
    if changed:
        await queries.write_tickets(session, changed)
        batch.changed |= {row["id"] for row in changed}


def _ticket_row(batch: _Batch, key: str) -> rows.Row:
    row = rows.ticket_row(batch.connection.id, key, batch.known[key])
    return texts.without_sent(row, batch.people(key))


async def _add_history(session: AsyncSession, batch: _Batch) -> None:
    scope = batch.connection.id
    new = rows.distinct(
        rows.event_row(scope, one.ticket_key, change)
        for one in batch.told
        for change in one.changes
        if not is_settled(change, batch.known[one.ticket_key].settled)
    )
    if new:
        batch.changed |= await queries.add_events(session, new)
    settled = [
        {
            "ticket_id": ticket_id(scope, one.ticket_key),
            "field": stretch.field, "since": stretch.since, "until": stretch.until,
        }
        for one in batch.told
        for stretch in one.settled
    ]  # fmt: skip
    if settled:
        batch.changed |= await queries.settle_events(session, settled)


async def _add_messages(session: AsyncSession, batch: _Batch) -> None:
    keys = {id: key for key in batch.known for id in batch.ids({key})}
    new = rows.newest(
        rows.message_row(batch.connection.id, one.ticket_key, message, _is_wordless(batch, one))
        for one in batch.told
        for message in one.messages
    )
    if not new:
        return
    sent = {(row["ticket_id"], row["id"]): row for row in new}
    done = await queries.upsert_messages(session, [_message_row(batch, row, keys) for row in new])
    batch.changed |= {ticket for ticket, _ in done}
    batch.originals += [
        Original(
            ticket, message, "body", _author(batch, sent[ticket, message], keys[ticket]),
            sent[ticket, message]["body"],
        )
        for ticket, message in sorted(done)
    ]  # fmt: skip


def _message_row(batch: _Batch, row: rows.Row, keys: Mapping[UUID, str]) -> rows.Row:
    key = keys[row["ticket_id"]]
    people = batch.people(key, _author(batch, row, key))
    return row | {"body": texts.redacted(row["body"], people, batch.language(key))}


def _author(batch: _Batch, row: rows.Row, key: str) -> UUID:
    """For whom a message is sealed: its author, where they ask for help; else who asks in its ticket."""
    if row["author_kind"] == "requester" and row["author_key"]:
        return batch.askers.id_of(row["author_key"], key)
    return batch.owner(key)


async def _add_ratings(session: AsyncSession, batch: _Batch) -> None:
    keys = {id: key for key in batch.known for id in batch.ids({key})}
    new = rows.newest(
        rows.rating_row(batch.connection.id, one.ticket_key, rating, _is_wordless(batch, one))
        for one in batch.told
        for rating in one.ratings
    )
    if not new:
        return
    sent = {(row["ticket_id"], row["id"]): row for row in new}
    done = await queries.upsert_ratings(
        session, [_rating_row(batch, row, keys[row["ticket_id"]]) for row in new]
    )
    batch.changed |= {ticket for ticket, _ in done}
    batch.originals += [
        Original(ticket, rating, name, batch.owner(keys[ticket]), sent[ticket, rating][name])
        for ticket, rating in sorted(done)
        for name in texts.OF_RATING
    ]


def _rating_row(batch: _Batch, row: rows.Row, key: str) -> rows.Row:
    people, language = batch.people(key), batch.language(key)
    return row | {name: texts.redacted(row[name], people, language) for name in texts.OF_RATING}


def _is_wordless(batch: _Batch, one: Normalised) -> bool:
    return batch.known[one.ticket_key].is_wordless


async def _keep_originals(session: AsyncSession, batch: _Batch) -> None:
    """What was told just now and counts, sealed for whoever it belongs to."""
    scope = batch.connection.id
    for key, known in batch.known.items():
        batch.originals += [
            Original(ticket_id(scope, key), ticket_id(scope, key), name, batch.owner(key), value)
            for name, value in texts.sent_in(known.values)
        ]
    missing = {
        batch.owner(key): Mentioned(known.values.get("requester_key"), ticket_id(scope, key))
        for key, known in batch.known.items()
        if not known.is_wordless
    }
    for said in missing.values():
        said.ticket_id = None if said.external_key else said.ticket_id
    wanted = {one.requester_id for one in batch.originals if one.value} - batch.askers.by_id.keys()
    if wanted:
        await batch.askers.find(session, {one: missing[one] for one in wanted})
    kept = []
    for one in batch.originals:
        asker = batch.askers.by_id.get(one.requester_id)
        if asker is not None and asker.key is not None:
            kept.append(one.row(asker.key))
    if kept:
        await queries.keep_originals(session, kept)


def _to_redact_anew(batch: _Batch) -> list[Event]:
    """Afterwards, because there is no telling how much it is."""
    if not (batch.restless or batch.askers.renamed):
        return []
    return [RequestersChanged(tuple(sorted(batch.askers.renamed)), tuple(sorted(batch.restless)))]


async def _take_words_back(session: AsyncSession, batch: _Batch) -> tuple[UUID, ...]:
    """Redactions reach what is stored, whatever came first. Returns the tickets of which others may keep
    copies that have to go."""
    hiding = {
        one.ticket_key
        for one in batch.told
        if any(change.field in TAKES_WORDS_BACK | {"made_private"} for change in one.changes)
    }
    redacted = {key for key, known in batch.known.items() if known.has_redactions}
    saying = {one.ticket_key for one in batch.told if one.messages}
    touched = set()
    if hiding or saying:
        touched = await queries.take_words_back(session, batch.ids(hiding | saying))
        batch.changed |= touched
    if touched:
        await queries.drop_originals(session, sorted(touched))
    purged = {
        one.ticket_key for one in batch.told if one.state.get("is_purged") or one.state.get("is_erased")
    }
    if purged:
        await queries.erase_texts(session, batch.ids(purged))
    gone = set(batch.ids((redacted & hiding) | purged)) | (touched & set(batch.ids(redacted)))
    return tuple(sorted(gone))


async def _want_refetch(session: AsyncSession, batch: _Batch) -> bool:
    """What was only pointed at is asked for over REST, where there is a way to ask."""
    if not batch.connection.api:
        return False
    wanted: dict[str, set[str]] = defaultdict(set)
    for one in batch.told:
        if one.refetch:
            wanted[one.ticket_key] |= set(one.refetch)
    if not wanted:
        return False
    now = clock.now()
    await queries.want_refetch(
        session,
        [
            {
                "connection_id": batch.connection.id, "ticket_key": key,
                "parts": sorted(wanted[key]), "wanted_at": now,
            }
            for key in sorted(wanted)
        ],
    )  # fmt: skip
    return True
