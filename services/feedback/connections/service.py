"""Verbs of the connections room."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.connections import queries
from services.feedback.connections.rules import (
    check_address,
    faults_of_api,
    faults_of_secrets,
    shape,
    vendors_in,
)
from services.feedback.connections.schemas import (
    ApiIn,
    ConnectionIn,
    ConnectionOut,
    ConnectionPatch,
    DeadLetterFilters,
    NewSecretIn,
)
from services.feedback.connections.secrets import parse, text
from services.feedback.connections.settings import SETTINGS, GenericSettings
from services.feedback.errors import NoSecret
from shared import clock, deliveries, outbox
from shared.config import Settings
from shared.crypto import Sealer
from shared.errors import Fault, NotFound, ValidationFailed
from shared.events import WebhookReceived
from shared.ids import new_id
from shared.models.feedback import Connection
from shared.models.people import Schedule
from shared.preconditions import Unchanged
from shared.problems_http import faults_of
from shared.schemas import In

RECONCILE_EVERY = timedelta(hours=1)


async def connect(session: AsyncSession, sealer: Sealer, new: ConnectionIn, config: Settings) -> Connection:
    """Raises ValidationFailed for an unknown vendor or schedule, UrlNotAllowed, Conflict for a key in use."""
    secrets = new.secrets()
    faults = [
        *await _unknown(session, new.settings, new.schedule_id),
        *faults_of_secrets(new.platform, secrets, is_test=new.is_test),
        *faults_of_api(new.platform, new.api),
    ]
    if faults:
        raise ValidationFailed(faults=faults)
    check_address(new.platform, new.api, config)
    connection = Connection(
        id=new_id(),
        key=new.key,
        name=new.name,
        platform=new.platform,
        account_id=new.account_id,
        is_test=new.is_test,
        sealed_secret=sealer.seal(text(secrets)),
        settings=new.settings.model_dump(mode="json"),
        schedule_id=new.schedule_id,
        raw_kept_days=new.raw_kept_days,
        created_at=clock.now(),
    )
    _set_api(connection, sealer, new.api)
    session.add(connection)
    await session.flush()
    return connection


async def change_connection(
    session: AsyncSession,
    sealer: Sealer,
    connection_id: UUID,
    patch: ConnectionPatch,
    config: Settings,
    unchanged: Unchanged,
) -> Connection:
    """Raises NotFound (404), PreconditionFailed (412), UrlNotAllowed, ValidationFailed (422) for what is
    unknown or does not fit."""
    connection = await queries.get_connection(session, connection_id, lock=True)
    unchanged.check(ConnectionOut.model_validate(connection))
    sent = patch.model_fields_set
    settings = _settings_of(connection.platform, patch.settings) if "settings" in sent else None
    faults = [
        *await _unknown(session, settings, patch.schedule_id),
        *faults_of_api(connection.platform, patch.api),
    ]
    if faults:
        raise ValidationFailed(faults=faults)
    check_address(connection.platform, patch.api, config)
    for field in sent & {"name", "schedule_id", "raw_kept_days"}:
        setattr(connection, field, getattr(patch, field))
    if settings is not None:
        connection.settings = settings.model_dump(mode="json")
    if "api" in sent:
        _set_api(connection, sealer, patch.api)
    await session.flush()
    return connection


def _set_api(connection: Connection, sealer: Sealer, api: ApiIn | None) -> None:
    connection.api = {"base_url": api.base_url, "user": api.user} if api else None
    connection.sealed_api_secret = sealer.seal(api.secret) if api else None
    connection.reconciles_at = clock.now() + RECONCILE_EVERY if api else None


async def learn_settings(session: AsyncSession, connection: Connection, learned: Mapping[str, Any]) -> None:
    """What the account itself says about its words; what people have set stands."""
    merged = dict(connection.settings)
    for name, told in learned.items():
        known = merged.get(name)
        merged[name] = {**told, **known} if isinstance(told, dict) and isinstance(known, dict) else told
    if merged != connection.settings:
        connection.settings = merged
        await session.flush()


async def rotate_secret(
    session: AsyncSession, sealer: Sealer, connection_id: UUID, new: NewSecretIn
) -> Connection:
    """The new secrets verify from now on, the old ones beside them until the overlap is over.

    Raises NoSecret (409) for an import, ValidationFailed (422) where the platform has no such secret.
    """
    connection = await queries.get_connection(session, connection_id, lock=True)
    if connection.sealed_secret is None:
        raise NoSecret
    sent = {
        name: value for name, value in new.model_dump(exclude={"overlap_hours"}).items() if value is not None
    }
    known = parse(sealer.unseal(connection.sealed_secret))
    faults = faults_of_secrets(connection.platform, {**known, **sent}, is_test=connection.is_test)
    if not sent:
        faults = [Fault("", "missing", "Say which secret is new.")]
    if faults:
        raise ValidationFailed(faults=faults)
    connection.previous_sealed_secret = connection.sealed_secret if new.overlap_hours else None
    connection.previous_secret_ends_at = clock.now() + timedelta(hours=new.overlap_hours)
    connection.sealed_secret = sealer.seal(text({**known, **sent}))
    connection.revision += 1
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
        "reconciles_at": connection.reconciles_at,
        "oldest_waiting_s": int((now - oldest).total_seconds()) if oldest else None,
        "dead_rate_24h": dead / received if received else None,
    }


async def replay_dead_letters(
    session: AsyncSession,
    connection_id: UUID,
    *,
    delivery_id: UUID | None = None,
    filters: DeadLetterFilters = DeadLetterFilters(),
) -> dict[str, int]:
    """One of the connection's dead letters, or all that the filters name. Raises NotFound for one that
    is not its."""
    await queries.get_connection(session, connection_id)
    letters = queries.select_dead_letters(connection_id, filters)
    ids = {row.id for row in await session.execute(letters)}
    if delivery_id is not None:
        if delivery_id not in ids:
            raise NotFound
        ids = {delivery_id}
    return {"replayed": await deliveries.replay(session, ids=ids)}


async def inspect_dead_letter(
    session: AsyncSession, connection_id: UUID, delivery_id: UUID
) -> dict[str, Any]:
    """What it looks like, without a word of what people wrote. Raises NotFound."""
    letter, row = await queries.get_dead_letter(session, connection_id, delivery_id)
    return dict(letter) | {
        "headers": row.headers,
        "size": len(row.body),
        "shape": shape(row.body),
    }


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


async def _unknown(session: AsyncSession, settings: In | None, schedule_id: UUID | None) -> list[Fault]:
    """Vendors and schedules that are named and do not exist."""
    named = {at: vendor for at, vendor in vendors_in(settings) if vendor}
    found = await queries.known_vendors(session, set(named.values())) if named else set()
    faults = [
        Fault(f"/settings/{at}", "unknown-id", "No such vendor.")
        for at, vendor in named.items()
        if vendor not in found
    ]
    if schedule_id and await session.get(Schedule, schedule_id) is None:
        faults.append(Fault("/schedule_id", "unknown-id", "No such schedule."))
    return faults


def _settings_of(platform: str, settings: dict[str, Any]) -> In:
    try:
        return SETTINGS.get(platform, GenericSettings).model_validate(settings)
    except ValidationError as error:
        found = faults_of(error.errors(), document=settings)
        raise ValidationFailed(
            faults=[replace(one, pointer="/settings" + one.pointer) for one in found]
        ) from None
