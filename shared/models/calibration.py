"""Tables of the audit service that measure reviewers, not agents: calibration sessions with what raters gave,
and second looks at released reviews. None of it is a review, and none enters a number about agents."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from shared.models.base import REFERENCE, TICKET, json_column, moment, one_of


class Calibration(SQLModel, table=True):
    """A session: several raters score the same audits, each without knowing what the others gave."""

    __table_args__ = (
        one_of("state", "draft", "open", "discussing", "closed", "cancelled"),
        one_of("standard", "expert", "consensus"),
        CheckConstraint("(standard = 'expert') = (expert_id IS NOT NULL)", name="expert"),
        # Callers have no right to write `revealed_at`: only the worker reveals.
        CheckConstraint("state NOT IN ('discussing', 'closed') OR revealed_at IS NOT NULL", name="revealed"),
        REFERENCE,
    )

    id: UUID = Field(primary_key=True)
    title: str
    scorecard_version_id: UUID = Field(foreign_key="scorecard_version.id")
    standard: str
    """What ratings are held against: those of the expert, or what was agreed on in the discussion."""
    expert_id: UUID | None = Field(default=None, foreign_key="person.id")
    authors_may_rate: bool = False
    state: str = "draft"
    due_at: datetime = moment()
    created_by: UUID = Field(foreign_key="person.id")
    created_at: datetime = moment()
    opened_at: datetime | None = moment(default=None)
    revealed_at: datetime | None = moment(default=None)
    closed_at: datetime | None = moment(default=None)


class CalibrationRater(SQLModel, table=True):
    """Who was asked to rate all of a session's samples."""

    __tablename__ = "calibration_rater"
    __table_args__ = (Index("ix_calibration_rater_person_id", "person_id"), REFERENCE)

    calibration_id: UUID = Field(primary_key=True, foreign_key="calibration.id")
    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    counts_late: bool = False
    """Whether a lead has taken in what they gave after the deadline."""


class CalibrationSample(SQLModel, table=True):
    """One audit that is rated in a session."""

    __tablename__ = "calibration_sample"
    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"]),
        UniqueConstraint("ticket_id", "calibration_id", "audit_id"),
        CheckConstraint("(agreed IS NULL) = (agreed_by IS NULL)", name="agreed"),
        Index("ix_calibration_sample_calibration_id", "calibration_id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    calibration_id: UUID = Field(foreign_key="calibration.id")
    audit_id: UUID
    number: int
    agreed: list[dict[str, Any]] | None = json_column(default=None)
    """What the discussion agreed on: answers, as of a review."""
    agreed_score: Decimal | None = None
    agreed_by: UUID | None = Field(default=None, foreign_key="person.id")


class CalibrationRating(SQLModel, table=True):
    """What one rater gave one sample. It is never a review."""

    __tablename__ = "calibration_rating"
    __table_args__ = (
        ForeignKeyConstraint(
            ["ticket_id", "sample_id"], ["calibration_sample.ticket_id", "calibration_sample.id"]
        ),
        ForeignKeyConstraint(
            ["calibration_id", "rater_id"],
            ["calibration_rater.calibration_id", "calibration_rater.person_id"],
            name="fk_calibration_rating_rater",
        ),
        Index("ix_calibration_rating_calibration_id", "calibration_id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    sample_id: UUID = Field(primary_key=True)
    rater_id: UUID = Field(primary_key=True, foreign_key="person.id")
    calibration_id: UUID
    answers: list[dict[str, Any]] = json_column()
    score: Decimal | None = None
    score_exact: str | None = None
    auto_failed: bool = False
    rated_at: datetime = moment()
    is_late: bool = False
    """It came after the deadline or the reveal, and is kept apart."""


class ReviewCheck(SQLModel, table=True):
    """A second look at a released review, by somebody who does not see what the reviewer gave."""

    __tablename__ = "review_check"
    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "review_id"], ["review.ticket_id", "review.id"]),
        UniqueConstraint("ticket_id", "review_id", "checker_id"),
        CheckConstraint("(answers IS NULL) = (checked_at IS NULL)", name="checked"),
        CheckConstraint("checker_id <> reviewer_id", name="four_eyes"),
        Index("ix_review_check_reviewer_id", "reviewer_id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    review_id: UUID
    reviewer_id: UUID = Field(foreign_key="person.id")
    checker_id: UUID = Field(foreign_key="person.id")
    asked_at: datetime = moment()
    checked_at: datetime | None = moment(default=None)
    answers: list[dict[str, Any]] | None = json_column(default=None)
    score: Decimal | None = None
    score_exact: str | None = None
    auto_failed: bool = False
