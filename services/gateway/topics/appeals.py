"""GraphQL: appeals and rulings."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command
from services.gateway.topics.people import Ask, Person, person
from shared.auth import check
from shared.models.appeals import Appeal as AppealRow
from shared.models.appeals import Ruling as RulingRow


@strawberry.type(description="The one decision on an appeal.")
class Ruling:
    appeal_id: UUID = field(description="What it decides.")
    outcome: str = field(description="upheld, partially_overturned or overturned: what became of the review")
    reason: str = field(description="Why, of the reasons that there are.")
    text: str = field(description="Why, in words.")
    ruled_at: datetime = field(description="When it was decided.")
    changes: JSON = field(description="[{criterion, value}]: the answers that replace the reviewer's")
    ruled_by_id: UUID = field(description="Who decided.")

    @strawberry.field(description="Who decided, if you may see them.")
    async def ruled_by(self, info: Ask) -> Person | None:
        return await person(info, self.ruled_by_id)


@strawberry.type(description="An objection to a review, criterion by criterion.")
class Appeal:
    id: UUID = field(description="Its key in Assay.")
    review_id: UUID = field(description="The review that it is against.")
    ticket_id: UUID = field(description="The ticket that was reviewed.")
    agent_id: UUID = field(description="Whose work was reviewed.")
    vendor_id: UUID | None = field(description="Whom they worked for; null: for the company itself.")
    filed_by_id: UUID = field(description="The agent, or the agent's lead.")
    reason: str = field(description="Why, of the reasons that there are.")
    points: JSON = field(description="[{criterion, proposed_value, text}]")
    state: str = field(description="open, in_review, decided or withdrawn")
    resolver_id: UUID | None = field(description="Who has taken it and will rule; null: nobody.")
    filed_at: datetime = field(description="When it was filed.")
    due_at: datetime = field(description="Until when it is to be decided.")

    @strawberry.field(description="Whose work was reviewed, if you may see them.")
    async def agent(self, info: Ask) -> Person | None:
        return await person(info, self.agent_id)

    @strawberry.field(description="The agent, or the agent's lead, if you may see them.")
    async def filed_by(self, info: Ask) -> Person | None:
        return await person(info, self.filed_by_id)

    @strawberry.field(description="Who has taken it and will rule, if you may see them.")
    async def resolver(self, info: Ask) -> Person | None:
        return await person(info, self.resolver_id)

    @strawberry.field(description="Null until somebody has ruled.")
    async def ruling(self, info: Ask) -> Ruling | None:
        rows = await info.context.many(RulingRow, "appeal_id", [col(RulingRow.ruled_at)], self.id)
        return ruling_of(rows[0]) if rows else None


def ruling_of(row: RulingRow) -> Ruling:
    return Ruling(
        appeal_id=row.appeal_id, outcome=row.outcome, reason=row.reason, text=row.text, ruled_at=row.ruled_at,
        changes=cast(JSON, row.changes), ruled_by_id=row.ruled_by,
    )  # fmt: skip


def appeal_of(row: AppealRow) -> Appeal:
    return Appeal(
        id=row.id, review_id=row.review_id, ticket_id=row.ticket_id, agent_id=row.agent_id,
        vendor_id=row.vendor_id, filed_by_id=row.filed_by, reason=row.reason,
        points=cast(JSON, row.points), state=row.state, resolver_id=row.resolver_id,
        filed_at=row.filed_at, due_at=row.due_at,
    )  # fmt: skip


async def appeals_of_review(info: Ask, review_id: UUID) -> list[Appeal]:
    rows = await info.context.many(AppealRow, "review_id", [col(AppealRow.id)], review_id)
    return [appeal_of(row) for row in rows]


AppealOrProblem = Annotated[
    Appeal | Problem, strawberry.union("AppealOrProblem", description="The appeal, or why nothing was done.")
]
Which = Annotated[UUID, argument(description="Which appeal.")]
Why = Annotated[str, argument(description="Why; it stays with the appeal.")]


@strawberry.input(description="One criterion that should have been answered otherwise.")
class PointInput:
    criterion: str = field(description="Its key in the scorecard.")
    proposed_value: JSON = field(
        description='What the answer should have been: a number on the scale, or "NA".'
    )
    text: str = field(description="Why.")


@strawberry.input(description="One changed answer.")
class ChangeInput:
    criterion: str = field(description="Its key in the scorecard.")
    value: JSON = field(description='A number on the scale, or "NA".')


@strawberry.type
class AppealsQuery:
    @strawberry.field(description="One appeal; null where there is none, or none that you may see.")
    async def appeal(self, info: Ask, id: Which) -> Appeal | None:
        check(info.context.actor, "appeals.read")
        row = await info.context.one(AppealRow, id)
        return appeal_of(row) if row else None

    @strawberry.field(description="Appeals, the newest first.")
    async def appeals(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        state: Annotated[str | None, argument(description="Only those in this state.")] = None,
        review_id: Annotated[UUID | None, argument(description="Only those against this version.")] = None,
        agent_id: Annotated[UUID | None, argument(description="Only those about this agent's work.")] = None,
    ) -> Connection[Appeal]:  # fmt: skip
        check(info.context.actor, "appeals.read")
        statement = select(AppealRow)
        equal = {"state": state, "review_id": review_id, "agent_id": agent_id}
        for name, value in equal.items():
            if value is not None:
                statement = statement.where(getattr(AppealRow, name) == value)
        return await page(
            info.context, statement, name=info.field_name, filters=equal, first=first,
            after=after, order=order,
            newest=col(AppealRow.filed_at), row_id=col(AppealRow.id), make=appeal_of,
        )  # fmt: skip


@strawberry.type
class AppealsMutation:
    @strawberry.mutation(description="Appeal a review of your work.")
    async def file_appeal(
        self, info: Ask,
        review_id: Annotated[UUID, argument(description="Which version of the review.")],
        reason: Annotated[
            str,
            argument(
                description="evidence_overlooked, scorecard_misread, sop_unclear, wrong_agent or other"
            ),
        ],
        points: Annotated[list[PointInput], argument(description="What is wrong, criterion by criterion.")],
    ) -> AppealOrProblem:  # fmt: skip
        body = {
            "review_id": str(review_id),
            "reason": reason,
            "points": [vars(point) for point in points],
        }
        return await _appeal(info, "/appeals", body)

    @strawberry.mutation(description="Take an appeal: you will rule on it.")
    async def take_appeal(self, info: Ask, appeal_id: Which) -> AppealOrProblem:
        return await _appeal(info, f"/appeals/{appeal_id}/take")

    @strawberry.mutation(description="Give an appeal that was taken back.")
    async def release_appeal(self, info: Ask, appeal_id: Which, reason: Why) -> AppealOrProblem:
        return await _appeal(info, f"/appeals/{appeal_id}/release", {"reason": reason})

    @strawberry.mutation(description="Rule, with the changed answers in the same call.")
    async def rule_on_appeal(
        self, info: Ask, appeal_id: Which,
        outcome: Annotated[str, argument(description="upheld, partially_overturned or overturned")],
        reason: Annotated[
            str,
            argument(
                description="reviewer_error, sop_unclear, evidence_missing, exception or review_correct"
            ),
        ],
        text: Annotated[str, argument(description="Why, in words.")],
        changes: Annotated[list[ChangeInput], argument(description="The answers that are changed.")],
    ) -> AppealOrProblem:  # fmt: skip
        body = {
            "outcome": outcome,
            "reason": reason,
            "text": text,
            "changes": [vars(c) for c in changes],
        }
        return await _appeal(info, f"/appeals/{appeal_id}/ruling", body)

    @strawberry.mutation(description="Take an appeal back.")
    async def withdraw_appeal(self, info: Ask, appeal_id: Which, reason: Why) -> AppealOrProblem:
        return await _appeal(info, f"/appeals/{appeal_id}/withdraw", {"reason": reason})


async def _appeal(info: Ask, path: str, body: Any = None) -> AppealOrProblem:
    done = await command(info.context, "appeals", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(AppealRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return appeal_of(row)
