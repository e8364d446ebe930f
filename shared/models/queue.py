"""Events, their deliveries, moves of state machines and idempotency keys: owned by `shared` itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shared.models.base import LOCAL, json_column, moment, one_of

BY_NOBODY = (
    ("audit", "claimed", "open"),
    ("appeal", "in_review", "open"),
    ("erasure_request", "approved", "done"),
    ("calibration", "open", "discussing"),
)
"""Moves that decide nothing, so that the worker makes them by itself: what somebody who left had taken is
given back, what somebody decided is carried out. Every other one has a named person behind it."""


def _by_somebody() -> CheckConstraint:
    listed = ", ".join(f"('{subject}', '{old}', '{new}')" for subject, old, new in BY_NOBODY)
    move = "(subject, coalesce(from_state, ''), to_state)"
    return CheckConstraint(f"moved_by IS NOT NULL OR {move} IN ({listed})", name="moved_by")


class EventRow(SQLModel, table=True):
    """Something that happened, written in the transaction that made it true."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_created_at", "created_at"),
        Index("ix_event_live", "live_xid", "id", postgresql_where=text("live_xid IS NOT NULL")),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    type: str
    payload: dict[str, Any] = json_column()
    request_id: str | None = None
    created_at: datetime = moment()
    live_xid: int | None = Field(default=None, sa_type=BigInteger)
    """The number of the transaction that wrote it, of events that are followed live (`events.LIVE`). By it a
    reader knows what may yet come before: ids do not say in which order transactions end."""


class Delivery(SQLModel, table=True):
    """One event on its way to one handler.

    pending → done; pending → dead when the attempts are used up or the handler says that
    trying again is useless; dead → pending by `assay deliveries replay`.
    """

    __table_args__ = (
        UniqueConstraint("event_id", "handler"),
        one_of("state", "pending", "done", "dead"),
        Index("ix_delivery_due", "due_at", postgresql_where=text("state = 'pending'")),
        Index("ix_delivery_dead", "handler", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_delivery_done", "done_at", postgresql_where=text("state = 'done'")),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    event_id: UUID = Field(foreign_key="event.id")
    handler: str
    state: str = "pending"
    attempts: int = 0
    due_at: datetime = moment()
    last_error: str | None = None
    done_at: datetime | None = moment(default=None)


class StateChange(SQLModel, table=True):
    """One move of one thing through its life: who, when, why. Only ever added to."""

    __tablename__ = "state_change"
    __table_args__ = (_by_somebody(), LOCAL)

    subject: str = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    from_state: str | None
    to_state: str
    moved_by: UUID | None = Field(foreign_key="person.id")
    moved_at: datetime = moment()
    reason: str | None


class IdempotencyKey(SQLModel, table=True):
    """The answer that a POST with this key got, kept so that a repeat gets the same one."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_created_at", "created_at"), LOCAL)

    actor_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    status: int
    answer: dict[str, Any] = json_column()
    created_at: datetime = moment()
