"""Tables of the audit trail: who did what, and who read personal data. Only ever added to.

It is called trail, because an audit here is a quality audit.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from shared.models.base import LOCAL, json_column, moment, one_of, raw_bytes

ACTOR_KINDS = ("person", "service", "worker", "command")


class TrailEntry(SQLModel, table=True):
    """One transaction that changed something or read personal data. Ids and names of columns, no words."""

    __tablename__ = "trail_entry"
    __table_args__ = (
        one_of("actor_kind", *ACTOR_KINDS),
        Index("ix_trail_entry_actor_id", "actor_id", "id"),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    entered_at: datetime = moment()
    actor_kind: str
    actor_id: UUID | None = None
    action: str
    """The permission that was asked for; of the worker, its handler or chore."""
    route: str | None = None
    changes: list[dict[str, Any]] = json_column()
    """[{table, ids, change, columns, to, more}]; change: added, changed, removed, or written (added or
    changed); more: so many rows beyond those in ids."""
    reads: list[dict[str, Any]] = json_column()
    """[{action, ids}]"""
    purpose: str | None = None
    request_id: str | None = None
    mac: bytes = raw_bytes()
    """Made by the process that writes, under a key that is not in the database."""


class TrailWaiting(SQLModel, table=True):
    """An entry that is not in the chain yet."""

    __tablename__ = "trail_waiting"
    __table_args__ = (LOCAL,)

    entry_id: UUID = Field(primary_key=True)


class TrailLink(SQLModel, table=True):
    """An entry's place in the chain: each hash covers the entry and the hash before it."""

    __tablename__ = "trail_link"
    __table_args__ = (Index("uq_trail_link_entry_id", "entry_id", unique=True), LOCAL)

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    entry_id: UUID
    hash: bytes = raw_bytes()
