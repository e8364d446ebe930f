"""Table of the audit service about reviews that are written but not released."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from shared.models.base import TICKET, json_column, moment


class HeldReview(SQLModel, table=True):
    """A verdict that was handed in and waits: for a second person's look, for its time, or for both. Apart
    from reviews, so that nobody who reads those knows of it. It goes when it is released, or given back."""

    __tablename__ = "held_review"
    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"]),
        CheckConstraint("(checked_at IS NULL) = (is_approved IS NULL)", name="checked"),
        CheckConstraint("(checked_at IS NULL) = (checked_by IS NULL)", name="checked_by"),
        CheckConstraint("is_approved IS DISTINCT FROM false OR reason IS NOT NULL", name="returned"),
        CheckConstraint("checked_by <> author_id OR is_approved = false", name="four_eyes"),
        Index("ix_held_review_submitted_at", "submitted_at", "audit_id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    audit_id: UUID = Field(primary_key=True)
    author_id: UUID = Field(foreign_key="person.id")
    answers: list[dict[str, Any]] = json_column()
    summary: str | None = None
    highlights: list[dict[str, Any]] = json_column(default_factory=list)
    submitted_at: datetime = moment()
    needs_check: bool
    """Whether somebody else looks at it first."""
    release_at: datetime | None = moment(default=None)
    """Not before then; null: as soon as it may."""
    checked_by: UUID | None = Field(default=None, foreign_key="person.id")
    checked_at: datetime | None = moment(default=None)
    is_approved: bool | None = None
    reason: str | None = None
    """Why it was given back to its author."""
