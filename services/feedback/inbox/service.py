"""The verb of the inbox: take a delivery in, once. Verify, insert, commit, and nothing else: the
sender waits. What it says is found out later (`intake`)."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from fastapi import FastAPI
from prometheus_client import Counter
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.connections import queries as connections
from services.feedback.connections import secrets
from services.feedback.errors import SignatureInvalid
from services.feedback.inbox import queries
from services.feedback.inbox.rules import Gate, Piece, Posted
from services.feedback.intake.sources.understand import COLLISION
from shared import clock, outbox, strict
from shared.crypto import Sealer
from shared.db import Database
from shared.errors import NotFound, Problem, ValidationFailed
from shared.events import WebhookReceived
from shared.group_commit import GroupCommit
from shared.ids import derived_id
from shared.models.feedback import Connection
from shared.problems_http import faults_of

log = structlog.get_logger()
REFUSED = Counter("assay_webhooks_refused_total", "Webhooks refused", ["platform", "reason"])
COLLISIONS = Counter("assay_webhook_collisions_total", "Other bodies under a known id", ["platform"])
KEPT_HEADERS = (
    "content-type",
    "user-agent",
    "x-zendesk-webhook-id",
    "x-zendesk-webhook-invocation-id",
    "webhook-id",
)
MAX_GATES = 1_000
BIG_BYTES = 65_536
Verify = Callable[[Gate, Posted], list[Piece]]


class Outcome(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    STALE = "stale"
    """The secret was changed meanwhile: verify again."""


@dataclass(frozen=True)
class Parcel:
    """What one request brought: all of its pieces are stored, or none."""

    gate: Gate
    headers: str
    """As JSON."""
    pieces: list[Piece]


class Inbox:
    """One process's way in: the gates it knows, and the commit that concurrent deliveries share."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer
        self._gates: OrderedDict[str, Gate] = OrderedDict()
        self._commits: GroupCommit[Parcel, Outcome] = GroupCommit(db, store)

    async def receive_known(self, key: str, platform: str, posted: Posted, verify: Verify) -> Outcome | None:
        """As `receive`, by what is remembered alone. None: that is not enough to decide."""
        gate = self._gates.get(key)
        if gate is None:
            return None
        outcome = await self._take(gate, platform, posted, verify)
        return None if outcome is Outcome.STALE else outcome

    async def receive(self, key: str, platform: str, posted: Posted, verify: Verify) -> Outcome:
        """Raises NotFound (404), SignatureInvalid (401), WrongAccount (403), MalformedJson (400): of
        those nothing is kept but a count. Raises Overloaded (503) where it cannot be stored now.

        A gate is remembered, so that the database is asked only once for each delivery. What is
        remembered may be old: a refusal is checked against the newest, and what was found genuine
        is inserted only if the connection is still at the revision that said so.
        """
        try:
            try:
                outcome = await self.receive_known(key, platform, posted, verify)
            except (NotFound, SignatureInvalid):
                outcome = None
            if outcome is None:
                outcome = await self._take(await self._open(key), platform, posted, verify)
        except Problem as problem:
            REFUSED.labels(platform, problem.slug).inc()
            raise
        if outcome is Outcome.STALE:  # changed again between two statements
            raise SignatureInvalid
        return outcome

    async def _take(self, gate: Gate, platform: str, posted: Posted, verify: Verify) -> Outcome:
        if gate.platform != platform:
            raise NotFound
        try:
            if len(posted.body) > BIG_BYTES:
                pieces = await asyncio.to_thread(verify, gate, posted)  # others do not wait for it
            else:
                pieces = verify(gate, posted)
        except ValidationError as error:
            raise ValidationFailed(faults=faults_of(error.errors())) from None
        if not pieces:
            return Outcome.DUPLICATE
        return await self._commits.add(Parcel(gate, _kept(posted.headers), pieces))

    async def _open(self, key: str) -> Gate:
        async with self._db.transaction() as session:
            connection = await connections.find_connection(session, key)
        if connection is None:
            self._gates.pop(key, None)
            raise NotFound
        self._gates[key] = gate = gate_of(connection, self._sealer)
        if len(self._gates) > MAX_GATES:
            self._gates.popitem(last=False)
        return gate


def _kept(headers: Mapping[str, str]) -> str:
    kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    return json.dumps(strict.cleaned(kept))


