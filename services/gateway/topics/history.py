"""GraphQL: what happened to a ticket, as the help desk tells it."""

from datetime import datetime
from typing import cast
from uuid import UUID

import strawberry
from sqlmodel import col
from strawberry import field as described
from strawberry.scalars import JSON

from services.gateway.context import Ask
from shared.models.feedback import TicketEvent as EventRow


@strawberry.type(description="One change in a ticket's life.")
class TicketEvent:
    id: UUID = described(description="Its key in Assay.")
    occurred_at: datetime = described(description="When it happened.")
    field: str = described(description="What changed.")
    from_value: str | None = described(description="What it was.")
    to_value: str | None = described(description="What it became.")
    basis: str = described(
        description="How sure it is: history (a complete log), told (an event of its own), hint, snapshot."
    )
    detail: JSON | None = described(description="What else the help desk tells about it.")


async def events_of_ticket(info: Ask, ticket_id: UUID) -> list[TicketEvent]:
    order = [col(EventRow.occurred_at), col(EventRow.position), col(EventRow.id)]
    rows = await info.context.many(EventRow, "ticket_id", order, ticket_id)
    return [
        TicketEvent(
            id=row.id, occurred_at=row.occurred_at, field=row.field, from_value=row.from_value,
            to_value=row.to_value, basis=row.basis, detail=cast(JSON, row.detail),
        )
        for row in rows
    ]  # fmt: skip
