"""GraphQL: what whoever asked for help answered to satisfaction surveys."""

from datetime import datetime
from uuid import UUID

import strawberry
from sqlmodel import col
from strawberry import field

from services.gateway.context import Ask
from services.gateway.topics.people import Person, person
from shared.models.feedback import Rating as RatingRow


@strawberry.type(description="An answer to a satisfaction survey, in its newest version.")
class Rating:
    id: UUID = field(description="Its key in Assay.")
    score: float | None = field(description="0 (bad) … 1 (good); null: not answered, or not on the scale.")
    is_offer: bool = field(description="Asked, and not answered yet.")
    comment: str | None = field(description="What was said to it, without personal data.")
    reason: str | None = field(description="Which of the help desk's reasons was chosen.")
    agent_id: UUID | None = field(description="Whom the rating is about.")
    rated_at: datetime = field(description="When it was given.")

    @strawberry.field(description="Whom the rating is about, if you may see them.")
    async def agent(self, info: Ask) -> Person | None:
        return await person(info, self.agent_id)


async def ratings_of_ticket(info: Ask, ticket_id: UUID) -> list[Rating]:
    """Comments are what people wrote: where there is one, the trail says who read it."""
    order = [col(RatingRow.rated_at), col(RatingRow.id)]
    rows = await info.context.many(RatingRow, "ticket_id", order, ticket_id)
    if any(row.comment for row in rows):
        info.context.note_read("ratings.read", ticket_id)
    return [
        Rating(
            id=row.id, score=None if row.score is None else float(row.score), is_offer=row.is_offer,
            comment=row.comment, reason=row.reason, agent_id=row.agent_id, rated_at=row.rated_at,
        )
        for row in rows
    ]  # fmt: skip
