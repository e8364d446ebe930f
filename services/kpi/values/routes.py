"""HTTP of the values room."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from services.kpi.errors import UnknownDimension, UnknownMetric
from services.kpi.values import queries, service
from services.kpi.values.catalogue import CATALOGUE, DIMENSIONS
from services.kpi.values.schemas import MetricOut, TicketValueOut, ValuesOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.openapi import READS, answers
from shared.paging import OneWay, Page
from shared.schemas import When
from shared.web import router

routes = router("/kpi/metrics", "kpi")
Reader = Annotated[Actor, Depends(permit("metrics.read"))]
Text = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True)
class Filters:
    """The dimensions to filter by; a period is [from_at, to_at) on the metric's date basis."""

    from_at: When | None = None
    to_at: When | None = None
    connection_id: UUID | None = None
    vendor_id: UUID | None = None
    agent_id: UUID | None = None
    group_name: Text = None
    channel: Text = None
    language: Text = None
    brand: Text = None
    priority: Text = None
    topic: Text = None
    without: Annotated[
        str | None, Query(max_length=200, description="A dimension: only rows that have no value in it.")
    ] = None

    def question(self, key: str, group_by: str | None = None) -> queries.Question:
        filters = {k: v for k, v in vars(self).items() if k not in ("from_at", "to_at", "without")}
        return service.question(
            service.find_metric(key), from_at=self.from_at, to_at=self.to_at, filters=filters,
            without=self.without, group_by=group_by,
        )  # fmt: skip


@routes.get("", response_model=list[MetricOut], responses=answers(*READS), summary="The catalogue")
async def list_metrics(_: Reader) -> Any:
    return [vars(metric) | {"dimensions": sorted(DIMENSIONS[metric.source])} for metric in CATALOGUE.values()]


@routes.get(
    "/{key}", response_model=ValuesOut, summary="A metric's value, whole or by one dimension",
    responses=answers(*READS, UnknownMetric, UnknownDimension),
)  # fmt: skip
async def get_values(
    key: str,
    session: Session,
    _: Reader,
    filters: Annotated[Filters, Depends()],
    group_by: Text = None,
) -> Any:
    return await service.values_of(session, filters.question(key, group_by), group_by)


@routes.get(
    "/{key}/tickets", response_model=Page[TicketValueOut],
    summary="The tickets behind a value, and what each contributes",
    responses=answers(*READS, UnknownMetric, UnknownDimension),
)  # fmt: skip
async def list_tickets(
    key: str, session: Session, paging: OneWay, _: Reader, filters: Annotated[Filters, Depends()]
) -> Any:
    asked = filters.question(key)
    rows = await queries.list_tickets(session, asked, after=paging.after, limit=paging.limit + 1)
    more = len(rows) > paging.limit
    items = rows[: paging.limit]
    return {"items": items, "next": paging.cursor(items[-1]["id"]) if more else None}
