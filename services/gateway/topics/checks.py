"""GraphQL: second looks at released reviews, and how a specialist's judgement stands to that of others. The
audit service decides what each caller sees of them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import UNSET, argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent, told
from services.gateway.topics.agreements import moments
from services.gateway.topics.calibrations import CalibrationAnswer
from shared.auth import check
from shared.models.calibration import ReviewCheck as CheckRow


@strawberry.type(description="A second look at a released review, by somebody who does not see its answers.")
class ReviewCheck:
    id: UUID = field(description="Its key in Assay.")
    review_id: UUID | None = field(description="Null for whoever checks, until they have.")
    reviewer_id: UUID | None = field(description="Null for whoever checks, until they have.")
    checker_id: UUID = field(description="Who looks again.")
    asked_at: datetime = field(description="When it was asked for.")
    checked_at: datetime | None = field(description="When it was given.")
    score: float | None = field(description="Percent; null: not checked, or nothing was rated.")
    score_exact: str | None = field(description="The fraction that `score` was cut from.")
    auto_failed: bool = field(description="Whether one criterion failed all of it.")


@strawberry.type(description="How far two judged one criterion apart.")
class Deviation:
    criterion: str = field(description="Of the scorecard.")
    reviewer: JSON = field(description='The reviewer\'s answer: a number, or "NA".')
    checker: JSON = field(description='The checker\'s answer: a number, or "NA".')
    difference: float | None = field(description="The reviewer's less the checker's; null: one is \"NA\".")


@strawberry.type(description="A second look, with how far both lie apart.")
class ReviewCheckDetail(ReviewCheck):
    scorecard_version_id: UUID = field(description="The review's own.")
    evidence: JSON | None = field(description="The ticket, for whoever checks, until they have.")
    answers: JSON | None = field(description="[{criterion, value}]")
    score_difference: float | None = field(description="Percent points: the reviewer's less the checker's.")
    deviations: list[Deviation] = field(description="Empty until it is checked.")


@strawberry.type(description="How far somebody's scores lie from those of others who judged the same.")
class Against:
    n: int = field(description="How many could be compared.")
    mean_difference: float | None = field(description="Percent points; above 0: more lenient.")
    mean_distance: float | None = field(description="Percent points, whatever the direction.")
    same: float | None = field(description="Of their answers, how many are the same: 0 to 1.")


@strawberry.type(description="How somebody's judgement stands to that of others: for them and for leads.")
class Alignment:
    person_id: UUID = field(description="Whose.")
    reviews: int = field(description="Released by them, without what came of appeals.")
    score_mean: float | None = field(description="Of the scores that they gave, in percent.")
    score_sd: float | None = field(description="Null below two scores.")
    review_seconds_median: float | None = field(description="From claim to release.")
    appeals: int = field(description="Against reviews of theirs.")
    decided: int = field(description="Of those appeals.")
    changed: int = field(description="Of those decided: overturned, wholly or in part.")
    calibration: Against = field(description="Against experts and what was agreed on.")
    checks: Against = field(description="Against second looks at their reviews.")


def check_of(row: CheckRow, actor_id: UUID) -> ReviewCheck:
    """Whoever checks does not see of whom, before they have."""
    is_blind = row.checked_at is None and row.checker_id == actor_id
    return ReviewCheck(
        id=row.id, review_id=None if is_blind else row.review_id,
        reviewer_id=None if is_blind else row.reviewer_id, checker_id=row.checker_id, asked_at=row.asked_at,
        checked_at=row.checked_at, score=None if row.score is None else float(row.score),
        score_exact=row.score_exact, auto_failed=row.auto_failed,
    )  # fmt: skip


def _detail(document: dict[str, Any]) -> ReviewCheckDetail:
    inner = {"deviations": [Deviation(**one) for one in document["deviations"]]}
    return ReviewCheckDetail(**moments(document) | inner)


ReviewCheckOrProblem = Annotated[
    ReviewCheckDetail | Problem,
    strawberry.union("ReviewCheckOrProblem", description="The second look, or why nothing was done."),
]


@strawberry.type
class ChecksQuery:
    @strawberry.field(description="Second looks, the latest asked for first.")
    async def review_checks(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        reviewer_id: Annotated[
            UUID | None, argument(description="Only those that are done, of this reviewer's reviews.")
        ] = None,
        checker_id: Annotated[UUID | None, argument(description="Only this person's to give.")] = None,
    ) -> Connection[ReviewCheck]:  # fmt: skip
        check(info.context.actor, "checks.read")
        statement = select(CheckRow)
        if reviewer_id is not None:
            statement = statement.where(
                col(CheckRow.reviewer_id) == reviewer_id, col(CheckRow.checked_at).is_not(None)
            )
        if checker_id is not None:
            statement = statement.where(col(CheckRow.checker_id) == checker_id)
        who = info.context.actor.id
        return await page(
            info.context, statement, name=info.field_name,
            filters={"reviewer_id": reviewer_id, "checker_id": checker_id}, first=first,
            after=after, order=order,
            newest=col(CheckRow.id), row_id=col(CheckRow.id), make=lambda row: check_of(row, who),
        )  # fmt: skip

    @strawberry.field(description="One second look.")
    async def review_check(
        self, info: Ask, id: Annotated[UUID, argument(description="Its key in Assay.")]
    ) -> ReviewCheckDetail | None:
        check(info.context.actor, "checks.read")
        found = await info.context.rows(select(CheckRow).where(col(CheckRow.id) == id))
        if not found:
            return None
        document = await told(info.context, "audit", f"/audit/review-checks/{id}", {})
        info.context.count(1 + len(document["deviations"]))
        return _detail(document)

    @strawberry.field(description="How a specialist's judgement stands to that of others.")
    async def alignment(
        self,
        info: Ask,
        person_id: Annotated[UUID, argument(description="Whose: yours, or for leads anybody's.")],
    ) -> Alignment:
        check(info.context.actor, "alignment.read")
        document = await told(info.context, "audit", f"/audit/specialists/{person_id}/alignment", {})
        info.context.count(3)
        inner = {name: Against(**document[name]) for name in ("calibration", "checks")}
        return Alignment(**document | inner)


@strawberry.type
class ChecksMutation:
    @strawberry.mutation(description="Ask for a second look at a released review.")
    async def ask_for_review_check(
        self, info: Ask, review_id: Annotated[UUID, argument(description="Which review.")],
        checker_id: Annotated[UUID | None, argument(description="Who looks again; null: you.")] = UNSET,
    ) -> ReviewCheckOrProblem:  # fmt: skip
        body = sent({"review_id": review_id, "checker_id": checker_id})
        return await _check(info, "/audit/review-checks", body)

    @strawberry.mutation(description="Give a second look.")
    async def answer_review_check(
        self, info: Ask, check_id: Annotated[UUID, argument(description="Which one.")],
        answers: Annotated[
            list[CalibrationAnswer], argument(description="One for every criterion of the card.")
        ],
    ) -> ReviewCheckOrProblem:  # fmt: skip
        return await _check(info, f"/audit/review-checks/{check_id}/answers", sent({"answers": answers}))


async def _check(info: Ask, path: str, body: Any) -> ReviewCheckOrProblem:
    done = await command(info.context, "audit", path, body)
    return done if isinstance(done, Problem) else _detail(done)
