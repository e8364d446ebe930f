"""What the criteria room gives."""

from typing import Any
from uuid import UUID

from pydantic import Field

from shared.schemas import Out


class ValueOut(Out):
    value: Any = Field(description='A number of the scale, an option, or "NA".')
    n: int


class CriterionOut(Out):
    criterion: str
    title: str = Field(description="As the newest version that has it words it.")
    section: str
    n: int = Field(description="Reviews in which it was rated.")
    not_applicable: int
    mean_score: float | None = Field(description="Percent of its scale; null: never scored.")
    mean_value: float | None = Field(description="Of the answers that are numbers.")
    full: int = Field(description="Rated at 100 %.")
    none: int = Field(description="Rated at 0 %.")
    values: list[ValueOut] = Field(description="How often each was given; texts are not listed.")


class CriteriaOut(Out):
    scorecard_id: UUID
    reviews: int = Field(description="Current reviews by any of its versions; void ones left out.")
    comparable: int = Field(description="Of those, with two scored criteria or more.")
    same_on_all: int = Field(description="Of the comparable: with one and the same score on all of them.")
    same_on_all_share: float | None = Field(
        description="0 to 1. Near 1, the criteria tell reviewers nothing that one of them would not: the "
        "card is filled in by an overall impression (halo), or its criteria ask for the same."
    )
    criteria: list[CriterionOut] = Field(description="In the card's order; those it has no more come last.")
