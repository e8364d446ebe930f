"""Tables of the audit service: scorecards, sampling plans, audits and their reviews."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, select, text
from sqlalchemy.orm import column_property
from sqlmodel import Field, SQLModel, col

from shared.models.base import REFERENCE, TICKET, json_column, moment, of_same, one_of


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
    due_days: int = 7
    """How long after it was solved a sample is to be reviewed."""
    is_active: bool = True
    created_at: datetime = moment()


class Audit(SQLModel, table=True):
    """One ticket chosen to be reviewed, with why it was chosen and what the specialist sees.

    It was drawn by a plan or by a run; of imported or hand-picked audits both and `probability` are null,
    and they never enter an estimate for all tickets.
    """

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        one_of("state", "open", "claimed", "submitted", "reviewed", "reassigned", "void"),
        CheckConstraint("probability > 0 AND probability <= 1", name="probability"),
        UniqueConstraint("ticket_id", "id", "vendor_id"),
        UniqueConstraint("ticket_id", "id", "agent_id"),
        Index("ix_audit_id", "id"),
        Index("ix_audit_open", "id", postgresql_where=text("state = 'open'")),
        Index("ix_audit_drawn_at_id", "drawn_at", "id"),
        Index("ix_audit_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("ix_audit_waiting", "due_at", "drawn_at", "id", postgresql_where=text("state = 'open'")),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    plan_id: UUID | None = Field(default=None, foreign_key="sampling_plan.id")
    scorecard_version_id: UUID = Field(foreign_key="scorecard_version.id")
    probability: Decimal | None = None
    draw: str | None = None
    """The 64-bit number the draw gave this ticket, in hex; drawn when below rate * 2^64."""
    run_id: UUID | None = Field(default=None, foreign_key="sampling_run.id")
    """The draw over a closed period that took it, where it was no plan's."""
    stratum: str | None = None
    """In that draw: a JSON list, a value for each of the strata's dimensions."""
    drawn_at: datetime = moment()
    due_at: datetime | None = moment(default=None)
    """When it is to be reviewed; null: nobody waits for it."""
    agent_id: UUID | None = None
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    state: str = "open"
    specialist_id: ClassVar[Any]
    """Who has claimed it (of the assignment), for those who may know."""
    lease_ends_at: ClassVar[Any]
    """Until when (of the assignment), for those who may know."""


class Assignment(SQLModel, table=True):
    """Who has claimed an audit, and so who will have reviewed it. Apart from the audit, because not
    everybody who sees that may know."""

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"]),
        Index("ix_assignment_specialist_id", "specialist_id"),
        Index(
            "ix_assignment_lease_ends_at", "lease_ends_at", postgresql_where=text("lease_ends_at IS NOT NULL")
        ),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    audit_id: UUID = Field(primary_key=True)
    specialist_id: UUID = Field(foreign_key="person.id")
    claimed_at: datetime = moment()
    lease_ends_at: datetime | None = moment(default=None)
    """Then it goes back to the others, unless it is worked on; null: it is reviewed."""


