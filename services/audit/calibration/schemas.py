"""What the calibration room takes and gives."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from shared.schemas import Answer, Comment, Id, In, Key, Name, Out, Score, When

State = Literal["draft", "open", "discussing", "closed", "cancelled"]
EXAMPLE_ID = "0197a0de-0000-7000-8000-000000000001"
EXAMPLE_ANSWERS: list[JsonValue] = [
    {"criterion": "greeting", "value": 1},
    {"criterion": "privacy", "value": "NA"},
]


class CalibrationIn(In):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "title": "March, e-mail", "scorecard_version_id": EXAMPLE_ID, "audit_ids": [EXAMPLE_ID],
                "rater_ids": [EXAMPLE_ID, EXAMPLE_ID], "standard": "consensus",
                "due_at": "2026-03-20T17:00:00Z",
            }
        }
    )  # fmt: skip

    title: Name
    scorecard_version_id: Id
    audit_ids: list[Id] = Field(max_length=100, description="What is rated, in this order.")
    rater_ids: list[Id] = Field(max_length=50, description="Who rates: specialists or leads, two or more.")
    standard: Literal["expert", "consensus"] = Field(
        default="consensus", description="What ratings are held against: one rater's, or what is agreed on."
    )
    expert_id: Id | None = Field(default=None, description="Of the raters: whose ratings are the standard.")
    authors_may_rate: bool = Field(
        default=False, description="Whether somebody may rate an audit that they have reviewed."
    )
    due_at: When = Field(description="Until when ratings count.")


class AnswerIn(In):
    criterion: Key
    value: Answer = Field(description='On the criterion\'s scale, or "NA".')


class RatingIn(In):
    model_config = ConfigDict(
        json_schema_extra={"example": {"sample_id": EXAMPLE_ID, "answers": EXAMPLE_ANSWERS}}
    )

    sample_id: Id
    answers: list[AnswerIn] = Field(max_length=500, description="One for every criterion of the card.")


class CancelIn(In):
    reason: Comment


class LateIn(In):
    model_config = ConfigDict(json_schema_extra={"example": {"rater_id": EXAMPLE_ID, "counts": True}})

    rater_id: Id
    counts: bool = Field(description="Whether what they gave after the deadline enters the agreement.")


class CalibrationOut(Out):
    id: UUID
    title: str
    scorecard_version_id: UUID
    standard: str
    expert_id: UUID | None
    authors_may_rate: bool
    state: State
    due_at: datetime
    created_by: UUID
    created_at: datetime
    opened_at: datetime | None
    revealed_at: datetime | None = Field(description="Since when raters read each other's ratings.")
    closed_at: datetime | None


class RaterOut(Out):
    person_id: UUID
    counts_late: bool


class SampleOut(Out):
    id: UUID
    number: int
    ticket_id: UUID | None = Field(description="Null for raters until the reveal: it tells whose work it is.")
    audit_id: UUID | None = Field(description="Null for raters until the reveal.")
    evidence: dict[str, Any] | None = Field(description="The ticket, without who answered it.")
    agreed: list[dict[str, Any]] | None = Field(description="What the discussion agreed on.")
    agreed_score: Score | None
    agreed_by: UUID | None
    is_rated: bool = Field(description="Whether you have rated it.")


class CalibrationDetailOut(CalibrationOut):
    is_revealed: bool = Field(description="Whether you may read what others gave.")
    raters: list[RaterOut] = Field(description="Of a specialist: themselves alone.")
    samples: list[SampleOut]


class RatingOut(Out):
    sample_id: UUID
    rater_id: UUID
    answers: list[dict[str, Any]]
    score: Score | None = Field(description="Percent; null when nothing was rated.")
    score_exact: str | None
    auto_failed: bool
    rated_at: datetime
    is_late: bool = Field(description="It came after the deadline or the reveal, and is kept apart.")


class MeasureOut(Out):
    measure: str
    value: float | None
    low: float | None = Field(description="95 % interval over conversations: its lower end.")
    high: float | None = Field(description="95 % interval over conversations: its upper end.")
    why: str | None = Field(description="Why there is no value.")


class CriterionAgreementOut(Out):
    criterion: str = Field(description='Of the scorecard; "": the score of the whole.')
    title: str
    conversations: int = Field(description="With at least two ratings.")
    ratings: int
    not_applicable: int = Field(description='How often "NA" was given, which no measure counts.')
    measures: list[MeasureOut]


class BiasOut(Out):
    rater_id: UUID
    against: Literal["expert", "consensus", "others"] = Field(
        description="The standard where there is one, else the mean of the other raters."
    )
    conversations: int
    mean: float | None = Field(description="Percent points above (+) or below (-) it, on average.")
    low: float | None
    high: float | None
    direction: Literal["lenient", "strict", "none", "unknown"] = Field(
        description="none: the interval holds 0; unknown: below 10 conversations."
    )
    same: float | None = Field(description="Of their answers, how many are the standard's: 0 to 1.")


class AgreementOut(Out):
    calibration_id: UUID
    scorecard_version_id: UUID
    seed: str = Field(description="From which the intervals are drawn: they can be computed again.")
    conversations: int
    raters: int = Field(description="Who gave a rating that counts.")
    late_ratings: int = Field(description="Left out, because they came late.")
    scorecard: CriterionAgreementOut
    criteria: list[CriterionAgreementOut]
    unclear: str | None = Field(description="The criterion with the lowest ordinal alpha.")
    unclear_why: str | None = Field(description="Why none is named.")
    bias: list[BiasOut]


class TrendOut(Out):
    calibration_id: UUID
    title: str
    scorecard_version_id: UUID
    version_number: int
    revealed_at: datetime
    conversations: int
    criterion: str = Field(description='"": the score of the whole.')
    percent_agreement: float | None
    alpha: float | None = Field(description="Ordinal of a criterion, interval of the whole.")
    why: str | None = Field(description="Why there is no alpha.")
