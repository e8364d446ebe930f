"""GraphQL: pulls, readings of a help desk over its REST API."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent
from services.gateway.topics.connections import HelpDesk, help_desk
from shared.auth import check
from shared.models.feedback import Pull as PullRow


@strawberry.type(description="A reading of a help desk over its REST API, and how far it has come.")
class Pull:
    id: UUID = field(description="Its key in Assay.")
    connection_id: UUID = field(description="The connection that is read.")
    kind: str = field(description="backfill or reconciliation (the hourly look for what webhooks missed)")
    state: str = field(description="running, done, failed or cancelled")
    since_at: datetime = field(description="Of what changed from then on.")
    until_at: datetime = field(description="Of what changed before then.")
    stage: str = field(description="What is being read now.")
    pages: int = field(description="How many pages were read.")
    rows: int = field(description="How many rows they held.")
    refused_rows: int = field(description="Rows that could not be understood; the log says why.")
    changed_tickets: int = field(description="Tickets about which something new was learned, by page.")
    last_error: str | None = field(description="Why it waits, or why it failed.")
    created_at: datetime = field(description="When it began.")
    stepped_at: datetime = field(description="When it went on last.")
    finished_at: datetime | None = field(description="When it ended; null: it goes on.")

    @strawberry.field(description="The connection that is read.")
    async def connection(self, info: Ask) -> HelpDesk | None:
        return await help_desk(info, self.connection_id)


def pull_of(row: PullRow) -> Pull:
    return Pull(**row.model_dump(exclude={"cursor", "step", "failures"}))


PullOrProblem = Annotated[
    Pull | Problem, strawberry.union("PullOrProblem", description="The pull, or why nothing was done.")
]


@strawberry.type
class PullsQuery:
    @strawberry.field(description="How far one pull has come; null where there is none.")
    async def pull(
        self, info: Ask, id: Annotated[UUID, argument(description="Its key in Assay.")]
    ) -> Pull | None:
        check(info.context.actor, "connections.read")
        row = await info.context.one(PullRow, id)
        return pull_of(row) if row else None

    @strawberry.field(description="A connection's backfills and hourly reconciliations, the newest first.")
    async def pulls(
        self, info: Ask, connection_id: Annotated[UUID, argument(description="Of which connection.")],
        first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
    ) -> Connection[Pull]:  # fmt: skip
        check(info.context.actor, "connections.read")
        statement = select(PullRow).where(col(PullRow.connection_id) == connection_id)
        return await page(
            info.context, statement, name=info.field_name, filters={"connection_id": connection_id},
            first=first, after=after, order=order,
            newest=col(PullRow.created_at), row_id=col(PullRow.id), make=pull_of,
        )  # fmt: skip


@strawberry.type
class PullsMutation:
    @strawberry.mutation(
        description="Read what changed in a stretch of time over the help desk's REST API, with all that was "
        "ever said in those tickets."
    )
    async def start_backfill(
        self, info: Ask, connection_id: Annotated[UUID, argument(description="Of which connection.")],
        since: Annotated[datetime, argument(description="From then on.")],
        until: Annotated[datetime | None, argument(description="Before then; null: now.")] = None,
    ) -> PullOrProblem:  # fmt: skip
        path = f"/feedback/connections/{connection_id}/backfills"
        return await _pull(info, path, sent({"since": since, "until": until}))

    @strawberry.mutation(description="Read no further; what was read stays.")
    async def cancel_pull(
        self, info: Ask, pull_id: Annotated[UUID, argument(description="Which pull.")]
    ) -> PullOrProblem:
        return await _pull(info, f"/feedback/pulls/{pull_id}/cancel")


async def _pull(info: Ask, path: str, body: Any = None) -> PullOrProblem:
    done = await command(info.context, "feedback", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(PullRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return pull_of(row)
