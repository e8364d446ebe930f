"""GraphQL: appeals and rulings."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry.scalars import JSON

from services.gateway.paging import Connection, page
from services.gateway.problems import Problem, command
from services.gateway.topics.people import Ask, Person, person
from shared.auth import check
from shared.models.appeals import Appeal as AppealRow
from shared.models.appeals import Ruling as RulingRow


@strawberry.type(description="The one decision on an appeal.")
class Ruling:
    outcome: str
    reason: str
    text: str
    ruled_at: datetime
    changes: JSON = strawberry.field(description="[{criterion, value}]")
    ruled_by_id: strawberry.Private[UUID]

    @strawberry.field(description="Who decided.")
    async def ruled_by(self, info: Ask) -> Person | None:
        return await person(info, self.ruled_by_id)


@strawberry.type(description="An objection to a review, criterion by criterion.")
class Appeal:
    id: UUID
    review_id: UUID
    ticket_id: UUID
    state: str
    reason: str
    points: JSON = strawberry.field(description="[{criterion, proposed_value, text}]")
    filed_at: datetime
    due_at: datetime
    filed_by_id: strawberry.Private[UUID]

    @strawberry.field(description="The agent, or the agent's lead.")
    async def filed_by(self, info: Ask) -> Person | None:
        return await person(info, self.filed_by_id)

    @strawberry.field(description="Null until somebody has ruled.")
    async def ruling(self, info: Ask) -> Ruling | None:
        rows = await info.context.many(RulingRow, "appeal_id", [col(RulingRow.ruled_at)], self.id)
        return ruling_of(rows[0]) if rows else None


def ruling_of(row: RulingRow) -> Ruling:
    return Ruling(
        outcome=row.outcome, reason=row.reason, text=row.text, ruled_at=row.ruled_at,
        changes=cast(JSON, row.changes), ruled_by_id=row.ruled_by,
    )  # fmt: skip


def appeal_of(row: AppealRow) -> Appeal:
    return Appeal(
        id=row.id, review_id=row.review_id, ticket_id=row.ticket_id, state=row.state,
        reason=row.reason, points=cast(JSON, row.points), filed_at=row.filed_at, due_at=row.due_at,
        filed_by_id=row.filed_by,
    )  # fmt: skip


async def appeals_of_review(info: Ask, review_id: UUID) -> list[Appeal]:
    rows = await info.context.many(AppealRow, "review_id", [col(AppealRow.id)], review_id)
    return [appeal_of(row) for row in rows]


AppealOrProblem = Annotated[Appeal | Problem, strawberry.union("AppealOrProblem")]


@strawberry.input(description="One criterion that should have been answered otherwise.")
class PointInput:
    criterion: str
    proposed_value: JSON = strawberry.field(description='A number on the scale, or "NA".')
    text: str


@strawberry.input(description="One changed answer.")
class ChangeInput:
    criterion: str
    value: JSON


@strawberry.type
class AppealsQuery:
    @strawberry.field(description="Appeals, the newest first.")
    async def appeals(
        self, info: Ask, first: int = 20, after: str | None = None, state: str | None = None
    ) -> Connection[Appeal]:
        check(info.context.actor, "appeals.read")
        statement = select(AppealRow)
        if state is not None:
            statement = statement.where(col(AppealRow.state) == state)
        return await page(
            info.context, statement, name=info.field_name, filters={"state": state}, first=first, after=after,
            newest=col(AppealRow.filed_at), row_id=col(AppealRow.id), make=appeal_of,
        )  # fmt: skip


@strawberry.type
class AppealsMutation:
    @strawberry.mutation(description="Appeal a review of your work.")
    async def file_appeal(
        self, info: Ask, review_id: UUID, reason: str, points: list[PointInput]
    ) -> AppealOrProblem:
        body = {
            "review_id": str(review_id),
            "reason": reason,
            "points": [vars(point) for point in points],
        }
        return await _appeal(info, "/appeals", body)

    @strawberry.mutation(description="Take an appeal: you will rule on it.")
    async def take_appeal(self, info: Ask, appeal_id: UUID) -> AppealOrProblem:
        return await _appeal(info, f"/appeals/{appeal_id}/take")

    @strawberry.mutation(description="Give an appeal that was taken back.")
    async def release_appeal(self, info: Ask, appeal_id: UUID, reason: str) -> AppealOrProblem:
        return await _appeal(info, f"/appeals/{appeal_id}/release", {"reason": reason})

    @strawberry.mutation(description="Rule, with the changed answers in the same call.")
    async def rule_on_appeal(
        self,
        info: Ask,
        appeal_id: UUID,
        outcome: str,
        reason: str,
        text: str,
        changes: list[ChangeInput],
    ) -> AppealOrProblem:
        body = {
            "outcome": outcome,
            "reason": reason,
            "text": text,
            "changes": [vars(c) for c in changes],
        }
        return await _appeal(info, f"/appeals/{appeal_id}/ruling", body)

    @strawberry.mutation(description="Take an appeal back.")
    async def withdraw_appeal(self, info: Ask, appeal_id: UUID, reason: str) -> AppealOrProblem:
        return await _appeal(info, f"/appeals/{appeal_id}/withdraw", {"reason": reason})


async def _appeal(info: Ask, path: str, body: Any = None) -> AppealOrProblem:
    done = await command(info.context, "appeals", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(AppealRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return appeal_of(row)
