"""GraphQL: the metrics. The kpi service computes them; here they get their types."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from services.gateway.problems import told
from services.gateway.topics.people import Ask
from shared.auth import check
from shared.errors import ValidationFailed


@strawberry.type(description="What the mean over all eligible tickets would be (Hájek), from drawn reviews.")
class Estimate:
    value: float | None
    n: int
    n_effective: float | None


@strawberry.type(description="One number, with all that explains it.")
class MetricValue:
    metric: str
    version: int
    group: str | None
    value: float | None
    unit: str
    n: int
    numerator: float | None
    denominator: int
    excluded: JSON = strawberry.field(description="Rows left out, by reason.")
    low: float | None
    high: float | None
    p90: float | None
    mean: float | None
    estimate: Estimate | None
    is_enough: bool
    tickets: str = strawberry.field(description="The REST address of the tickets behind the number.")


@strawberry.input(description="Which rows: a half-open period on the metric's date basis, and dimensions.")
class MetricFilter:
    from_at: datetime | None = None
    to_at: datetime | None = None
    connection_id: UUID | None = None
    vendor_id: UUID | None = None
    agent_id: UUID | None = None
    group_name: str | None = None
    channel: str | None = None
    language: str | None = None
    brand: str | None = None
    priority: str | None = None
    topic: str | None = None
    without: str | None = strawberry.field(
        default=None, description="Only rows for which this dimension is not known."
    )


@strawberry.type
class MetricsQuery:
    @strawberry.field(description="Values of several metrics at once, whole or by one dimension.")
    async def metrics(
        self,
        info: Ask,
        keys: list[str],
        group_by: str | None = None,
        filter: MetricFilter | None = None,
    ) -> list[MetricValue]:
        check(info.context.actor, "metrics.read")
        if not 1 <= len(keys) <= 20:
            raise ValidationFailed("Ask for 1 to 20 metrics at once.")
        query = {"group_by": group_by, **(vars(filter) if filter else {})}
        found: list[MetricValue] = []
        for key in keys:
            document = await told(info.context, "kpi", f"/kpi/metrics/{quote(key, safe='')}", query)
            info.context.count(len(document["values"]))
            found += [_value(value) for value in document["values"]]
        return found


def _value(document: dict[str, Any]) -> MetricValue:
    estimate = document["estimate"]
    return MetricValue(**document | {"estimate": Estimate(**estimate) if estimate else None})
