"""What the values room gives."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.schemas import Out


class MetricOut(Out):
    key: str
    title: str
    explanation: str
    kind: str
    unit: str
    direction: str
    date_basis: str
    version: int
    dimensions: list[str]


class EstimateOut(Out):
    """What the mean over all eligible tickets would be: the Hájek mean over drawn reviews."""

    value: float | None
    n: int = Field(description="Drawn reviews it is made of; hand-picked and imported ones are not.")
    n_effective: float | None = Field(description="How many equally likely draws would tell as much (Kish).")
    low: float | None = Field(description="95 % interval, by Student's t below 100 reviews.")
    high: float | None
    is_enough: bool = Field(description="False below 10 drawn reviews: too few to act on.")


class ValueOut(Out):
    """One number, with all that explains it."""

    metric: str
    version: int
    group: str | None = Field(description="The value of the dimension asked for; null: without one.")
    value: float | None = Field(description="Null when nothing could be counted; never 0 for that.")
    unit: str
    n: int
    numerator: float | None
    denominator: int
    excluded: dict[str, int] = Field(description="Rows left out, by reason.")
    low: float | None = Field(description="95 % interval.")
    high: float | None
    p90: float | None = Field(description="Of durations; `value` is their median.")
    mean: float | None = Field(description="Of durations; outliers dominate it.")
    estimate: EstimateOut | None
    is_enough: bool = Field(description="False below 10 rows: too few to act on.")
    tickets: str = Field(description="Where the tickets behind the number are listed.")


class ValuesOut(Out):
    metric: str
    group_by: str | None
    from_at: datetime | None
    to_at: datetime | None
    as_of: datetime
    values: list[ValueOut]


class TicketValueOut(Out):
    """A ticket behind a number, and what it contributes."""

    ticket_id: UUID
    value: float | None
    at: datetime | None
    excluded_because: str | None
