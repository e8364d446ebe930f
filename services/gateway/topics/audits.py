"""GraphQL: audits and reviews."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry.scalars import JSON

from services.gateway.paging import Connection, page
from services.gateway.problems import Problem, command
from services.gateway.topics.appeals import Appeal, appeals_of_review
from services.gateway.topics.people import Ask, Person, person
from shared.auth import check
from shared.models.audit import Audit as AuditRow
from shared.models.audit import Review as ReviewRow

if TYPE_CHECKING:
    from services.gateway.topics.tickets import Ticket


@strawberry.type(description="One version of one audit's verdict; a later version supersedes it.")
class Review:
    id: UUID
    audit_id: UUID
    ticket_id: UUID
    number: int
    score: float | None = strawberry.field(description="Percent; null when nothing was rated.")
    score_exact: str | None
    auto_failed: bool
    passed: bool | None
    answers: JSON = strawberry.field(description="[{criterion, value, comment}]")
    sections: JSON = strawberry.field(description="[{section, score, criteria: [{criterion, score}]}]")
    summary: str | None
    released_at: datetime
    acknowledged_at: datetime | None
    superseded_at: datetime | None = strawberry.field(description="Null: this is the version that counts.")
    supersedes_id: UUID | None
    appeal_id: UUID | None
    agent_id: strawberry.Private[UUID | None]
    reviewer_id: strawberry.Private[UUID | None]

    @strawberry.field(description="Whose work was reviewed.")
    async def agent(self, info: Ask) -> Person | None:
        return await person(info, self.agent_id)

    @strawberry.field(description="Who gave this verdict.")
    async def reviewer(self, info: Ask) -> Person | None:
        return await person(info, self.reviewer_id)

    @strawberry.field(description="Appeals against this version.")
    async def appeals(self, info: Ask) -> list[Appeal]:
        return await appeals_of_review(info, self.id)


@strawberry.type(description="One ticket chosen to be reviewed.")
class Audit:
    id: UUID
    ticket_id: UUID
    state: str
    probability: float | None = strawberry.field(description="How likely this ticket was to be drawn.")
    draw: str | None
    drawn_at: datetime
    agent_id: strawberry.Private[UUID | None]
    specialist_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def agent(self, info: Ask) -> Person | None:
        return await person(info, self.agent_id)

    @strawberry.field(description="Who has claimed it.")
    async def specialist(self, info: Ask) -> Person | None:
        return await person(info, self.specialist_id)

    @strawberry.field(description="All versions, the first one first.")
    async def reviews(self, info: Ask) -> list[Review]:
        rows = await info.context.many(ReviewRow, "audit_id", [col(ReviewRow.number)], self.id)
        return [review_of(row) for row in rows]

    @strawberry.field
    async def ticket(
        self, info: Ask
    ) -> Annotated["Ticket", strawberry.lazy("services.gateway.topics.tickets")] | None:
        from services.gateway.topics import tickets

        return await tickets.find_ticket(info, self.ticket_id)


def review_of(row: ReviewRow) -> Review:
    return Review(
        id=row.id, audit_id=row.audit_id, ticket_id=row.ticket_id, number=row.number,
        score=None if row.score is None else float(row.score), score_exact=row.score_exact,
        auto_failed=row.auto_failed, passed=row.passed, answers=cast(JSON, row.answers),
        sections=cast(JSON, row.sections), summary=row.summary, released_at=row.released_at,
        acknowledged_at=row.acknowledged_at, superseded_at=row.superseded_at,
        supersedes_id=row.supersedes_id, appeal_id=row.appeal_id, agent_id=row.agent_id,
        reviewer_id=row.reviewer_id,
    )  # fmt: skip


def audit_of(row: AuditRow) -> Audit:
    return Audit(
        id=row.id, ticket_id=row.ticket_id, state=row.state,
        probability=None if row.probability is None else float(row.probability), draw=row.draw,
        drawn_at=row.drawn_at, agent_id=row.agent_id, specialist_id=row.specialist_id,
    )  # fmt: skip


async def reviews_of_ticket(info: Ask, ticket_id: UUID) -> list[Review]:
    order = [col(ReviewRow.audit_id), col(ReviewRow.number)]
    rows = await info.context.many(ReviewRow, "ticket_id", order, ticket_id)
    return [review_of(row) for row in rows]


async def audits_of_ticket(info: Ask, ticket_id: UUID) -> list[Audit]:
    rows = await info.context.many(
        AuditRow, "ticket_id", [col(AuditRow.drawn_at), col(AuditRow.id)], ticket_id
    )
    return [audit_of(row) for row in rows]


AuditOrProblem = Annotated[Audit | Problem, strawberry.union("AuditOrProblem")]
ReviewOrProblem = Annotated[Review | Problem, strawberry.union("ReviewOrProblem")]


@strawberry.input(description="One criterion's answer.")
class AnswerInput:
    criterion: str
    value: JSON = strawberry.field(description='A number on the scale, or "NA".')
    comment: str | None = None


@strawberry.type
class AuditsQuery:
    @strawberry.field(description="One audit; null where there is none, or none that you may see.")
    async def audit(self, info: Ask, id: UUID) -> Audit | None:
        check(info.context.actor, "audits.read")
        row = await info.context.one(AuditRow, id)
        return audit_of(row) if row else None

    @strawberry.field(description="Audits, the latest drawn first.")
    async def audits(
        self, info: Ask, first: int = 20, after: str | None = None, state: str | None = None
    ) -> Connection[Audit]:
        check(info.context.actor, "audits.read")
        statement = select(AuditRow)
        if state is not None:
            statement = statement.where(col(AuditRow.state) == state)
        return await page(
            info.context, statement, name=info.field_name, filters={"state": state}, first=first, after=after,
            newest=col(AuditRow.drawn_at), row_id=col(AuditRow.id), make=audit_of,
        )  # fmt: skip

    @strawberry.field(description="One version of a review.")
    async def review(self, info: Ask, id: UUID) -> Review | None:
        check(info.context.actor, "reviews.read")
        row = await info.context.one(ReviewRow, id)
        return review_of(row) if row else None

    @strawberry.field(
        description="Reviews, the latest released first; `current: true` leaves out superseded ones."
    )
    async def reviews(
        self, info: Ask, first: int = 20, after: str | None = None, current: bool | None = None
    ) -> Connection[Review]:
        check(info.context.actor, "reviews.read")
        statement = select(ReviewRow)
        superseded = col(ReviewRow.superseded_at)
        if current is not None:
            statement = statement.where(superseded.is_(None) if current else superseded.is_not(None))
        return await page(
            info.context, statement, name=info.field_name, filters={"current": current}, first=first,
            after=after,
            newest=col(ReviewRow.released_at), row_id=col(ReviewRow.id), make=review_of,
        )  # fmt: skip


@strawberry.type
class AuditsMutation:
    @strawberry.mutation(description="Claim the longest waiting audit.")
    async def claim_next_audit(self, info: Ask) -> AuditOrProblem:
        return await _audit(info, "/audit/audits/claim-next")

    @strawberry.mutation(description="Claim this audit.")
    async def claim_audit(self, info: Ask, audit_id: UUID) -> AuditOrProblem:
        return await _audit(info, f"/audit/audits/{audit_id}/claim")

    @strawberry.mutation(description="Give a claimed audit back.")
    async def release_audit(self, info: Ask, audit_id: UUID, reason: str) -> AuditOrProblem:
        return await _audit(info, f"/audit/audits/{audit_id}/release", {"reason": reason})

    @strawberry.mutation(description="Submit the review of an audit you claimed.")
    async def submit_review(
        self, info: Ask, audit_id: UUID, answers: list[AnswerInput], summary: str | None = None
    ) -> ReviewOrProblem:
        body = {"answers": [vars(answer) for answer in answers], "summary": summary}
        return await _review(info, f"/audit/audits/{audit_id}/reviews", body)

    @strawberry.mutation(description="I have read this review of my work.")
    async def acknowledge_review(self, info: Ask, review_id: UUID) -> ReviewOrProblem:
        return await _review(info, f"/audit/reviews/{review_id}/acknowledge")


async def _audit(info: Ask, path: str, body: Any = None) -> AuditOrProblem:
    done = await command(info.context, "audit", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(AuditRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return audit_of(row)


async def _review(info: Ask, path: str, body: Any = None) -> ReviewOrProblem:
    done = await command(info.context, "audit", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(ReviewRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return review_of(row)
