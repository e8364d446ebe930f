"""GraphQL: sampling plans, which say what is audited."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent
from services.gateway.topics.scorecards import ScorecardVersion, scorecard_version
from shared.auth import check
from shared.models.audit import SamplingPlan as PlanRow


@strawberry.type(
    description="Which solved tickets are audited: each with the same probability, by a re-runnable draw."
)
class SamplingPlan:
    id: UUID = field(description="Its key in Assay.")
    key: str = field(description="Its short name, which stays.")
    connection_id: UUID = field(description="Whose tickets are drawn.")
    scorecard_version_id: UUID = field(description="What they are scored with.")
    rate: float = field(description="The probability of every eligible ticket.")
    seed: str = field(
        description="u = first 8 bytes of SHA-256('{seed}:{ticket id}'); drawn when u < rate * 2^64."
    )
    due_days: int = field(description="How long after it was solved a ticket is to be reviewed.")
    is_active: bool = field(description="Whether it draws.")
    created_at: datetime = field(description="When it was made.")

    @strawberry.field(description="What they are scored with.")
    async def scorecard_version(self, info: Ask) -> ScorecardVersion | None:
        return await scorecard_version(info, self.scorecard_version_id)


def plan_of(row: PlanRow) -> SamplingPlan:
    return SamplingPlan(
        id=row.id, key=row.key, connection_id=row.connection_id,
        scorecard_version_id=row.scorecard_version_id, rate=float(row.rate), seed=row.seed,
        due_days=row.due_days, is_active=row.is_active, created_at=row.created_at,
    )  # fmt: skip


SamplingPlanOrProblem = Annotated[
    SamplingPlan | Problem,
    strawberry.union("SamplingPlanOrProblem", description="The plan, or why there is none."),
]


@strawberry.type
class PlansQuery:
    @strawberry.field(description="Sampling plans, the latest made first.")
    async def sampling_plans(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST
    ) -> Connection[SamplingPlan]:
        check(info.context.actor, "plans.read")
        return await page(
            info.context, select(PlanRow), name=info.field_name, filters={}, first=first,
            after=after, order=order,
            newest=col(PlanRow.id), row_id=col(PlanRow.id), make=plan_of,
        )  # fmt: skip


@strawberry.type
class PlansMutation:
    @strawberry.mutation(description="Sample a connection's solved tickets.")
    async def plan_sampling(
        self, info: Ask,
        key: Annotated[str, argument(description="Its short name, which stays: weekly-frontline.")],
        connection_id: Annotated[UUID, argument(description="Whose tickets are drawn.")],
        scorecard_version_id: Annotated[
            UUID, argument(description="What they are scored with: a published version.")
        ],
        rate: Annotated[float, argument(description="The probability of every eligible ticket: up to 1.")],
        seed: Annotated[str, argument(description="What the draw is made from: 2026-W07|qa-weekly.")],
        due_days: Annotated[
            int, argument(description="How long after it was solved a ticket is to be reviewed.")
        ] = 7,
    ) -> SamplingPlanOrProblem:  # fmt: skip
        given = {
            "key": key, "connection_id": connection_id, "scorecard_version_id": scorecard_version_id,
            "rate": rate, "seed": seed, "due_days": due_days,
        }  # fmt: skip
        done = await command(info.context, "audit", "/audit/plans", sent(given))
        if isinstance(done, Problem):
            return done
        row = await info.context.one(PlanRow, UUID(done["id"]))
        assert row is not None, "what was just written can be read"
        return plan_of(row)
