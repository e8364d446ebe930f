"""Verbs of the intake room: take a webhook in, understand it later, store what it says."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.connections import queries as connections
from services.feedback.errors import SignatureInvalid, WrongAccount
from services.feedback.intake import queries
from services.feedback.intake.normalised import Normalised, NotUnderstood
from services.feedback.intake.sources import zendesk
from shared import clock, outbox, strict
from shared.crypto import Sealer
from shared.errors import MalformedJson, NotFound, Problem
from shared.events import AgentSeen, TicketsChanged, WebhookReceived
from shared.ids import agent_id, derived_id, ticket_id
from shared.models.feedback import Connection, InboxRow
from shared.worker import Undeliverable

REFUSED = Counter("assay_webhooks_refused_total", "Webhooks refused", ["platform", "reason"])
KEPT_HEADERS = (
    "content-type",
    "user-agent",
    "x-zendesk-webhook-id",
    "x-zendesk-webhook-invocation-id",
)
MAX_JSON_DEPTH = 64


async def receive(
    session: AsyncSession,
    sealer: Sealer,
    connection_key: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    freshness_s: int,
) -> bool:
    """Stores a genuine delivery, once. Returns False where it was here already.

    Raises NotFound (404), SignatureInvalid (401), WrongAccount (403), MalformedJson (400):
    of those nothing is kept but a count.
    """
    connection = await connections.find_connection(session, connection_key)
    if connection is None or connection.platform != "zendesk":
        raise NotFound
    now = clock.now()
    if not any(
        zendesk.is_genuine(sealer.unseal(sealed), headers, body, now=now, freshness_s=freshness_s)
        for sealed in _secrets(connection, now)
    ):
        REFUSED.labels("zendesk", "signature").inc()
        raise SignatureInvalid
    payload = _parse(body)
    if (account := zendesk.account_of(payload)) is not None and account != connection.account_id:
        REFUSED.labels("zendesk", "account").inc()
        raise WrongAccount
    source_key = zendesk.source_key(payload) or "sha256:" + hashlib.sha256(body).hexdigest()
    inbox_id = derived_id(connection.id, "inbox", source_key)
    is_new = await queries.insert_inbox(
        session,
        {
            "id": inbox_id,
            "connection_id": connection.id,
            "source_key": source_key,
            "headers": strict.cleaned({name: headers[name] for name in KEPT_HEADERS if name in headers}),
            "body": body,
            "received_at": now,
            "is_held": False,
        },
    )
    if is_new:
        await outbox.publish(session, WebhookReceived(inbox_id))
    return is_new


def _secrets(connection: Connection, now: datetime) -> Iterator[str]:
    """The secrets that verify now: two while a rotation overlaps."""
    if connection.sealed_secret:
        yield connection.sealed_secret
    until = connection.previous_secret_ends_at
    if connection.previous_sealed_secret and until and now < until:
        yield connection.previous_sealed_secret


def _parse(body: bytes) -> Any:
    """Broken JSON is refused: the same bytes would come again. JSON that holds what we cannot
    store (NUL, half a surrogate pair) is genuine: it is kept, and cleaned where it is read."""
    try:
        return strict.loads(body, max_depth=MAX_JSON_DEPTH, storable=False)
    except MalformedJson:
        REFUSED.labels("zendesk", "malformed").inc()
        raise


async def normalise_webhook(session: AsyncSession, inbox_id: UUID) -> None:
    """Raises Undeliverable where trying again is useless: a person has to look at it."""
    row = await session.get(InboxRow, inbox_id)
    if row is None:
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
        payload = strict.cleaned(strict.loads(row.body, max_depth=MAX_JSON_DEPTH, storable=False))
        found = zendesk.normalise(payload, connection.settings)
    except (NotUnderstood, Problem) as error:
        raise Undeliverable(str(error)) from None
    if found is not None:
        await apply(session, connection, [found])


async def apply(session: AsyncSession, connection: Connection, batch: Sequence[Normalised]) -> set[UUID]:
    """Stores what the sources said, in one statement a table however many tickets there are.

    Returns the tickets about which something new was learned, and tells the subscribers.
    """
    scope = connection.id
    tickets = _newest(_ticket_row(connection, one) for one in batch)
    if not tickets:
        return set()
    changed = await queries.upsert_tickets(session, tickets)
    if rows := _distinct(_event_row(scope, one, change) for one in batch for change in one.changes):
        changed |= await queries.add_events(session, rows)
    if rows := _distinct(_message_row(scope, one, new) for one in batch for new in one.messages):
        changed |= await queries.add_messages(session, rows)
    if rows := _newest(_rating_row(scope, one, new) for one in batch for new in one.ratings):
        changed |= await queries.upsert_ratings(session, rows)
    agents = _sightings(scope, batch)
    met = await queries.upsert_agents(session, agents) if agents else []
    events = [AgentSeen(person_id) for person_id in sorted(met)]
    if changed:
        await outbox.publish(session, *events, TicketsChanged(tuple(sorted(changed))))
    else:
        await outbox.publish(session, *events)
    return changed


def _ticket_row(connection: Connection, one: Normalised) -> dict[str, Any]:
    row = asdict(one.ticket)
    assignee = row.pop("assignee_key")
    return row | {
        "id": ticket_id(connection.id, one.ticket_key),
        "connection_id": connection.id,
        "external_id": one.ticket_key,
        "assignee_id": agent_id(connection.id, assignee) if assignee else None,
        "tags": list(row["tags"]) if row["tags"] is not None else None,
    }


def _event_row(scope: UUID, one: Normalised, change: Any) -> dict[str, Any]:
    row = asdict(change)
    return row | {
        "ticket_id": ticket_id(scope, one.ticket_key),
        "id": derived_id(scope, "event", row.pop("key")),
    }


def _message_row(scope: UUID, one: Normalised, new: Any) -> dict[str, Any]:
    return asdict(new) | {
        "ticket_id": ticket_id(scope, one.ticket_key),
        "id": derived_id(scope, "message", new.external_id),
    }


def _rating_row(scope: UUID, one: Normalised, new: Any) -> dict[str, Any]:
    row = asdict(new)
    agent = row.pop("agent_key")
    return row | {
        "ticket_id": ticket_id(scope, one.ticket_key),
        "id": derived_id(scope, "rating", row.pop("key")),
        "agent_id": agent_id(scope, agent) if agent else None,
    }


def _sightings(scope: UUID, batch: Sequence[Normalised]) -> list[dict[str, Any]]:
    """One row an account: the newest name and the newest vendor that the batch tells of it."""
    rows: dict[str, dict[str, Any]] = {}
    for one in sorted(batch, key=lambda one: one.ticket.version_at):
        at = one.ticket.version_at
        for seen in one.agents:
            blank = {"name": None, "named_at": None, "vendor_id": None, "vendor_seen_at": None}
            row = rows.setdefault(seen.external_id, blank)
            if seen.name is not None:
                row |= {"name": seen.name, "named_at": at}
            if seen.vendor_id is not None:
                row |= {"vendor_id": seen.vendor_id, "vendor_seen_at": at}
    return [
        {"id": agent_id(scope, key), "connection_id": scope, "external_id": key, **rows[key]}
        for key in sorted(rows, key=lambda key: agent_id(scope, key))
    ]


def _distinct(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row an id, in id order: two transactions lock what they share in the same order."""
    by_id: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        by_id.setdefault(row["id"], row)
    return [by_id[key] for key in sorted(by_id)]


def _newest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row an id, the newest version, in id order."""
    newest_first = sorted(
        rows,
        key=lambda row: (row["version_at"], row.get("version_number", 0), row.get("version_key", "")),
        reverse=True,
    )
    return _distinct(newest_first)
