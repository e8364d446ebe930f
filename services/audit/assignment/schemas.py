"""What the assignment room takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.audit.reviews.schemas import AuditDetailOut, AuditOut, ReasonIn
from shared.schemas import UNSENT, In, Out, Score

__all__ = ["AuditDetailOut", "AuditOut", "ReasonIn"]
MANY = 1000
Share = int | float
Count = Annotated[int, Field(ge=0, le=MANY)]
Days = Annotated[int, Field(ge=1, le=365)]
Weight = Annotated[int, Field(ge=1, le=MANY)]
Tag = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]{1,100}$")]
"""As help desks write it."""
Tags = Annotated[list[Tag], Field(max_length=200)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
"""The primary one (ISO 639): de stands for de-AT too."""
SkipCode = Literal[
    "conflict_of_interest", "wrong_language", "missing_skill", "not_auditable", "technical", "other"
]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")]


class LeaveIn(In):
    """Both days included, in UTC."""

    first_day: Day
    last_day: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        try:
            is_in_order = date.fromisoformat(self.first_day) <= date.fromisoformat(self.last_day)
        except ValueError:
            raise PydanticCustomError("invalid-date", "There is no such day.") from None
        if not is_in_order:
            raise PydanticCustomError("out-of-range", "The last day is before the first.")
        return self


class ProfileIn(In):
    open_at_once: Count | None = Field(default=None, description="Claims at a time; null: no limit.")
    claims_a_day: Count | None = Field(default=None, description="Claims a day; null: no limit.")
    languages: Annotated[list[Language], Field(max_length=100)] | None = Field(
        default=None, description="Of tickets; null: all. Tickets of no known language go to everybody."
    )
    skills: Tags | None = Field(default=None, description="Of the policy's `skill_tags`; null: all.")
    is_available: bool = True
    leave: list[LeaveIn] = Field(default=[], max_length=100)


class ProfileOut(Out):
    person_id: UUID
    open_at_once: int | None
    claims_a_day: int | None
    languages: list[str] | None
    skills: list[str] | None
    is_available: bool
    leave: list[dict[str, Any]]
    takes_distressing: bool = Field(description="Theirs alone to say.")


class DistressingIn(In):
    takes: bool = Field(description="False: no ticket with a distressing tag from now on. No reason needed.")


class ClaimPolicyPatch(In):
    lease_hours: Annotated[int, Field(ge=1, le=24 * 365)] = UNSENT
    pair_limit: Annotated[int, Field(ge=1, le=MANY)] | None = UNSENT
    pair_days: Days = UNSENT
    vendors_audit_own: bool = UNSENT
    skill_tags: Tags = UNSENT
    distress_weights: Annotated[dict[Tag, Weight], Field(max_length=200)] = UNSENT
    distress_a_day: Annotated[int, Field(ge=0, le=10**6)] | None = UNSENT
    distress_a_week: Annotated[int, Field(ge=0, le=10**6)] | None = UNSENT
    check_share: Annotated[Share, Field(ge=0, le=1)] = UNSENT
    release_after_hours: Annotated[int, Field(ge=0, le=24 * 90)] = UNSENT


class ClaimPolicyOut(Out):
    lease_hours: int = Field(description="A claim that is not worked on for so long goes back.")
    pair_limit: int | None = Field(
        description="How often a specialist meets the same agent within `pair_days`; null: no limit."
    )
    pair_days: int
    vendors_audit_own: bool = Field(
        description="Whether a vendor's specialists review that vendor's own agents."
    )
    skill_tags: list[str] = Field(description="Tickets with such a tag are for specialists with that skill.")
    distress_weights: dict[str, int] = Field(description="Tag → how much it weighs on whoever reads it.")
    distress_a_day: int | None = Field(description="What somebody reads of it in a day; null: no limit.")
    distress_a_week: int | None = Field(description="… in seven days; null: no limit.")
    check_share: Score = Field(
        description="Of the reviews, 0 to 1: so many are looked at by a second person before their release."
    )
    release_after_hours: int = Field(description="So long after it was handed in a review is released.")


class WorkloadOut(Out):
    person_id: UUID
    name: str
    is_available: bool
    open_at_once: int | None = Field(description="Null: no limit.")
    claims_a_day: int | None = Field(description="Null: no limit.")
    open: int = Field(description="Claimed and not handed in.")
    overdue: int = Field(description="Of those: late.")
    claimed_today: int
    reviewed: int = Field(description="In the last four weeks.")
    skipped: int = Field(description="In the last four weeks, each with a reason. Declining counts nowhere.")
    median_s: float | None = Field(description="Seconds from claim to submission, in the last four weeks.")


class SkipIn(In):
    code: SkipCode = Field(description="Why. Somebody else is offered it.")


class LeaseOut(Out):
    audit_id: UUID
    lease_ends_at: datetime
