"""GraphQL: erasures, somebody's wish to be forgotten: asked for by one person, approved by another."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command
from services.gateway.topics.people import Person, person
from shared.auth import check
from shared.models.privacy import ErasureRequest as ErasureRow


@strawberry.type(description="Somebody's wish to be forgotten, and what became of it.")
class Erasure:
    id: UUID = field(description="Its key in Assay.")
    requester_id: UUID = field(description="Who is to be forgotten.")
    state: str = field(description="requested, approved, done or refused")
    reason: str = field(description="Why; the decision adds nothing to it.")
    requested_by_id: UUID = field(description="Who asked for it.")
    requested_at: datetime = field(description="When it was asked for.")
    decided_by_id: UUID | None = field(description="Who approved or refused it.")
    decided_at: datetime | None = field(description="When it was approved or refused.")
    scanned: int = field(description="Raw deliveries looked through so far.")
    done_at: datetime | None = field(description="When it was done.")
    proof: JSON = field(description="Place → how many rows of it were blanked or removed.")

    @strawberry.field(description="Who asked for it, if you may see them.")
    async def requested_by(self, info: Ask) -> Person | None:
        return await person(info, self.requested_by_id)

    @strawberry.field(description="Who approved or refused it, if you may see them.")
    async def decided_by(self, info: Ask) -> Person | None:
        return await person(info, self.decided_by_id)


def erasure_of(row: ErasureRow) -> Erasure:
    return Erasure(
        id=row.id, requester_id=row.requester_id, state=row.state, reason=row.reason,
        requested_by_id=row.requested_by, requested_at=row.requested_at, decided_by_id=row.decided_by,
        decided_at=row.decided_at, scanned=row.scanned, done_at=row.done_at, proof=cast(JSON, row.proof),
    )  # fmt: skip


ErasureOrProblem = Annotated[
    Erasure | Problem,
    strawberry.union("ErasureOrProblem", description="The erasure, or why nothing was done."),
]
Which = Annotated[UUID, argument(description="Which erasure.")]


@strawberry.type
class ErasuresQuery:
    @strawberry.field(description="One erasure; null where there is none.")
    async def erasure(
        self, info: Ask, id: Annotated[UUID, argument(description="Its key in Assay.")]
    ) -> Erasure | None:
        check(info.context.actor, "erasures.read")
        row = await info.context.one(ErasureRow, id)
        return erasure_of(row) if row else None

    @strawberry.field(description="Erasures, the latest asked for first.")
    async def erasures(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST
    ) -> Connection[Erasure]:
        check(info.context.actor, "erasures.read")
        return await page(
            info.context, select(ErasureRow), name=info.field_name, filters={}, first=first,
            after=after, order=order,
            newest=col(ErasureRow.id), row_id=col(ErasureRow.id), make=erasure_of,
        )  # fmt: skip


@strawberry.type
class ErasuresMutation:
    @strawberry.mutation(description="Ask for a requester to be forgotten; somebody else approves it.")
    async def request_erasure(
        self, info: Ask, requester_id: Annotated[UUID, argument(description="Who is to be forgotten.")],
        reason: Annotated[str, argument(description="Why.")],
    ) -> ErasureOrProblem:  # fmt: skip
        return await _erasure(info, f"/feedback/requesters/{requester_id}/erase", {"reason": reason})

    @strawberry.mutation(description="Approve an erasure: it is done from here on.")
    async def approve_erasure(self, info: Ask, erasure_id: Which) -> ErasureOrProblem:
        return await _erasure(info, f"/feedback/erasures/{erasure_id}/approve")

    @strawberry.mutation(description="Refuse an erasure.")
    async def refuse_erasure(
        self, info: Ask, erasure_id: Which, reason: Annotated[str, argument(description="Why.")]
    ) -> ErasureOrProblem:
        return await _erasure(info, f"/feedback/erasures/{erasure_id}/refuse", {"reason": reason})


async def _erasure(info: Ask, path: str, body: Any = None) -> ErasureOrProblem:
    done = await command(info.context, "feedback", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(ErasureRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return erasure_of(row)
