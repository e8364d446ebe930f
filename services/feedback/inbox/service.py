"""The verb of the inbox: take a delivery in, once. Verify, insert, commit, and nothing else: the
sender waits. What it says is found out later (`intake`)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import orjson
import structlog
from fastapi import FastAPI
from prometheus_client import Counter
from pydantic import ValidationError

from services.feedback.connections import queries as connections
from services.feedback.connections import secrets
from services.feedback.errors import SignatureInvalid
from services.feedback.inbox import queries
from services.feedback.inbox.rules import Gate, Piece, Posted
from services.feedback.intake.sources.understand import COLLISION
from shared import clock
from shared.crypto import Sealer
from shared.db import Database
from shared.errors import NotFound, Problem, ValidationFailed
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
        self._commits: GroupCommit[Parcel, Outcome] = GroupCommit(self._store)

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
                gate = await self._open(key)
                outcome = await self._take(gate, platform, replace(posted, now=clock.now()), verify)
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
        parcel = Parcel(gate, _kept(posted.headers), pieces)
        if pieces[0].repeats_for is not None:
            return await self._store_lasting(parcel, pieces[0], pieces[0].repeats_for)
        return await self._commits.add(parcel)

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

    async def _store(self, parcels: list[Parcel]) -> list[Outcome]:
        """The pieces of all parcels, each once, in one statement."""
        now = clock.now()
        rows: dict[UUID, queries.Row] = {}
        ids = [
            [derived_id(parcel.gate.id, "inbox", piece.source_key) for piece in parcel.pieces]
            for parcel in parcels
        ]
        for parcel, parcel_ids in zip(parcels, ids, strict=True):
            for piece, inbox_id in zip(parcel.pieces, parcel_ids, strict=True):
                rows.setdefault(inbox_id, _row(parcel, piece, inbox_id))
        new = await queries.store_once(self._db, list(rows.values()), now)
        first = {inbox_id: rows[inbox_id][-1] for inbox_id in new}
        if missing := rows.keys() - new:
            first |= await queries.hashes(self._db, missing)
        unclaimed = set(new)
        collisions: dict[UUID, queries.Row] = {}
        outcomes = []
        for parcel, parcel_ids in zip(parcels, ids, strict=True):
            outcome = Outcome.DUPLICATE
            for piece, inbox_id in zip(parcel.pieces, parcel_ids, strict=True):
                if inbox_id not in first:
                    outcome = Outcome.STALE
                    break  # none of its pieces is here: they all stand on the same revision
                if inbox_id in unclaimed:
                    unclaimed.discard(inbox_id)
                    outcome = Outcome.STORED
                elif first[inbox_id] != piece.sha256 and piece.other_body == "quarantine":
                    beside = _collision(parcel, piece)
                    collisions[beside[0]] = beside
            outcomes.append(outcome)
        if collisions:
            await queries.store_once(self._db, list(collisions.values()), now)
        return outcomes

    async def _store_lasting(self, parcel: Parcel, piece: Piece, repeats_for: timedelta) -> Outcome:
        """Equal bytes are a repeat for a while only: after that, they are another delivery."""
        now, scope = clock.now(), parcel.gate.id
        async with self._db.transaction() as session:
            since = now - repeats_for
            if await queries.find_repeat(session, scope, piece.source_key, since=since) is not None:
                return Outcome.DUPLICATE
            inbox_id = derived_id(scope, "inbox", piece.source_key, now.isoformat())
            new = await queries.store_in(session, [_row(parcel, piece, inbox_id)], now)
        return Outcome.STORED if new else Outcome.STALE


def _kept(headers: Mapping[str, str]) -> str:
    kept = {name: headers[name].replace("\x00", "\ufffd") for name in KEPT_HEADERS if name in headers}
    return orjson.dumps(kept).decode()


def inbox_of(app: FastAPI) -> Inbox:
    """The process's inbox, made when the first delivery comes."""
    if not hasattr(app.state, "inbox"):
        app.state.inbox = Inbox(app.state.hooks, app.state.sealer)
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


def _row(parcel: Parcel, piece: Piece, inbox_id: UUID) -> queries.Row:
    gate = parcel.gate
    return inbox_id, gate.id, gate.revision, piece.source_key, parcel.headers, piece.body, piece.sha256


def _collision(parcel: Parcel, piece: Piece) -> queries.Row:
    """Another message under a known id is kept beside it, for somebody to look at."""
    log.warning("another message came under a known id", connection_id=str(parcel.gate.id))
    COLLISIONS.labels(parcel.gate.platform).inc()
    key = f"{COLLISION}{piece.source_key}"
    beside = replace(piece, source_key=key)
    return _row(parcel, beside, derived_id(parcel.gate.id, "inbox", key, piece.sha256.hex()))
