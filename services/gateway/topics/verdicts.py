"""GraphQL: what becomes of a released review beside its own words: who was told, and whose work it is. The
audit service decides."""

from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import argument

from services.gateway.context import Ask
from services.gateway.problems import Problem, command
from services.gateway.topics.audits import ReviewOrProblem, WhichReview, review_of
from shared.models.audit import Review as ReviewRow


@strawberry.type
class VerdictsMutation:
    @strawberry.mutation(description="My agent has been told of this review: they cannot say so here.")
    async def acknowledge_review_for(
        self, info: Ask, review_id: WhichReview,
        proof: Annotated[str, argument(description="How they were told: when, where, with whom.")],
    ) -> ReviewOrProblem:  # fmt: skip
        return await _done(info, f"/audit/reviews/{review_id}/acknowledge-for", {"proof": proof})

    @strawberry.mutation(description="It is another agent's work: theirs from now on, void where it was.")
    async def reassign_review(
        self, info: Ask, review_id: WhichReview,
        agent_id: Annotated[UUID, argument(description="Whose work it is.")],
        reason: Annotated[str, argument(description="Why it is not the other's.")],
    ) -> ReviewOrProblem:  # fmt: skip
        body = {"agent_id": str(agent_id), "reason": reason}
        return await _done(info, f"/audit/reviews/{review_id}/reassign", body)


async def _done(info: Ask, path: str, body: Any) -> ReviewOrProblem:
    done = await command(info.context, "audit", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(ReviewRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return review_of(row)
