"""Tables of the audit service about who gets which sample: specialists, their turns, and the policy."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from shared.models.base import REFERENCE, TICKET, json_column, moment, one_of

ENDINGS = ("reviewed", "released", "skipped", "declined", "lapsed", "leave", "left")


class ClaimPolicy(SQLModel, table=True):
    """What holds for every claim. At most one row; without it: the defaults."""

    __tablename__ = "claim_policy"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"), REFERENCE)

    id: int = Field(default=1, primary_key=True)
    lease_hours: int
    """A claim that is not worked on for so long goes back."""
    pair_limit: int | None = None
    """How often a specialist meets the same agent within `pair_days`; null: as often as it comes."""
    pair_days: int = 30
    vendors_audit_own: bool = True
    """Whether specialists who work for a vendor review that vendor's agents."""
    skill_tags: list[str] = json_column(default_factory=list)
    """Tickets with one of these tags are for specialists with that skill."""
    distress_weights: dict[str, int] = json_column(default_factory=dict)
    """Tag → how much a ticket with it weighs on whoever reads it; a ticket weighs the sum of its tags'."""
    distress_a_day: int | None = None
    distress_a_week: int | None = None
    check_share: Decimal = Decimal(0)
    """Of the reviews: so many are looked at by a second person before they are released."""
    release_after_hours: int = 0
    """So long after it was handed in a review is released."""
    changed_at: datetime = moment()


class SpecialistProfile(SQLModel, table=True):
    """What somebody reviews, and how much of it. Without a row: anything, as much as they like."""

    __tablename__ = "specialist_profile"
    __table_args__ = (
        CheckConstraint("open_at_once >= 0", name="open_at_once"),
        CheckConstraint("claims_a_day >= 0", name="claims_a_day"),
        REFERENCE,
    )

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    open_at_once: int | None = None
    claims_a_day: int | None = None
    languages: list[str] | None = json_column(default=None)
    """Null: all."""
    skills: list[str] | None = json_column(default=None)
    """Of the policy's skill tags; null: all."""
    is_available: bool = True
    leave: list[dict[str, Any]] | None = json_column(default=None)
    """[{first_day, last_day}]: both included, in UTC."""


class DistressOptOut(SQLModel, table=True):
    """Somebody takes no distressing tickets: theirs alone to say, at any time and without a reason."""

    __tablename__ = "distress_opt_out"
    __table_args__ = (REFERENCE,)

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    since_at: datetime = moment()


class Claim(SQLModel, table=True):
    """One specialist's turn at one audit, from the claim to how it ended. It stays."""

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"]),
        one_of("ending", *ENDINGS),
        CheckConstraint("(ending IS NULL) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(ending IS NOT DISTINCT FROM 'skipped') = (code IS NOT NULL)", name="code"),
        Index(
            "uq_claim_running",
            "ticket_id",
            "audit_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_claim_specialist_id_claimed_at", "specialist_id", "claimed_at"),
        Index("ix_claim_open", "specialist_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_claim_audit_id", "audit_id"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    audit_id: UUID
    specialist_id: UUID = Field(foreign_key="person.id")
    agent_id: UUID | None = None
    """Whose work it was: how often the two meet is limited."""
    weight: int = 0
    """How distressing it was by the policy of then. It counts however the turn ended: it was read."""
    claimed_at: datetime = moment()
    ended_at: datetime | None = moment(default=None)
    ending: str | None = None
    code: str | None = None
    """Why it was skipped."""
