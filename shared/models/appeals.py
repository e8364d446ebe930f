"""Tables of the appeals service: appeals and the rulings on them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from shared.models.base import TICKET, json_column, moment, of_same, one_of


class Appeal(SQLModel, table=True):
    """An agent (or their lead) says a review is wrong, criterion by criterion."""

    __table_args__ = (
        one_of("state", "open", "in_review", "decided", "withdrawn"),
        CheckConstraint("state NOT IN ('in_review', 'decided') OR resolver_id IS NOT NULL", name="resolver"),
        ForeignKeyConstraint(["ticket_id", "review_id"], ["review.ticket_id", "review.id"]),
        # A plain foreign key looks past row security: these say that it is that vendor's review.
        of_same("review", "review_id", "vendor_id", table="appeal"),
        of_same("review", "review_id", "agent_id", table="appeal"),
        Index(
            "uq_appeal_live",
            "ticket_id",
            "review_id",
            unique=True,
            postgresql_where=text("state IN ('open', 'in_review')"),
        ),
        Index("ix_appeal_id", "id"),
        Index("ix_appeal_filed_at_id", "filed_at", "id"),
        Index("ix_appeal_review_id", "review_id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    review_id: UUID
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

    __table_args__ = (
        one_of("outcome", "upheld", "partially_overturned", "overturned"),
        ForeignKeyConstraint(["ticket_id", "appeal_id"], ["appeal.ticket_id", "appeal.id"]),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    appeal_id: UUID = Field(primary_key=True)
    outcome: str
    ruled_by: UUID = Field(foreign_key="person.id")
    ruled_at: datetime = moment()
    reason: str
    text: str
    changes: list[dict[str, Any]] = json_column()
    """[{criterion, value}]: the answers that replace the reviewer's."""
