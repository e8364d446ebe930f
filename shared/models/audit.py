"""Tables of the audit service: scorecards, sampling plans, audits and their reviews."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shared.models.base import REFERENCE, TICKET, json_column, moment, one_of


class Scorecard(SQLModel, table=True):
    """The name under which versions of one scorecard stand."""

    __table_args__ = (UniqueConstraint("key"), REFERENCE)

    id: UUID = Field(primary_key=True)
    key: str
    name: str
    created_at: datetime = moment()


class ScorecardVersion(SQLModel, table=True):
    """What reviews are scored with. A published version never changes."""

    __tablename__ = "scorecard_version"
    __table_args__ = (
        UniqueConstraint("scorecard_id", "number"),
        one_of("state", "draft", "published"),
        REFERENCE,
    )

    id: UUID = Field(primary_key=True)
    scorecard_id: UUID = Field(foreign_key="scorecard.id")
    number: int
    state: str = "draft"
    card: dict[str, Any] = json_column()
    """Sections, criteria, scales, weights, pass mark: the shape of `scorecards.schemas.CardIn`."""
    published_at: datetime | None = moment(default=None)


class SamplingPlan(SQLModel, table=True):
    """Which solved tickets are audited: each with the same probability, by a re-runnable draw."""

    __tablename__ = "sampling_plan"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("rate > 0 AND rate <= 1", name="rate"),
        REFERENCE,
    )

    id: UUID = Field(primary_key=True)
    key: str
    scorecard_version_id: UUID = Field(foreign_key="scorecard_version.id")
    connection_id: UUID = Field(foreign_key="connection.id")
    rate: Decimal
    seed: str
    is_active: bool = True
    created_at: datetime = moment()


class Audit(SQLModel, table=True):
    """One ticket chosen to be reviewed, with why it was chosen and what the specialist sees.

    `plan_id` and `probability` are null for imported or hand-picked audits: those never
    enter an estimate for all tickets.
    """

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        one_of("state", "open", "claimed", "reviewed", "void"),
        CheckConstraint("state <> 'open' OR specialist_id IS NULL", name="open_unclaimed"),
        CheckConstraint("state <> 'claimed' OR specialist_id IS NOT NULL", name="claimed_by"),
        CheckConstraint("probability > 0 AND probability <= 1", name="probability"),
        Index("ix_audit_id", "id"),
        Index("ix_audit_open", "id", postgresql_where=text("state = 'open'")),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    plan_id: UUID | None = Field(default=None, foreign_key="sampling_plan.id")
    scorecard_version_id: UUID = Field(foreign_key="scorecard_version.id")
    probability: Decimal | None = None
    draw: str | None = None
    """The 64-bit number the draw gave this ticket, in hex; drawn when below rate * 2^64."""
    drawn_at: datetime = moment()
    agent_id: UUID | None = None
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    evidence: dict[str, Any] = json_column()
    state: str = "open"
    specialist_id: UUID | None = Field(default=None, foreign_key="person.id")


class Review(SQLModel, table=True):
    """One version of one audit's verdict. Never changed after release, only superseded."""

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"]),
        UniqueConstraint("ticket_id", "audit_id", "number"),
        Index(
            "uq_review_current",
            "ticket_id",
            "audit_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        Index("ix_review_id", "id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    audit_id: UUID
    number: int
    scorecard_version_id: UUID = Field(foreign_key="scorecard_version.id")
    reviewer_id: UUID | None = Field(default=None, foreign_key="person.id")
    agent_id: UUID | None = None
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    probability: Decimal | None = None
    answers: list[dict[str, Any]] = json_column()
    """[{criterion, value (number or "NA"), comment}], in the card's order."""
    score: Decimal | None = None
    """Percent, to 12 decimals; `score_exact` is the fraction it was cut from."""
    score_exact: str | None = None
    score_without_auto_fail: Decimal | None = None
    auto_failed: bool = False
    passed: bool | None = None
    sections: list[dict[str, Any]] = json_column()
    summary: str | None = None
    released_at: datetime = moment()
    acknowledged_at: datetime | None = moment(default=None)
    superseded_at: datetime | None = moment(default=None)
    supersedes_id: UUID | None = None
    appeal_id: UUID | None = None
