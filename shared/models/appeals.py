"""Tables of the appeals service: appeals and the rulings on them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from shared.models.base import LOCAL, json_column, moment, one_of


class Appeal(SQLModel, table=True):
    """An agent (or their lead) says a review is wrong, criterion by criterion."""

    __table_args__ = (
        one_of("state", "open", "in_review", "decided", "withdrawn"),
        Index(
            "uq_appeal_live",
            "review_id",
            unique=True,
            postgresql_where=text("state IN ('open', 'in_review')"),
        ),
        Index("ix_appeal_review_id", "review_id"),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    review_id: UUID
    ticket_id: UUID
    agent_id: UUID
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    filed_by: UUID = Field(foreign_key="person.id")
    reason: str
    points: list[dict[str, Any]] = json_column()
    """[{criterion, proposed_value, text}]"""
    state: str = "open"
    resolver_id: UUID | None = Field(default=None, foreign_key="person.id")
    filed_at: datetime = moment()
    due_at: datetime = moment()


class Ruling(SQLModel, table=True):
    """The one decision on an appeal, with the changed answers in it."""

    __table_args__ = (one_of("outcome", "upheld", "partially_overturned", "overturned"), LOCAL)

    appeal_id: UUID = Field(primary_key=True, foreign_key="appeal.id")
    outcome: str
    ruled_by: UUID = Field(foreign_key="person.id")
    ruled_at: datetime = moment()
    reason: str
    text: str
    changes: list[dict[str, Any]] = json_column()
    """[{criterion, value}]: the answers that replace the reviewer's."""
