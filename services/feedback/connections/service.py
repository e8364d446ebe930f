"""Verbs of the connections room."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.connections import queries
from services.feedback.connections.schemas import (
    ConnectionIn,
    ConnectionPatch,
    ConnectionSettings,
    NewSecretIn,
)
from services.feedback.errors import NoSecret
from shared import clock, deliveries, outbox
from shared.crypto import Sealer
from shared.errors import Fault, NotFound, ValidationFailed
from shared.events import WebhookReceived
from shared.ids import new_id
from shared.models.feedback import Connection
from shared.models.people import Schedule


async def connect(session: AsyncSession, sealer: Sealer, new: ConnectionIn) -> Connection:
    """Raises ValidationFailed for an unknown vendor or schedule, Conflict for a key in use."""
    await _check(session, new.settings, new.schedule_id)
    connection = Connection(
        id=new_id(),
        key=new.key,
        name=new.name,
        platform=new.platform,
        account_id=new.account_id,
        sealed_secret=sealer.seal(new.secret),
        settings=new.settings.model_dump(mode="json"),
        schedule_id=new.schedule_id,
        created_at=clock.now(),
    )
    session.add(connection)
    await session.flush()
    return connection


async def change_connection(session: AsyncSession, connection_id: UUID, patch: ConnectionPatch) -> Connection:
    """Raises NotFound (404), ValidationFailed (422) for an unknown vendor or schedule."""
    connection = await queries.get_connection(session, connection_id, lock=True)
    await _check(session, patch.settings, patch.schedule_id)
    for field, value in patch.model_dump(exclude_unset=True, mode="json").items():
        setattr(connection, field, UUID(value) if field == "schedule_id" and value else value)
    await session.flush()
    return connection


async def rotate_secret(
    session: AsyncSession, sealer: Sealer, connection_id: UUID, new: NewSecretIn
) -> Connection:
    """The new secret verifies from now on, the old one beside it until the overlap is over."""
    connection = await queries.get_connection(session, connection_id, lock=True)
    if connection.sealed_secret is None:
        raise NoSecret
    connection.previous_sealed_secret = connection.sealed_secret
    connection.previous_secret_ends_at = clock.now() + timedelta(hours=new.overlap_hours)
    connection.sealed_secret = sealer.seal(new.secret)
    await session.flush()
    return connection


async def pause(session: AsyncSession, connection_id: UUID) -> Connection:
    """What comes is stored and held. Pausing twice changes nothing."""
    connection = await queries.get_connection(session, connection_id, lock=True)
    connection.is_paused = True
    await session.flush()
    return connection


async def resume(session: AsyncSession, connection_id: UUID) -> Connection:
    """What was held goes to the worker. Whoever holds a message back locks the connection's row
    first, so nothing is held after this."""
    connection = await queries.get_connection(session, connection_id, lock=True)
    connection.is_paused = False
    await session.flush()
    held = await queries.release_held(session, connection_id)
    await outbox.publish(session, *(WebhookReceived(inbox_id) for inbox_id in held))
    return connection


async def health(session: AsyncSession, connection_id: UUID) -> dict[str, Any]:
    connection = await queries.get_connection(session, connection_id)
    now = clock.now()
    found = dict(await queries.health(session, connection_id, now=now))
    oldest, received = found.pop("oldest_waiting_at"), found["received_24h"]
    dead = found.pop("dead_24h")
    return found | {
        "is_paused": connection.is_paused,
        "oldest_waiting_s": int((now - oldest).total_seconds()) if oldest else None,
        "dead_rate_24h": dead / received if received else None,
    }


async def replay_dead_letters(
    session: AsyncSession, connection_id: UUID, *, delivery_id: UUID | None = None
) -> dict[str, int]:
    """One of the connection's dead letters, or all of them. Raises NotFound for one that is not its."""
    await queries.get_connection(session, connection_id)
    letters = queries.select_dead_letters(connection_id)
    ids = {row.id for row in await session.execute(letters)}
    if delivery_id is not None:
        if delivery_id not in ids:
            raise NotFound
        ids = {delivery_id}
    return {"replayed": await deliveries.replay(session, ids=ids)}


async def ensure_import_connection(
    session: AsyncSession, *, key: str, name: str, resolution_basis: str
) -> Connection:
    """The connection that holds a file import's tickets. Safe to repeat."""
    connection = await queries.find_connection(session, key)
    if connection is None:
        connection = Connection(
            id=new_id(), key=key, name=name, platform="import", settings={},
            resolution_basis=resolution_basis, created_at=clock.now(),
        )  # fmt: skip
        session.add(connection)
        await session.flush()
    return connection


async def _check(
    session: AsyncSession, settings: ConnectionSettings | None, schedule_id: UUID | None
) -> None:
    groups = settings.groups if settings else {}
    named = {group.vendor_id for group in groups.values() if group.vendor_id}
    found = await queries.known_vendors(session, named) if named else set()
    faults = [
        Fault(f"/settings/groups/{key}/vendor_id", "unknown-id", "No such vendor.")
        for key, group in groups.items()
        if group.vendor_id and group.vendor_id not in found
    ]
    if schedule_id and await session.get(Schedule, schedule_id) is None:
        faults.append(Fault("/schedule_id", "unknown-id", "No such schedule."))
    if faults:
        raise ValidationFailed(faults=faults)
