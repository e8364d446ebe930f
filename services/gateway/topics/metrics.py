"""GraphQL: the metrics. The kpi service computes them; here they get their types."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import strawberry
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.problems import told
from services.gateway.topics.people import Ask
from shared.auth import check
from shared.errors import ValidationFailed


@strawberry.type(description="What the mean over all eligible tickets would be (Hájek), from drawn reviews.")
class Estimate:
    value: float | None = field(description="The mean; null when nothing could be counted.")
    n: int = field(description="How many drawn reviews it is made of.")
    n_effective: float | None = field(description="How many equally likely draws would tell as much.")
    low: float | None = field(description="95 % interval: its lower end; Student's t below 100 reviews.")
    high: float | None = field(description="95 % interval: its upper end.")
    is_enough: bool = field(description="False below 10 drawn reviews: too few to act on.")


@strawberry.type(description="One number, with all that explains it.")
class MetricValue:
    metric: str = field(description="Its key in the catalogue.")
    version: int = field(description="Of its definition.")
    group_by: str | None = field(description="The dimension that was asked for; null: none.")
    group: str | None = field(description="The value of the dimension asked for; null: without one.")
    from_at: datetime | None = field(description="From when on rows were counted; null: from the first.")
    to_at: datetime | None = field(description="Until when rows were counted; null: to the last.")
    as_of: datetime = field(description="When it was computed.")
    value: float | None = field(description="Null when nothing could be counted; never 0 for that.")
    unit: str = field(description="In what it is measured.")
    n: int = field(description="How many rows it is made of.")
    numerator: float | None = field(description="What was added up, where it is a fraction.")
    denominator: int = field(description="What that was divided by.")
    excluded: JSON = field(description="Rows left out, by reason.")
    low: float | None = field(description="95 % interval: its lower end.")
    high: float | None = field(description="95 % interval: its upper end.")
    p90: float | None = field(description="Of durations; `value` is their median.")
    mean: float | None = field(description="Of durations; outliers dominate it.")
    estimate: Estimate | None = field(description="For all eligible tickets, where reviews were drawn.")
    is_enough: bool = field(description="False below 10 rows: too few to act on.")
    tickets: str = field(description="The REST address of the tickets behind the number.")


@strawberry.input(description="Which rows: a half-open period on the metric's date basis, and dimensions.")
class MetricFilter:
    from_at: datetime | None = field(default=None, description="From then on.")
    to_at: datetime | None = field(default=None, description="Before then.")
    connection_id: UUID | None = field(default=None, description="Only rows of this connection.")
    vendor_id: UUID | None = field(default=None, description="Only this vendor's work.")
    agent_id: UUID | None = field(default=None, description="Only this agent's work.")
    group_name: str | None = field(default=None, description="Only this group's work.")
    channel: str | None = field(default=None, description="Only what came by this channel.")
    language: str | None = field(default=None, description="Only what is written in it.")
    brand: str | None = field(default=None, description="Only of this brand.")
    priority: str | None = field(default=None, description="Only of this priority.")
    topic: str | None = field(default=None, description="Only what is filed under it.")
    without: str | None = field(default=None, description="Only rows for which this dimension is not known.")


@strawberry.type
class MetricsQuery:
    @strawberry.field(description="Values of several metrics at once, whole or by one dimension.")
    async def metrics(
        self, info: Ask,
        keys: Annotated[list[str], argument(description="Which metrics: 1 to 20 keys of the catalogue.")],
        group_by: Annotated[str | None, argument(description="One dimension; null: whole.")] = None,
        filter: Annotated[MetricFilter | None, argument(description="Which rows; null: all.")] = None,
    ) -> list[MetricValue]:  # fmt: skip
        check(info.context.actor, "metrics.read")
        if not 1 <= len(keys) <= 20:
            raise ValidationFailed("Ask for 1 to 20 metrics at once.")
        query = {"group_by": group_by, **(vars(filter) if filter else {})}
        found: list[MetricValue] = []
        for key in keys:
            document = await told(info.context, "kpi", f"/kpi/metrics/{quote(key, safe='')}", query)
            info.context.count(len(document["values"]))
            found += [_value(document, value) for value in document["values"]]
        return found


def _value(whole: dict[str, Any], value: dict[str, Any]) -> MetricValue:
    """One of the values that were asked for together, with what is said of all of them."""
    estimate = value["estimate"]
    period = {name: _moment(whole[name]) for name in ("from_at", "to_at", "as_of")}
    told = {"group_by": whole["group_by"], "estimate": Estimate(**estimate) if estimate else None}
    return MetricValue(**value | period | told)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
