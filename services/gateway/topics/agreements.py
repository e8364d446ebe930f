"""GraphQL: what ratings of a session say, as types. The audit service computes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry import field


@strawberry.type(description="One measure of agreement.")
class AgreementMeasure:
    measure: str = field(description="Its name: percent_agreement, alpha_ordinal, gwet_ac1, icc_a1 …")
    value: float | None = field(description="Null where it is not defined.")
    low: float | None = field(description="95 % interval over conversations: its lower end.")
    high: float | None = field(description="95 % interval over conversations: its upper end.")
    why: str | None = field(description="Why there is no value.")


@strawberry.type(description="How far raters agree on one criterion, or on the score of the whole.")
class CriterionAgreement:
    criterion: str = field(description='Of the scorecard; "": the score of the whole.')
    title: str = field(description="What it is called.")
    conversations: int = field(description="With at least two ratings.")
    ratings: int = field(description="How many there are.")
    not_applicable: int = field(description='How often "NA" was given, which no measure counts.')
    measures: list[AgreementMeasure] = field(description="Each with its value, or why there is none.")


@strawberry.type(description="How far one rater's scores lie from the standard.")
class RaterBias:
    rater_id: UUID = field(description="Who.")
    against: str = field(description="expert, consensus, or others: the mean of the other raters.")
    conversations: int = field(description="How many could be compared.")
    mean: float | None = field(description="Percent points above (+) or below (-) it, on average.")
    low: float | None = field(description="95 % interval: its lower end.")
    high: float | None = field(description="95 % interval: its upper end.")
    direction: str = field(description="lenient, strict, none, or unknown: below 10 conversations.")
    same: float | None = field(description="Of their answers, how many are the standard's: 0 to 1.")


@strawberry.type(description="How far the raters of a session agree.")
class CalibrationAgreement:
    calibration_id: UUID = field(description="Of which session.")
    scorecard_version_id: UUID = field(description="What was rated with.")
    seed: str = field(description="From which the intervals are drawn: they can be computed again.")
    conversations: int = field(description="With a rating that counts.")
    raters: int = field(description="Who gave a rating that counts.")
    late_ratings: int = field(description="Left out, because they came late.")
    scorecard: CriterionAgreement = field(description="On the score of the whole.")
    criteria: list[CriterionAgreement] = field(description="On each criterion.")
    unclear: str | None = field(description="The criterion with the lowest ordinal alpha.")
    unclear_why: str | None = field(description="Why none is named.")
    bias: list[RaterBias] = field(description="Of each rater.")


@strawberry.type(description="One criterion's agreement in one session.")
class CalibrationTrend:
    calibration_id: UUID = field(description="Which session.")
    title: str = field(description="What it is called.")
    scorecard_version_id: UUID = field(description="What was rated with.")
    version_number: int = field(description="1 is the first version of the scorecard.")
    revealed_at: datetime = field(description="When the ratings were revealed.")
    conversations: int = field(description="With at least two ratings.")
    criterion: str = field(description='Of the scorecard; "": the score of the whole.')
    percent_agreement: float | None = field(description="How often two raters gave the same: 0 to 1.")
    alpha: float | None = field(description="Ordinal of a criterion, interval of the whole.")
    why: str | None = field(description="Why there is no alpha.")


def moments(document: dict[str, Any]) -> dict[str, Any]:
    """The owner's answer with its moments read."""
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") and value else value
        for name, value in document.items()
    }


def agreement_of(document: dict[str, Any]) -> CalibrationAgreement:
    inner = {
        "scorecard": _criterion(document["scorecard"]),
        "criteria": [_criterion(one) for one in document["criteria"]],
        "bias": [RaterBias(**one) for one in document["bias"]],
    }
    return CalibrationAgreement(**document | inner)


def _criterion(document: dict[str, Any]) -> CriterionAgreement:
    measures = [AgreementMeasure(**one) for one in document["measures"]]
    return CriterionAgreement(**document | {"measures": measures})
