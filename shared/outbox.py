"""Events become rows in the caller's transaction: published if and only if that commits."""

import dataclasses
import types
import typing
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, driver
from shared.events import BY_NAME, LIVE, SUBSCRIBERS, Event
from shared.ids import new_id


async def publish(session: AsyncSession, *events: Event, after_s: float = 0) -> None:
    """Two statements, however many events: the events, then one delivery for each subscriber, due
    `after_s` seconds from now. A third one wakes those who follow what is live, once this is committed."""
    if not events:
        return
    at = clock.now()
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    ids = [new_id() for _ in events]
    kinds = [type(event).__name__ for event in events]
    payloads = [orjson.dumps(to_payload(event)).decode() for event in events]
    await driver.execute(session, _EVENTS, ids, kinds, payloads, request_id, at, _LIVE)
    if not LIVE.isdisjoint(type(event) for event in events):
        await driver.execute(session, _WAKE)
    addressed = [
        (event_id, handler)
        for event_id, event in zip(ids, events, strict=True)
        for handler in SUBSCRIBERS[type(event)]
    ]
    if addressed:
        event_ids, handlers = zip(*addressed, strict=True)
        delivery_ids = [new_id() for _ in addressed]
        due_at = at + timedelta(seconds=after_s)
        await driver.execute(session, _DELIVERIES, delivery_ids, event_ids, handlers, due_at)


PUBLISH_DUE = """
    published AS (
        INSERT INTO event (id, type, payload, request_id, created_at)
        SELECT event_id, {type}, payload, NULL, {at} FROM due
        RETURNING id
    ),
    addressed AS (
        INSERT INTO delivery (id, event_id, handler, state, attempts, due_at)
        SELECT delivery_id, event_id, {handler}, 'pending', 0, {at} FROM due
    )
"""
"""For statements that write and publish in one go: each row of `due` (event_id, delivery_id, payload)
becomes an event with one subscriber. The braces are parameters."""


LIVE_CHANNEL = "assay_live"
_LIVE = sorted(kind.__name__ for kind in LIVE)
_WAKE = f"NOTIFY {LIVE_CHANNEL}"
_EVENTS = """
    INSERT INTO event (id, type, payload, request_id, created_at, live_xid)
    SELECT told.id, told.type, told.payload::jsonb, $4, $5,
        CASE WHEN told.type = ANY($6::text[]) THEN pg_current_xact_id()::text::bigint END
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS told (id, type, payload)
"""
_DELIVERIES = """
    INSERT INTO delivery (id, event_id, handler, state, attempts, due_at)
    SELECT told.id, told.event_id, told.handler, 'pending', 0, $4
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS told (id, event_id, handler)
"""


def to_payload(event: Event) -> dict[str, Any]:
    return {field.name: _plain(getattr(event, field.name)) for field in dataclasses.fields(event)}


def from_payload(name: str, payload: dict[str, Any]) -> Event:
    """Raises KeyError for an event type that no longer exists."""
    kind = BY_NAME[name]
    hints = typing.get_type_hints(kind)
    return kind(**{key: _typed(value, hints[key]) for key, value in payload.items()})


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _typed(value: Any, hint: Any) -> Any:
    if value is None:
        return None
    if typing.get_origin(hint) is tuple:
        return tuple(_typed(item, typing.get_args(hint)[0]) for item in value)
    if isinstance(hint, types.UnionType):
        return _typed(value, next(arg for arg in typing.get_args(hint) if arg is not type(None)))
    return UUID(value) if hint is UUID else value
