"""A released review with the people around it: what tests of appeals start from."""

from dataclasses import dataclass, field
from typing import Any

from quick_tickets import agent_of, waiting_audits
from world import World

GREETING = {"criterion": "greeting", "proposed_value": 1, "text": "I did greet."}
SOLUTION = {"criterion": "solution", "proposed_value": 5, "text": "It was solved."}


@dataclass
class Case:
    """A review of `agent` by `reviewer`: greeting 0, solution 4, privacy 1, so 67.5 %."""

    world: World
    connection: dict[str, Any]
    agent: str
    reviewer: str
    resolver: str
    review: dict[str, Any] = field(default_factory=dict)

    async def file(self, *points: Any, by: str = "", status: int = 201, review: str = "") -> Any:
        new = {
            "review_id": review or self.review["id"],
            "reason": "scorecard_misread",
            "points": points or [GREETING, SOLUTION],
        }
        return await self.world.post("/appeals", new, by=by or self.agent, status=status)

    async def take(self, appeal: Any, *, by: str = "", status: int = 200) -> Any:
        path = f"/appeals/{appeal['id']}/take"
        return await self.world.post(path, by=by or self.resolver, status=status)

    async def rule(
        self, appeal: Any, outcome: str, *, by: str = "", status: int = 200, **changes: Any
    ) -> Any:
        path = f"/appeals/{appeal['id']}/ruling"
        body = ruling(outcome, **changes)
        return await self.world.post(path, body, by=by or self.resolver, status=status)

    async def withdraw(self, appeal: Any, *, by: str = "", status: int = 200) -> Any:
        path = f"/appeals/{appeal['id']}/withdraw"
        return await self.world.post(path, {"reason": "Settled."}, by=by or self.agent, status=status)

    async def taken(self, *points: Any) -> Any:
        return await self.take(await self.file(*points))

    async def versions(self) -> list[dict[str, Any]]:
        """Of the review, the first one first."""
        found = await self.world.get(f"/audit/reviews?audit_id={self.review['audit_id']}")
        return sorted(found["items"], key=lambda version: version["number"])

    async def change(self, person: str, **fields: Any) -> None:
        await self.world.patch(f"/people/people/{person}", fields)


async def a_reviewed_ticket(world: World) -> Case:
    connection = await waiting_audits(world, 1)
    case = Case(
        world,
        connection,
        agent_of(connection),
        reviewer=await world.person("specialist", "The reviewer"),
        resolver=await world.person("lead", "The resolver"),
    )
    case.review = await world.reviewed(case.reviewer)
    return case


def ruling(outcome: str, **changes: Any) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "reason": "reviewer_error",
        "text": "Having read it again.",
        "changes": [{"criterion": name, "value": value} for name, value in changes.items()],
    }
