"""Events become rows in the caller's transaction: published if and only if that commits."""

import dataclasses
import types
import typing
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.events import BY_NAME, SUBSCRIBERS, Event
from shared.ids import derived_id, new_id
from shared.models.queue import Delivery, EventRow


async def publish(session: AsyncSession, *events: Event) -> None:
    """Two statements, however many events: the events, then one delivery for each subscriber."""
    if not events:
        return
    at = clock.now()
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "type": type(event).__name__,
            "payload": to_payload(event),
            "request_id": request_id,
            "created_at": at,
        }
        for event in events
    ]
    deliveries = [
        {
            "id": derived_id(row["id"], handler),
            "event_id": row["id"],
            "handler": handler,
            "state": "pending",
            "attempts": 0,
            "due_at": at,
        }
        for row, event in zip(rows, events, strict=True)
        for handler in SUBSCRIBERS[type(event)]
    ]
    await session.execute(insert(EventRow), rows)
    if deliveries:
        await session.execute(insert(Delivery), deliveries)


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
