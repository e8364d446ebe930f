"""What the checks room takes and gives."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from services.audit.calibration.schemas import EXAMPLE_ANSWERS, EXAMPLE_ID, AnswerIn
from shared.schemas import Answer, Id, In, Out, Score


class CheckIn(In):
    model_config = ConfigDict(json_schema_extra={"example": {"review_id": EXAMPLE_ID}})

    review_id: Id = Field(description="A released review that nothing supersedes.")
    checker_id: Id | None = Field(
        default=None, description="Who looks again: a specialist or lead; null: you."
    )


class CheckAnswersIn(In):
    model_config = ConfigDict(json_schema_extra={"example": {"answers": EXAMPLE_ANSWERS}})

    answers: list[AnswerIn] = Field(max_length=500, description="One for every criterion of the card.")


class CheckOut(Out):
    id: UUID
    review_id: UUID | None = Field(description="Null for whoever checks, until they have.")
    reviewer_id: UUID | None = Field(description="Null for whoever checks, until they have.")
    checker_id: UUID
    asked_at: datetime
    checked_at: datetime | None
    score: Score | None = Field(description="Percent; null: not checked, or nothing was rated.")
    score_exact: str | None
    auto_failed: bool


class DeviationOut(Out):
    criterion: str
    reviewer: Answer
    checker: Answer
    difference: float | None = Field(description="The reviewer's less the checker's; null: one is \"NA\".")


class CheckDetailOut(CheckOut):
    scorecard_version_id: UUID = Field(description="The review's own.")
    evidence: dict[str, Any] | None = Field(description="The ticket, for whoever checks, until they have.")
    answers: list[dict[str, Any]] | None
    score_difference: float | None = Field(description="Percent points: the reviewer's less the checker's.")
    deviations: list[DeviationOut] = Field(description="Empty until it is checked.")


class AgainstOut(Out):
    """How far somebody's scores lie from those of others who judged the same."""

    n: int
    mean_difference: float | None = Field(description="Percent points; above 0: more lenient.")
    mean_distance: float | None = Field(description="Percent points, whatever the direction.")
    same: float | None = Field(description="Of their answers, how many are the same: 0 to 1.")


class AlignmentOut(Out):
    person_id: UUID
    reviews: int = Field(description="Released by them, without what came of appeals.")
    score_mean: float | None
    score_sd: float | None = Field(description="Null below two scores.")
    review_seconds_median: float | None = Field(description="From claim to release.")
    appeals: int = Field(description="Against reviews of theirs.")
    decided: int
    changed: int = Field(description="Of those decided: overturned, wholly or in part.")
    calibration: AgainstOut = Field(description="Against experts and what was agreed on.")
    checks: AgainstOut = Field(description="Against second looks at their reviews.")
