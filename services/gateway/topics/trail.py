"""GraphQL: the audit trail."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.topics.people import Person, person
from shared.auth import check
from shared.models.trail import TrailEntry as EntryRow


@strawberry.type(
    description="One transaction that changed something or read personal data: ids and names of columns, "
    "no words."
)
class TrailEntry:
    id: UUID = field(description="Its key in Assay.")
    entered_at: datetime = field(description="When it happened.")
    actor_kind: str = field(description="person, service, worker or command")
    actor_id: UUID | None = field(description="Who did it, where it was somebody.")
    action: str = field(description="The permission that was asked for; of the worker, its handler or chore.")
    route: str | None = field(description="The address that was asked.")
    changes: JSON = field(
        description="[{table, ids, change, columns, to, more}]; more: so many rows beyond those in ids"
    )
    reads: JSON = field(description="[{action, ids}]")
    purpose: str | None = field(description="Why personal data was read, in the reader's words.")
    request_id: str | None = field(description="The request that it was part of.")

    @strawberry.field(description="Who did it, where it was a person and you may see them.")
    async def actor(self, info: Ask) -> Person | None:
        return await person(info, self.actor_id)


def entry_of(row: EntryRow) -> TrailEntry:
    return TrailEntry(
        id=row.id, entered_at=row.entered_at, actor_kind=row.actor_kind, actor_id=row.actor_id,
        action=row.action, route=row.route, changes=cast(JSON, row.changes), reads=cast(JSON, row.reads),
        purpose=row.purpose, request_id=row.request_id,
    )  # fmt: skip


@strawberry.type
class TrailQuery:
    @strawberry.field(
        description="Who did what, and who read what people wrote: the newest first. Leads see all of it; "
        "everybody else what they did themselves."
    )
    async def trail(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        who: Annotated[UUID | None, argument(name="actorId", description="Only what they did.")] = None,
        action: Annotated[str | None, argument(description="Only this permission, handler or chore.")] = None,
        row_id: Annotated[UUID | None, argument(description="Of what was changed or read.")] = None,
        from_at: Annotated[datetime | None, argument(description="From then on.")] = None,
        to_at: Annotated[datetime | None, argument(description="Before then.")] = None,
    ) -> Connection[TrailEntry]:  # fmt: skip
        check(info.context.actor, "trail.read")
        statement = select(EntryRow)
        if who is not None:
            statement = statement.where(col(EntryRow.actor_id) == who)
        if action is not None:
            statement = statement.where(col(EntryRow.action) == action)
        if row_id is not None:
            named = [{"ids": [str(row_id)]}]
            changed, read = col(EntryRow.changes).contains(named), col(EntryRow.reads).contains(named)
            statement = statement.where(changed | read)
        if from_at is not None:
            statement = statement.where(col(EntryRow.entered_at) >= from_at)
        if to_at is not None:
            statement = statement.where(col(EntryRow.entered_at) < to_at)
        filters = {
            "actor_id": who, "action": action, "row_id": row_id, "from_at": from_at, "to_at": to_at,
        }  # fmt: skip
        return await page(
            info.context, statement, name=info.field_name, filters=filters, first=first,
            after=after, order=order,
            newest=col(EntryRow.id), row_id=col(EntryRow.id), make=entry_of,
        )  # fmt: skip
