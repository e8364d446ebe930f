"""GraphQL: reviews that wait for a second look, or for their time. The audit service decides."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import and_, select
from sqlmodel import col
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent, told
from services.gateway.topics.agreements import moments
from services.gateway.topics.audits import Answers, Highlights, Summary, WhichAudit, verdict
from shared.auth import check
from shared.models.releases import HeldReview as HeldRow


@strawberry.type(description="A review that was handed in and is not released.")
class HeldReview:
    audit_id: UUID = field(description="Of which audit.")
    ticket_id: UUID = field(description="Of which ticket.")
    author_id: UUID = field(description="Who wrote it.")
    submitted_at: datetime = field(description="When it was handed in.")
    needs_check: bool = field(description="Whether somebody else looks at it first.")
    release_at: datetime | None = field(description="Not before then; null: as soon as it may.")
    checked_by: UUID | None = field(description="Who has looked at it.")
    checked_at: datetime | None = field(description="When.")
    is_approved: bool | None = field(description="Null: nobody has looked yet.")
    reason: str | None = field(description="Why it was given back to its author.")


@strawberry.type(description="A review that is not released, whole, with what it is about.")
class HeldReviewDetail(HeldReview):
    answers: JSON = field(description="[{criterion, value, comment, reason}]; hidden ones: is_hidden")
    summary: str | None = field(description="The words about all of it.")
    highlights: JSON = field(description="[{message_id, start, end, criterion}]")
    evidence: JSON | None = field(description="The ticket as it was, for whoever looks at it.")


HeldOrProblem = Annotated[
    HeldReview | Problem,
    strawberry.union("HeldReviewOrProblem", description="The review that waits, or why nothing was done."),
]


def held_of(row: HeldRow) -> HeldReview:
    return HeldReview(**{name: getattr(row, name) for name in HeldReview.__annotations__})


@strawberry.type
class ReleasesQuery:
    @strawberry.field(description="Reviews that are handed in and not released, the latest first.")
    async def held_reviews(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        waits: Annotated[
            bool | None, argument(description="Only what waits for somebody's look, or the rest.")
        ] = None,
    ) -> Connection[HeldReview]:  # fmt: skip
        check(info.context.actor, "held_reviews.read")
        statement = select(HeldRow)
        unseen = and_(col(HeldRow.needs_check), col(HeldRow.checked_at).is_(None))
        if waits is not None:
            statement = statement.where(unseen if waits else ~unseen)
        return await page(
            info.context, statement, name=info.field_name, filters={"waits": waits}, first=first,
            after=after, order=order,
            newest=col(HeldRow.submitted_at), row_id=col(HeldRow.audit_id), make=held_of,
        )  # fmt: skip

    @strawberry.field(description="One of them, whole; null where there is none, or none that you may see.")
    async def held_review(self, info: Ask, audit_id: WhichAudit) -> HeldReviewDetail | None:
        check(info.context.actor, "held_reviews.read")
        if not await info.context.rows(select(HeldRow).where(col(HeldRow.audit_id) == audit_id)):
            return None
        document = await told(info.context, "audit", f"/audit/held-reviews/{audit_id}", {})
        return HeldReviewDetail(**moments(document))


@strawberry.type
class ReleasesMutation:
    @strawberry.mutation(description="Hand a review in: it comes out after a second look, or in its time.")
    async def hand_in_review(
        self, info: Ask, audit_id: WhichAudit, answers: Answers, summary: Summary = None,
        highlights: Highlights = [],  # noqa: B006  # what GraphQL shows as the default; read only
        draft_number: Annotated[
            int | None, argument(description="Which draft this was made of; null: whichever there is.")
        ] = None,
        release_at: Annotated[
            datetime | None, argument(description="Not before then; null: as soon as the policy lets it.")
        ] = None,
    ) -> HeldOrProblem:  # fmt: skip
        body = verdict(answers, summary, highlights) | sent(
            {"draft_number": draft_number, "release_at": release_at}
        )
        return _held(await command(info.context, "audit", f"/audit/audits/{audit_id}/submission", body))

    @strawberry.mutation(description="It may be released as it is: by somebody else than its author.")
    async def approve_review(self, info: Ask, audit_id: WhichAudit) -> HeldOrProblem:
        return _held(await command(info.context, "audit", f"/audit/held-reviews/{audit_id}/approve"))

    @strawberry.mutation(description="Back to its author, with a reason; authors take their own back so.")
    async def return_review(
        self, info: Ask, audit_id: WhichAudit,
        reason: Annotated[str, argument(description="What is to be written anew.")],
    ) -> HeldOrProblem:  # fmt: skip
        path = f"/audit/held-reviews/{audit_id}/return"
        return _held(await command(info.context, "audit", path, {"reason": reason}))


def _held(done: dict[str, Any] | Problem) -> HeldOrProblem:
    return done if isinstance(done, Problem) else HeldReview(**moments(done))
