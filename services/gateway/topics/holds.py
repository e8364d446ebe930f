"""GraphQL: legal holds, what has to be kept whatever else is asked for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import UNSET, argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent
from services.gateway.topics.people import Person, person
from shared.auth import check
from shared.models.privacy import LegalHold as HoldRow


@strawberry.type(description="What has to be kept: of a requester, or of one ticket.")
class LegalHold:
    id: UUID = field(description="Its key in Assay.")
    requester_id: UUID | None = field(description="Whose tickets are kept.")
    ticket_id: UUID | None = field(description="Which ticket is kept.")
    reason: str = field(description="Why.")
    placed_by_id: UUID = field(description="Who placed it.")
    placed_at: datetime = field(description="Since when it holds.")
    released_by_id: UUID | None = field(description="Who released it.")
    released_at: datetime | None = field(description="Since when it holds no more; null: it does.")

    @strawberry.field(description="Who placed it, if you may see them.")
    async def placed_by(self, info: Ask) -> Person | None:
        return await person(info, self.placed_by_id)

    @strawberry.field(description="Who released it, if you may see them.")
    async def released_by(self, info: Ask) -> Person | None:
        return await person(info, self.released_by_id)


def hold_of(row: HoldRow) -> LegalHold:
    return LegalHold(
        id=row.id, requester_id=row.requester_id, ticket_id=row.ticket_id, reason=row.reason,
        placed_by_id=row.placed_by, placed_at=row.placed_at, released_by_id=row.released_by,
        released_at=row.released_at,
    )  # fmt: skip


LegalHoldOrProblem = Annotated[
    LegalHold | Problem,
    strawberry.union("LegalHoldOrProblem", description="The hold, or why nothing was done."),
]


@strawberry.type
class HoldsQuery:
    @strawberry.field(description="Legal holds, the latest placed first.")
    async def legal_holds(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        is_active: Annotated[
            bool | None, argument(description="Only those that hold, or that hold no more.")
        ] = None,
    ) -> Connection[LegalHold]:  # fmt: skip
        check(info.context.actor, "legal_holds.read")
        statement, released = select(HoldRow), col(HoldRow.released_at)
        if is_active is not None:
            statement = statement.where(released.is_(None) if is_active else released.is_not(None))
        return await page(
            info.context, statement, name=info.field_name, filters={"is_active": is_active}, first=first,
            after=after, order=order,
            newest=col(HoldRow.id), row_id=col(HoldRow.id), make=hold_of,
        )  # fmt: skip


@strawberry.type
class HoldsMutation:
    @strawberry.mutation(description="Keep what is held of a requester, or of one ticket.")
    async def place_legal_hold(
        self, info: Ask, reason: Annotated[str, argument(description="Why.")],
        requester_id: Annotated[UUID | None, argument(description="Whose tickets are kept.")] = UNSET,
        ticket_id: Annotated[UUID | None, argument(description="Which ticket is kept.")] = UNSET,
    ) -> LegalHoldOrProblem:  # fmt: skip
        given = {"reason": reason, "requester_id": requester_id, "ticket_id": ticket_id}
        return await _hold(info, "/feedback/legal-holds", sent(given))

    @strawberry.mutation(description="It has to be kept no more.")
    async def release_legal_hold(
        self, info: Ask, hold_id: Annotated[UUID, argument(description="Which hold.")]
    ) -> LegalHoldOrProblem:
        return await _hold(info, f"/feedback/legal-holds/{hold_id}/release")


async def _hold(info: Ask, path: str, body: Any = None) -> LegalHoldOrProblem:
    done = await command(info.context, "feedback", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(HoldRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return hold_of(row)
