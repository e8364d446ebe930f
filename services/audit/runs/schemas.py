"""What the runs room takes and gives."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from services.audit.sampling.designs import Design, Dimension, Text
from shared.schemas import Id, In, Key, Out, When

Some = Annotated[list[Text], Field(max_length=100)]


class FilterIn(In):
    """Which tickets of the period may be drawn: those that fit in every way that is named."""

    vendor_id: Id | None = Field(default=None, description="Of this vendor: it may make the draw again.")
    agent_ids: Annotated[list[Id], Field(max_length=1000)] = Field(default_factory=list)
    groups: Some = Field(default_factory=list)
    languages: Some = Field(default_factory=list)
    channels: Some = Field(default_factory=list)
    priorities: Some = Field(default_factory=list)
    brands: Some = Field(default_factory=list)
    topics: Some = Field(default_factory=list)
    tags: Some = Field(default_factory=list, description="Those with any of these.")


class QuestionIn(In):
    """What is drawn from, and how."""

    connection_id: Id
    from_at: When = Field(description="First solved then or later,", examples=["2026-01-05T00:00:00Z"])
    to_at: When = Field(description="and before then: it has to be over.", examples=["2026-01-12T00:00:00Z"])
    filter: FilterIn = Field(default_factory=FilterIn)
    strata: Annotated[list[Dimension], Field(max_length=8)] = Field(
        default_factory=list, description="The dimensions whose values make a stratum.",
        examples=[["vendor", "language"]],
    )  # fmt: skip
    design: Design = Field(examples=[{"kind": "share", "share": 0.05, "minimum": 3}])
    seed: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="Decided before anybody knows the tickets.", examples=["2026-W02|frontline"]
    )


class RunIn(QuestionIn):
    """A draw. Asked twice for one period, it is made once."""

    key: Key = Field(description="What the draws of a series have in common.", examples=["weekly-frontline"])
    scorecard_version_id: Id
    carries_debt: bool = Field(
        default=False,
        description="Draw in addition what the draw of this key before it left unreviewed; for designs "
        "with a size.",
    )


class StratumOutlookOut(Out):
    stratum: str = Field(description="A JSON list: a value for each of the strata's dimensions, or null.")
    population: int
    expected: float = Field(description="Samples.")
    lowest_probability: float
    highest_probability: float


class OutlookOut(Out):
    population: int
    expected: float = Field(description="Samples.")
    margin: float = Field(
        description="Half of the 95 % interval to expect, in points, if scores differ by 30 points (one "
        "standard deviation) and every sample is reviewed."
    )
    strata: list[StratumOutlookOut]


class FaultOut(Out):
    pointer: str
    code: str
    detail: str


class RunOut(Out):
    id: UUID
    key: str
    connection_id: UUID
    scorecard_version_id: UUID
    vendor_id: UUID | None
    from_at: datetime
    to_at: datetime
    filter: dict[str, Any]
    strata: list[str]
    design: dict[str, Any]
    seed: str
    carries_debt: bool
    debt: int = Field(description="Samples in addition, for those of the draw before left unreviewed.")
    state: str = Field(description="waiting, drawn, or failed: `fault` says why.")
    requested_by: UUID
    requested_at: datetime
    drawn_at: datetime | None
    population_size: int | None
    population_hash: str | None
    samples: int | None
    fault: FaultOut | None


class StratumOut(Out):
    stratum: str
    population: int
    samples: int
    reviewed: int
    scored: int = Field(description="Of those reviewed: what has a score.")
    mean: float | None


class RunEstimateOut(Out):
    """Of all tickets of the population, not of the reviewed ones."""

    method: str = Field(description="stratified, or hajek where probabilities differ within a stratum.")
    n: int
    mean: float
    low: float | None
    high: float | None
    plain_mean: float


class RunDetailOut(RunOut):
    reviewed: int
    unreviewed: int = Field(description="Samples that have no review yet: the coverage debt.")
    by_stratum: list[StratumOut]
    estimate: RunEstimateOut | None = Field(
        description="Null until every stratum that has tickets has a scored review."
    )


class VerificationOut(Out):
    holds: bool = Field(description="The stored inputs give exactly the stored samples, and these audits.")
    population_hash: str
    samples: int
    faults: list[FaultOut]
