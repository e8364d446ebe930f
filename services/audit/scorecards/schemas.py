"""What the scorecards room takes and gives."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.schemas import In, Key, Name, Number, Out


class ScaleIn(In):
    min: Number
    max: Number


class CriterionIn(In):
    id: Key = Field(description="Stays the same over versions of the scorecard.")
    title: Name
    weight: Number = Field(default=1, ge=0)
    scale: ScaleIn
    critical: Literal["review", "section"] | None = Field(
        default=None, description="What an answer below half of the scale sets to 0."
    )


class SectionIn(In):
    id: Key
    title: Name
    weight: Number = Field(default=1, ge=0)
    kind: Literal["standard", "bonus", "autofail"] = "standard"
    criteria: list[CriterionIn] = Field(min_length=1, max_length=100)


class CardIn(In):
    """The form. How it is scored: docs of `POST /audit/scorecards`."""

    mode: Literal["weighted", "points", "sections"] = "weighted"
    sections: list[SectionIn] = Field(min_length=1, max_length=50)
    pass_mark: Number | None = Field(default=None, description="Percent; a score equal to it passes.")
    cap_at_100: bool = False


class ScorecardIn(In):
    key: Key = Field(examples=["email-quality"])
    name: Name = Field(examples=["E-mail quality"])
    card: CardIn


class VersionIn(In):
    card: CardIn


class VersionOut(Out):
    id: UUID
    scorecard_id: UUID
    number: int
    state: str
    card: dict[str, Any]
    published_at: datetime | None


class ScorecardOut(Out):
    id: UUID
    key: str
    name: str
    created_at: datetime
