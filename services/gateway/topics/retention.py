"""GraphQL: how long things are kept. The feedback service knows what holds where nobody said anything."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import argument, field

from services.feedback.privacy.schemas import RetentionOut
from services.gateway.context import Ask
from services.gateway.problems import Problem, command, told
from shared.auth import check


@strawberry.type(description="How long a class of data is kept.")
class Retention:
    data_class: str = field(
        description="originals (texts as they were sent) or texts (without personal data)"
    )
    keep_days: int = field(description="After the ticket's last change.")
    changed_at: datetime | None = field(description="When that was set; null: the default.")


def _retention_of(found: Any) -> Retention:
    return Retention(**vars(RetentionOut.model_validate(found)))


RetentionOrProblem = Annotated[
    Retention | Problem,
    strawberry.union("RetentionOrProblem", description="What holds now, or why nothing was changed."),
]


@strawberry.type
class RetentionQuery:
    @strawberry.field(description="How long each class of data is kept.")
    async def retention(self, info: Ask) -> list[Retention]:
        check(info.context.actor, "retention.read")
        found = await told(info.context, "feedback", "/feedback/retention", {})
        info.context.count(len(found))
        return [_retention_of(one) for one in found]


@strawberry.type
class RetentionMutation:
    @strawberry.mutation(description="Keep a class of data longer, or less long.")
    async def change_retention(
        self, info: Ask, data_class: Annotated[str, argument(description="originals or texts")],
        keep_days: Annotated[int, argument(description="After the ticket's last change: 1 to 36500.")],
    ) -> RetentionOrProblem:  # fmt: skip
        body = {"data_class": data_class, "keep_days": keep_days}
        done = await command(info.context, "feedback", "/feedback/retention", body, method="PATCH")
        return done if isinstance(done, Problem) else _retention_of(done)
