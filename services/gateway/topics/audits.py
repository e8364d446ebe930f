"""GraphQL: audits and reviews."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import func, select
from sqlmodel import col
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command
from services.gateway.topics.appeals import Appeal, appeals_of_review
from services.gateway.topics.people import Ask, Person, person
from shared import clock
from shared.auth import check
from shared.models.audit import Audit as AuditRow
from shared.models.audit import Evidence as EvidenceRow
from shared.models.audit import Review as ReviewRow
from shared.models.audit import ReviewDraft as DraftRow

if TYPE_CHECKING:
    from services.gateway.topics.tickets import Ticket


@strawberry.type(description="One version of one audit's verdict; a later version supersedes it.")
class Review:
    id: UUID = field(description="Its key in Assay.")
    audit_id: UUID = field(description="The audit that it is the verdict of.")
    ticket_id: UUID = field(description="The ticket that was reviewed.")
    number: int = field(description="1, 2, …: a later version supersedes an earlier one.")
    scorecard_version_id: UUID = field(description="What it was scored with.")
    reviewer_id: UUID | None = field(description="Null: imported, or not for you to know.")
    agent_id: UUID | None = field(description="Whose work was reviewed.")
    vendor_id: UUID | None = field(description="Whom they worked for; null: for the company itself.")
    score: float | None = field(description="Percent; null when nothing was rated.")
    score_exact: str | None = field(description="The fraction that `score` was cut from.")
    score_without_auto_fail: float | None = field(
        description="What the score would be if nothing had failed all of it by itself."
    )
    auto_failed: bool = field(description="Whether one criterion failed all of it.")
    passed: bool | None = field(description="Whether it reached the pass mark; null: there is none.")
    answers: JSON = field(description="[{criterion, value, comment, reason}]; hidden ones: is_hidden")
    sections: JSON = field(description="[{section, score, earned, at_stake, criteria: [{criterion, score}]}]")
    summary: str | None = field(description="The reviewer's words about all of it.")
    released_at: datetime = field(description="When it was released.")
    acknowledged_at: datetime | None = field(description="When the agent said that they have read it.")
    acknowledged_by: UUID | None = field(description="Their lead, for an agent who cannot; null: the agent.")
    acknowledgement_proof: str | None = field(description="How the agent was told, where their lead says so.")
    superseded_at: datetime | None = field(description="Null: this is the version that counts.")
    supersedes_id: UUID | None = field(description="The version before this one.")
    appeal_id: UUID | None = field(description="The appeal that this version came of.")
    reason: str | None = field(description="Why it took the other's place, where no appeal did.")
    is_void: bool = field(description="There is no verdict any more: it counts nowhere.")
    highlights: JSON = field(description="[{message_id, start, end, criterion, comment}]: what shows it.")

    @strawberry.field(description="Whose work was reviewed, if you may see them.")
    async def agent(self, info: Ask) -> Person | None:
        return await person(info, self.agent_id)

    @strawberry.field(description="Who gave this verdict, if you may know.")
    async def reviewer(self, info: Ask) -> Person | None:
        return await person(info, self.reviewer_id)

    @strawberry.field(description="Appeals against this version.")
    async def appeals(self, info: Ask) -> list[Appeal]:
        return await appeals_of_review(info, self.id)


@strawberry.type(description="A review as far as it is written; only whoever claimed the audit reads it.")
class ReviewDraft:
    audit_id: UUID = field(description="The audit that it will be the verdict of.")
    number: int = field(description="How often it was saved; say it when you save the next.")
    answers: JSON = field(description="[{criterion, value, comment}]: those that there are.")
    summary: str | None = field(description="The words about all of it, so far.")
    highlights: JSON = field(description="[{message_id, start, end, criterion, comment}]: so far.")
    saved_at: datetime = field(description="When it was saved.")


@strawberry.type(description="One ticket chosen to be reviewed.")
class Audit:
    id: UUID = field(description="Its key in Assay.")
    ticket_id: UUID = field(description="The ticket that was chosen.")
    plan_id: UUID | None = field(description="The plan that drew it; null: imported or picked by hand.")
    scorecard_version_id: UUID = field(description="What it is scored with.")
    probability: float | None = field(description="How likely this ticket was to be drawn.")
    draw: str | None = field(description="The 64-bit number the draw gave this ticket, in hex.")
    drawn_at: datetime = field(description="When it was drawn.")
    run_id: UUID | None = field(description="The run that drew it, where no plan did.")
    stratum: str | None = field(description="In that run: a JSON list.")
    due_at: datetime | None = field(description="When it is to be reviewed.")
    agent_id: UUID | None = field(description="Whose work it is about.")
    vendor_id: UUID | None = field(description="Whom they worked for; null: for the company itself.")
    state: str = field(description="open, claimed, submitted, reviewed, reassigned or void")
    specialist_id: UUID | None = field(description="Null: nobody has claimed it, or not for you to know.")
    lease_ends_at: datetime | None = field(
        description="Then the claim goes back, unless it is worked on. Null: as for the specialist."
    )

    @strawberry.field(
        description="The ticket as it was. Null: not for you to read; specialists read it once they claimed."
    )
    async def evidence(self, info: Ask) -> JSON | None:
        order = [col(EvidenceRow.ticket_id)]
        rows = await info.context.many(EvidenceRow, "audit_id", order, self.id)
        if not rows:
            return None
        info.context.note_read("evidence.read", self.id)
        return cast(JSON, rows[0].content)

    @strawberry.field(
        description="The review as far as you have written it; null: you claimed or wrote none."
    )
    async def draft(self, info: Ask) -> ReviewDraft | None:
        rows = await info.context.many(DraftRow, "audit_id", [col(DraftRow.ticket_id)], self.id)
        return draft_of(rows[0]) if rows else None

    @strawberry.field(description="Whose work it is about, if you may see them.")
    async def agent(self, info: Ask) -> Person | None:
        return await person(info, self.agent_id)

    @strawberry.field(description="Who has claimed it, if you may know.")
    async def specialist(self, info: Ask) -> Person | None:
        return await person(info, self.specialist_id)

    @strawberry.field(description="All versions, the first one first.")
    async def reviews(self, info: Ask) -> list[Review]:
        rows = await info.context.many(ReviewRow, "audit_id", [col(ReviewRow.number)], self.id)
        return [review_of(row) for row in rows]

    @strawberry.field(description="The ticket that was chosen.")
    async def ticket(
        self, info: Ask
    ) -> Annotated["Ticket", strawberry.lazy("services.gateway.topics.tickets")] | None:
        from services.gateway.topics import tickets

        return await tickets.find_ticket(info, self.ticket_id)


def review_of(row: ReviewRow) -> Review:
    return Review(
        id=row.id, audit_id=row.audit_id, ticket_id=row.ticket_id, number=row.number,
        scorecard_version_id=row.scorecard_version_id, vendor_id=row.vendor_id,
        score=None if row.score is None else float(row.score), score_exact=row.score_exact,
        score_without_auto_fail=(
            None if row.score_without_auto_fail is None else float(row.score_without_auto_fail)
        ),
        auto_failed=row.auto_failed, passed=row.passed, answers=cast(JSON, row.answers),
        sections=cast(JSON, row.sections), summary=row.summary, released_at=row.released_at,
        acknowledged_at=row.acknowledged_at, acknowledged_by=row.acknowledged_by,
        acknowledgement_proof=row.acknowledgement_proof, superseded_at=row.superseded_at,
        supersedes_id=row.supersedes_id, appeal_id=row.appeal_id, agent_id=row.agent_id,
        reviewer_id=row.reviewer_id, reason=row.reason, is_void=row.is_void,
        highlights=cast(JSON, row.highlights),
    )  # fmt: skip


def draft_of(row: DraftRow) -> ReviewDraft:
    return ReviewDraft(
        audit_id=row.audit_id, number=row.number, answers=cast(JSON, row.answers), summary=row.summary,
        highlights=cast(JSON, row.highlights), saved_at=row.saved_at,
    )  # fmt: skip


def audit_of(row: AuditRow) -> Audit:
    return Audit(
        id=row.id, ticket_id=row.ticket_id, plan_id=row.plan_id,
        scorecard_version_id=row.scorecard_version_id, vendor_id=row.vendor_id, state=row.state,
        probability=None if row.probability is None else float(row.probability), draw=row.draw,
        drawn_at=row.drawn_at, run_id=row.run_id, stratum=row.stratum, due_at=row.due_at,
        agent_id=row.agent_id, specialist_id=row.specialist_id, lease_ends_at=row.lease_ends_at,
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


AuditOrProblem = Annotated[
    Audit | Problem, strawberry.union("AuditOrProblem", description="The audit, or why nothing was done.")
]
ReviewOrProblem = Annotated[
    Review | Problem, strawberry.union("ReviewOrProblem", description="The review, or why nothing was done.")
]
DraftOrProblem = Annotated[
    ReviewDraft | Problem,
    strawberry.union("DraftOrProblem", description="The draft, or why nothing was done."),
]
WhichAudit = Annotated[UUID, argument(description="Which audit.")]
WhichReview = Annotated[UUID, argument(description="Which version of the review.")]
OfAgent = Annotated[UUID | None, argument(description="Only those about this agent's work.")]
OfTicket = Annotated[UUID | None, argument(description="Only those of this ticket.")]


@strawberry.input(description="One criterion's answer.")
class AnswerInput:
    criterion: str = field(description="Its key in the scorecard.")
    value: JSON = field(description='A number on the scale, or "NA".')
    comment: str | None = field(default=None, description="Why.")
    reason: str | None = field(default=None, description="One of the criterion's reasons.")


@strawberry.input(description="Words of one message of the evidence, counted in characters of its body.")
class HighlightInput:
    message_id: UUID = field(description="Which message.")
    start: int = field(description="The first of them; 0 is the first one.")
    end: int = field(description="The one behind the last of them.")
    criterion: str | None = field(default=None, description="What they show; null: something else.")
    comment: str | None = field(default=None, description="What of it is to be seen.")


Answers = Annotated[list[AnswerInput], argument(description="One for every criterion of the card.")]
Summary = Annotated[str | None, argument(description="Your words about all of it.")]
Highlights = Annotated[list[HighlightInput], argument(description="Where in the ticket it shows.")]
Why = Annotated[str, argument(description="Why; whoever reads the review reads it.")]


def verdict(
    answers: list[AnswerInput], summary: str | None, highlights: list[HighlightInput]
) -> dict[str, Any]:
    return {
        "answers": [vars(answer) for answer in answers], "summary": summary,
        "highlights": [vars(one) | {"message_id": str(one.message_id)} for one in highlights],
    }  # fmt: skip


@strawberry.type
class AuditsQuery:
    @strawberry.field(description="One audit; null where there is none, or none that you may see.")
    async def audit(self, info: Ask, id: WhichAudit) -> Audit | None:
        check(info.context.actor, "audits.read")
        row = await info.context.one(AuditRow, id)
        return audit_of(row) if row else None

    @strawberry.field(description="Audits, the latest drawn first.")
    async def audits(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        state: Annotated[str | None, argument(description="Only those in this state.")] = None,
        agent_id: OfAgent = None, ticket_id: OfTicket = None,
        specialist_id: Annotated[UUID | None, argument(description="Only those claimed by them.")] = None,
        overdue: Annotated[
            bool | None, argument(description="Only what should have been reviewed by now, or the rest.")
        ] = None,
    ) -> Connection[Audit]:  # fmt: skip
        check(info.context.actor, "audits.read")
        statement = select(AuditRow)
        equal = {
            "state": state, "agent_id": agent_id, "ticket_id": ticket_id, "specialist_id": specialist_id,
        }  # fmt: skip
        for name, value in equal.items():
            if value is not None:
                statement = statement.where(getattr(AuditRow, name) == value)
        if overdue is not None:
            is_late = (col(AuditRow.due_at) < clock.now()) & col(AuditRow.state).in_(("open", "claimed"))
            statement = statement.where(func.coalesce(is_late, False) == overdue)
        return await page(
            info.context, statement, name=info.field_name, filters=equal | {"overdue": overdue}, first=first,
            after=after, order=order,
            newest=col(AuditRow.drawn_at), row_id=col(AuditRow.id), make=audit_of,
        )  # fmt: skip

    @strawberry.field(description="One version of a review.")
    async def review(self, info: Ask, id: WhichReview) -> Review | None:
        check(info.context.actor, "reviews.read")
        row = await info.context.one(ReviewRow, id)
        return review_of(row) if row else None

    @strawberry.field(
        description="Reviews, the latest released first; `current: true` leaves out superseded ones."
    )
    async def reviews(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        current: Annotated[
            bool | None, argument(description="Only versions that count, or only superseded ones.")
        ] = None,
        agent_id: OfAgent = None, ticket_id: OfTicket = None,
        audit_id: Annotated[UUID | None, argument(description="Only those of this audit.")] = None,
        scorecard_version_id: Annotated[
            UUID | None, argument(description="Only those scored with this version.")
        ] = None,
    ) -> Connection[Review]:  # fmt: skip
        check(info.context.actor, "reviews.read")
        statement = select(ReviewRow)
        equal = {
            "agent_id": agent_id, "ticket_id": ticket_id, "audit_id": audit_id,
            "scorecard_version_id": scorecard_version_id,
        }  # fmt: skip
        for name, value in equal.items():
            if value is not None:
                statement = statement.where(getattr(ReviewRow, name) == value)
        superseded = col(ReviewRow.superseded_at)
        if current is not None:
            statement = statement.where(superseded.is_(None) if current else superseded.is_not(None))
        return await page(
            info.context, statement, name=info.field_name, filters=equal | {"current": current}, first=first,
            after=after, order=order,
            newest=col(ReviewRow.released_at), row_id=col(ReviewRow.id), make=review_of,
        )  # fmt: skip


@strawberry.type
class AuditsMutation:
    @strawberry.mutation(description="Claim the longest waiting audit.")
    async def claim_next_audit(self, info: Ask) -> AuditOrProblem:
        return await _audit(info, "/audit/audits/claim-next")

    @strawberry.mutation(description="Claim this audit.")
    async def claim_audit(self, info: Ask, audit_id: WhichAudit) -> AuditOrProblem:
        return await _audit(info, f"/audit/audits/{audit_id}/claim")

    @strawberry.mutation(description="Give a claimed audit back.")
    async def release_audit(
        self, info: Ask, audit_id: WhichAudit,
        reason: Annotated[str, argument(description="Why; it stays with the audit.")],
    ) -> AuditOrProblem:  # fmt: skip
        return await _audit(info, f"/audit/audits/{audit_id}/release", {"reason": reason})

    @strawberry.mutation(description="Submit the review of an audit you claimed.")
    async def submit_review(
        self, info: Ask, audit_id: WhichAudit, answers: Answers, summary: Summary = None,
        highlights: Highlights = [],  # noqa: B006  # what GraphQL shows as the default; read only
        draft_number: Annotated[
            int | None, argument(description="Which draft this was made of; null: whichever there is.")
        ] = None,
    ) -> ReviewOrProblem:  # fmt: skip
        body = verdict(answers, summary, highlights) | {"draft_number": draft_number}
        return await _review(info, f"/audit/audits/{audit_id}/reviews", body)

    @strawberry.mutation(description="Save the review as far as it is written.")
    async def save_review_draft(
        self, info: Ask, audit_id: WhichAudit,
        number: Annotated[int, argument(description="Of the draft you read; 0: there was none.")],
        answers: Annotated[list[AnswerInput], argument(description="Those that there are.")],
        summary: Summary = None,
        highlights: Highlights = [],  # noqa: B006  # what GraphQL shows as the default; read only
    ) -> DraftOrProblem:  # fmt: skip
        body = verdict(answers, summary, highlights) | {"number": number}
        done = await command(info.context, "audit", f"/audit/audits/{audit_id}/draft", body, method="PUT")
        if isinstance(done, Problem):
            return done
        (row,) = await info.context.many(DraftRow, "audit_id", [col(DraftRow.ticket_id)], audit_id)
        return draft_of(row)

    @strawberry.mutation(description="Give this verdict anew; the version before stays readable.")
    async def revise_review(
        self, info: Ask, review_id: WhichReview, answers: Answers, reason: Why, summary: Summary = None,
        highlights: Highlights = [],  # noqa: B006  # what GraphQL shows as the default; read only
    ) -> ReviewOrProblem:  # fmt: skip
        body = verdict(answers, summary, highlights) | {"reason": reason}
        return await _review(info, f"/audit/reviews/{review_id}/revise", body)

    @strawberry.mutation(description="Make this verdict void: it counts nowhere any more.")
    async def void_review(self, info: Ask, review_id: WhichReview, reason: Why) -> ReviewOrProblem:
        return await _review(info, f"/audit/reviews/{review_id}/void", {"reason": reason})

    @strawberry.mutation(description="I have read this review of my work.")
    async def acknowledge_review(self, info: Ask, review_id: WhichReview) -> ReviewOrProblem:
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