def inbox_of(app: FastAPI) -> Inbox:
    """The process's inbox, made when the first delivery comes."""
    if not hasattr(app.state, "inbox"):
        app.state.inbox = Inbox(app.state.db, app.state.sealer)
    inbox: Inbox = app.state.inbox
    return inbox


def gate_of(connection: Connection, sealer: Sealer) -> Gate:
    sealed = (connection.sealed_secret, connection.previous_sealed_secret)
    return Gate(
        id=connection.id,
        platform=connection.platform,
        account_id=connection.account_id,
        revision=connection.revision,
        secrets=tuple(secrets.parse(sealer.unseal(one)) for one in sealed if one),
        previous_ends_at=connection.previous_secret_ends_at,
    )


# ---- Storing ------------------------------------------------------------------------------------


async def store(session: AsyncSession, parcels: list[Parcel]) -> list[Outcome]:
    """The pieces of all parcels, each once: one statement for the rows, two for their deliveries."""
    now = clock.now()
    ids, repeats = await _ids_of(session, parcels, now)
    wanted = [
        _row(parcel, piece, inbox_id)
        for parcel, parcel_ids in zip(parcels, ids, strict=True)
        for piece, inbox_id in zip(parcel.pieces, parcel_ids, strict=True)
        if inbox_id not in repeats
    ]
    new = await queries.insert_once(session, wanted, now) if wanted else set()
    first = await _who_came_first(session, wanted, new)
    unclaimed = set(new)
    collisions: list[queries.Row] = []
    outcomes = []
    for parcel, parcel_ids in zip(parcels, ids, strict=True):
        outcome = Outcome.DUPLICATE
        for piece, inbox_id in zip(parcel.pieces, parcel_ids, strict=True):
            if inbox_id in unclaimed:
                unclaimed.discard(inbox_id)
                outcome = Outcome.STORED
            elif inbox_id in repeats:
                continue
            elif inbox_id not in first:
                outcome = Outcome.STALE
                break  # none of its pieces is here: they all stand on the same revision
            elif first[inbox_id] != piece.sha256 and piece.other_body == "quarantine":
                collisions.append(_collision(parcel, piece))
        outcomes.append(outcome)
    if collisions:
        new |= await queries.insert_once(session, collisions, now)
    await outbox.publish(session, *(WebhookReceived(inbox_id) for inbox_id in new))
    return outcomes


async def _ids_of(
    session: AsyncSession, parcels: list[Parcel], now: datetime
) -> tuple[list[list[UUID]], set[UUID]]:
    """The id of each piece, and those that are repeats of what came a short while ago."""
    repeats: set[UUID] = set()
    ids = []
    for parcel in parcels:
        scope, parcel_ids = parcel.gate.id, []
        for piece in parcel.pieces:
            if piece.repeats_for is None:
                parcel_ids.append(derived_id(scope, "inbox", piece.source_key))
                continue
            # Equal bytes are a repeat for a while only: after that, they are another delivery.
            since = now - piece.repeats_for
            found = await queries.find_repeat(session, scope, piece.source_key, since=since)
            if found is not None:
                repeats.add(found)
            parcel_ids.append(found or derived_id(scope, "inbox", piece.source_key, now.isoformat()))
        ids.append(parcel_ids)
    return ids, repeats


def _row(parcel: Parcel, piece: Piece, inbox_id: UUID) -> queries.Row:
    gate = parcel.gate
    return inbox_id, gate.id, gate.revision, piece.source_key, parcel.headers, piece.body, piece.sha256


async def _who_came_first(
    session: AsyncSession, rows: list[queries.Row], new: set[UUID]
) -> dict[UUID, bytes]:
    """id → hash of the body that is stored under it."""
    first = {row[0]: row[-1] for row in reversed(rows) if row[0] in new}
    missing = {row[0] for row in rows} - new
    return first | (await queries.hashes(session, missing)) if missing else first


def _collision(parcel: Parcel, piece: Piece) -> queries.Row:
    """Another message under a known id is kept beside it, for somebody to look at."""
    log.warning("another message came under a known id", connection_id=str(parcel.gate.id))
    COLLISIONS.labels(parcel.gate.platform).inc()
    key = f"{COLLISION}{piece.source_key}"
    beside = replace(piece, source_key=key)
    return _row(parcel, beside, derived_id(parcel.gate.id, "inbox", key, piece.sha256.hex()))
