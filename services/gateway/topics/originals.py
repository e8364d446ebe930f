"""GraphQL: texts as they were sent. Each opening is a command: it is noted who did it and why."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry import argument, field
from strawberry.scalars import JSON

from services.feedback.privacy.schemas import OriginalOut
from services.gateway.context import Ask
from services.gateway.problems import Problem, command


@strawberry.type(description="A message as it was sent.")
class OriginalMessage:
    id: UUID = field(description="As among the ticket's `messages`.")
    body: str | None = field(description="What was said; null: it is kept no more.")


@strawberry.type(description="What was said to a rating, as it was sent.")
class OriginalRating:
    id: UUID = field(description="As among the ticket's `ratings`.")
    comment: str | None = field(description="What was said; null: nothing, or it is kept no more.")
    extra: JSON | None = field(description="Answers to further questions of the same survey.")


@strawberry.type(description="A ticket's texts as they were sent; null: there are none, or kept no more.")
class Original:
    ticket_id: UUID = field(description="Of which ticket.")
    requester_id: UUID = field(description="Who asked for help.")
    subject: str | None = field(description="What it is about.")
    description: str | None = field(description="How it began.")
    custom_fields: JSON | None = field(description="What the help desk's own fields hold.")
    messages: list[OriginalMessage] = field(description="In the order they were sent.")
    ratings: list[OriginalRating] = field(description="Answers to satisfaction surveys.")


OriginalOrProblem = Annotated[
    Original | Problem, strawberry.union("OriginalOrProblem", description="The texts, or why they stay shut.")
]
Purpose = Annotated[
    str, argument(description="Why: kept with your name, for the person concerned to ask about.")
]


def _original_of(told: dict[str, Any]) -> Original:
    out = OriginalOut.model_validate(told)
    return Original(
        ticket_id=out.ticket_id, requester_id=out.requester_id, subject=out.subject,
        description=out.description, custom_fields=cast(JSON, out.custom_fields),
        messages=[OriginalMessage(id=one.id, body=one.body) for one in out.messages],
        ratings=[
            OriginalRating(id=one.id, comment=one.comment, extra=cast(JSON, one.extra)) for one in out.ratings
        ],
    )  # fmt: skip


@strawberry.type
class OriginalsMutation:
    @strawberry.mutation(description="A ticket's texts as they were sent; noted with your name.")
    async def open_original(
        self, info: Ask, ticket_id: Annotated[UUID, argument(description="Of which ticket.")],
        purpose: Purpose,
    ) -> OriginalOrProblem:  # fmt: skip
        path = f"/feedback/tickets/{ticket_id}/original"
        done = await command(info.context, "feedback", path, {"purpose": purpose})
        return done if isinstance(done, Problem) else _original_of(done)