class ReviewDraft(SQLModel, table=True):
    """What whoever claimed an audit has written so far. It goes with the claim, or when the review comes."""

    __tablename__ = "review_draft"
    __table_args__ = (
        ForeignKeyConstraint(
            ["ticket_id", "audit_id"], ["assignment.ticket_id", "assignment.audit_id"], ondelete="CASCADE"
        ),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    audit_id: UUID = Field(primary_key=True)
    number: int
    """How often it was saved: whoever saves it says which one they read."""
    answers: list[dict[str, Any]] = json_column(default_factory=list)
    summary: str | None = None
    highlights: list[dict[str, Any]] = json_column(default_factory=list)
    saved_at: datetime = moment()


class Evidence(SQLModel, table=True):
    """What the specialist sees of the ticket: it follows the ticket until the audit is claimed."""

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"]),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    audit_id: UUID = Field(primary_key=True)
    content: dict[str, Any] = json_column()


class Review(SQLModel, table=True):
    """One version of one audit's verdict. Never changed after release, only superseded."""

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"]),
        # A plain foreign key looks past row security: these say that it is that vendor's audit.
        of_same("audit", "audit_id", "vendor_id", table="review"),
        of_same("audit", "audit_id", "agent_id", table="review"),
        # Asked when the transaction ends: the verdict and its author each name the other.
        ForeignKeyConstraint(
            ["ticket_id", "signed_id"],
            ["review_author.ticket_id", "review_author.review_id"],
            name="fk_review_signed",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        CheckConstraint(
            "CASE WHEN is_imported THEN signed_id IS NULL AND probability IS NULL AND appeal_id IS NULL"
            " ELSE coalesce(signed_id = id, false) END",
            name="signed",
        ),
        CheckConstraint(
            "(acknowledged_by IS NULL) = (acknowledgement_proof IS NULL)", name="acknowledgement_proof"
        ),
        CheckConstraint("NOT is_void OR (number > 1 AND reason IS NOT NULL)", name="void"),
        UniqueConstraint("ticket_id", "audit_id", "number"),
        UniqueConstraint("ticket_id", "id", "vendor_id"),
        UniqueConstraint("ticket_id", "id", "agent_id"),
        Index(
            "uq_review_current",
            "ticket_id",
            "audit_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        Index("ix_review_id", "id"),
        Index("ix_review_released_at_id", "released_at", "id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    audit_id: UUID
    number: int
    scorecard_version_id: UUID = Field(foreign_key="scorecard_version.id")
    reviewer_id: ClassVar[Any]
    """Who gave this verdict (of its author), for those who may know."""
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
    acknowledged_by: UUID | None = Field(default=None, foreign_key="person.id")
    """Their lead, for an agent who cannot; null: the agent, or nobody yet."""
    acknowledgement_proof: str | None = None
    superseded_at: datetime | None = moment(default=None)
    supersedes_id: UUID | None = None
    appeal_id: UUID | None = None
    reason: str | None = None
    """Why this version took the place of the one before, where no appeal did."""
    is_void: bool = False
    """It says that there is no verdict any more: it holds what the one before did, and counts nowhere."""
    highlights: list[dict[str, Any]] = json_column(default_factory=list)
    """[{message_id, start, end, criterion}]: which words of the evidence show it, in characters."""
    is_imported: bool = False
    """It was decided elsewhere, and came with an export that does not say by whom. It enters no estimate."""
    signed_id: UUID | None = None
    """Its own id, where it was decided here: then the database holds its author, or does not take it."""


class ReviewAuthor(SQLModel, table=True):
    """Who gave a verdict. Apart from it, because not everybody who sees that may know."""

    __tablename__ = "review_author"
    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "review_id"], ["review.ticket_id", "review.id"]),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    review_id: UUID = Field(primary_key=True)
    reviewer_id: UUID = Field(foreign_key="person.id")


def _looked_up(table: type[SQLModel], what: Any, *of: Any) -> Any:
    """A column of another table's row, null where the caller may not see it. Read-only."""
    found = select(what).where(*of).correlate(table).scalar_subquery()
    return column_property(found, expire_on_flush=False)


Audit.specialist_id = _looked_up(
    Audit, col(Assignment.specialist_id),
    col(Assignment.ticket_id) == col(Audit.ticket_id), col(Assignment.audit_id) == col(Audit.id),
)  # fmt: skip
Audit.lease_ends_at = _looked_up(
    Audit, col(Assignment.lease_ends_at),
    col(Assignment.ticket_id) == col(Audit.ticket_id), col(Assignment.audit_id) == col(Audit.id),
)  # fmt: skip
Review.reviewer_id = _looked_up(
    Review, col(ReviewAuthor.reviewer_id),
    col(ReviewAuthor.ticket_id) == col(Review.ticket_id), col(ReviewAuthor.review_id) == col(Review.id),
)  # fmt: skip
