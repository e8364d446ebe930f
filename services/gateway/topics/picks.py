"""GraphQL: audits that somebody picks, to coach. The audit service puts them up."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.problems import Problem, command, sent


@strawberry.type(description="A pick: its audit is there as soon as the worker has put it up.")
class AuditPick:
    audit_id: UUID = field(description="Which audit it becomes.")
    ticket_id: UUID = field(description="Of which ticket.")
    agent_id: UUID = field(description="Whose work on it.")


PickOrProblem = Annotated[
    AuditPick | Problem, strawberry.union("PickOrProblem", description="The pick, or why there is none.")
]


@strawberry.type
class PicksMutation:
    @strawberry.mutation(description="Pick a ticket to be reviewed: for coaching, never in an estimate.")
    async def pick_audit(
        self, info: Ask, ticket_id: Annotated[UUID, argument(description="Which ticket.")],
        scorecard_version_id: Annotated[UUID, argument(description="A published version.")],
        reason: Annotated[str, argument(description="Why this one.")],
        agent_id: Annotated[UUID | None, argument(description="Whose work; null: its assignee's.")] = None,
    ) -> PickOrProblem:  # fmt: skip
        body = {
            "ticket_id": ticket_id, "scorecard_version_id": scorecard_version_id, "agent_id": agent_id,
            "reason": reason,
        }  # fmt: skip
        done = await command(info.context, "audit", "/audit/audits", sent(body))
        if isinstance(done, Problem):
            return done
        return AuditPick(**{name: UUID(value) for name, value in done.items()})
