"""GraphQL: which metrics there are, and what is behind their values. The kpi service knows both."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import strawberry
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, First, PageInfo
from services.gateway.problems import told
from services.gateway.topics.metrics import MetricFilter
from services.gateway.topics.tickets import Ticket, find_ticket
from services.kpi.values.schemas import TicketValueOut
from shared.auth import check


@strawberry.type(description="What a metric is.")
class Metric:
    key: str = field(description="Its key: `metrics` asks for its values.")
    title: str = field(description="What it is called.")
    explanation: str = field(description="What it says, and how it is counted.")
    kind: str = field(description="How its rows become one number.")
    unit: str = field(description="In what it is measured.")
    direction: str = field(description="Whether more of it is better.")
    date_basis: str = field(description="By which moment of a row a period counts it.")
    version: int = field(description="Of its definition.")
    dimensions: list[str] = field(description="By what it can be grouped and filtered.")


@strawberry.type(description="A ticket behind a number, and what it contributes.")
class MetricTicket:
    ticket_id: UUID = field(description="Which ticket.")
    value: float | None = field(description="What it contributes; null: nothing.")
    at: datetime | None = field(description="By which moment a period counts it.")
    excluded_because: str | None = field(description="Why it is left out; null: it counts.")

    @strawberry.field(description="The ticket itself, if you may see it.")
    async def ticket(self, info: Ask) -> Ticket | None:
        return await find_ticket(info, self.ticket_id)


# No edges: of the rows behind a number, only the last one of a page has a cursor.
@strawberry.type(description="A page of the tickets behind a number.")
class MetricTickets:
    nodes: list[MetricTicket] = field(description="In the order of their ids.")
    page_info: PageInfo = field(
        description="Where the page ends, and whether there is more; the last page has no `endCursor`."
    )


@strawberry.type
class CatalogueQuery:
    @strawberry.field(description="The catalogue: which metrics there are.")
    async def metric_catalogue(self, info: Ask) -> list[Metric]:
        check(info.context.actor, "metrics.read")
        found = await told(info.context, "kpi", "/kpi/metrics", {})
        info.context.count(len(found))
        return [Metric(**one) for one in found]

    @strawberry.field(description="The tickets behind a value of a metric, and what each contributes.")
    async def metric_tickets(
        self, info: Ask, key: Annotated[str, argument(description="Which metric: its key in the catalogue.")],
        filter: Annotated[MetricFilter | None, argument(description="Which rows; null: all.")] = None,
        first: First = 20, after: After = None,
    ) -> MetricTickets:  # fmt: skip
        check(info.context.actor, "metrics.read")
        query: dict[str, Any] = {"limit": first, "after": after, **(vars(filter) if filter else {})}
        found = await told(info.context, "kpi", f"/kpi/metrics/{quote(key, safe='')}/tickets", query)
        info.context.count(len(found["items"]))
        return MetricTickets(
            nodes=[MetricTicket(**vars(TicketValueOut.model_validate(one))) for one in found["items"]],
            page_info=PageInfo(end_cursor=found["next"], has_next_page=found["next"] is not None),
        )
