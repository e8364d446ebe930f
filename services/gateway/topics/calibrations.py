"""GraphQL: calibration sessions and how far raters agree. The audit service decides what each caller sees of
them, so it is asked for all but the list."""

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
from services.gateway.topics.agreements import CalibrationAgreement, CalibrationTrend, agreement_of, moments
from shared.auth import check
from shared.models.calibration import Calibration as CalibrationRow


@strawberry.type(description="Several raters score the same audits, each blind to what the others give.")
class Calibration:
    id: UUID = field(description="Its key in Assay.")
    title: str = field(description="What it is called.")
    scorecard_version_id: UUID = field(description="What is rated with.")
    standard: str = field(description="What ratings are held against: expert or consensus.")
    expert_id: UUID | None = field(description="Whose ratings are the standard, of an expert's.")
    authors_may_rate: bool = field(description="Whether somebody may rate what they have reviewed.")
    state: str = field(description="draft, open, discussing, closed or cancelled")
    due_at: datetime = field(description="Until when ratings count.")
    created_by: UUID = field(description="Who prepared it.")
    created_at: datetime = field(description="When it was prepared.")
    opened_at: datetime | None = field(description="Since when raters rate.")
    revealed_at: datetime | None = field(description="Since when raters read each other's ratings.")
    closed_at: datetime | None = field(description="When the discussion ended.")


@strawberry.type(description="Who is asked to rate.")
class CalibrationRater:
    person_id: UUID = field(description="Who.")
    counts_late: bool = field(description="Whether what they gave late was taken in.")


@strawberry.type(description="One audit that is rated.")
class CalibrationSample:
    id: UUID = field(description="Its key in Assay.")
    number: int = field(description="1 is the first.")
    ticket_id: UUID | None = field(description="Null for raters until the reveal.")
    audit_id: UUID | None = field(description="Null for raters until the reveal.")
    evidence: JSON | None = field(description="The ticket, without who answered it.")
    agreed: JSON | None = field(description="What the discussion agreed on: [{criterion, value}].")
    agreed_score: float | None = field(description="What that is worth, in percent.")
    agreed_by: UUID | None = field(description="Who wrote it down.")
    is_rated: bool = field(description="Whether you have rated it.")


@strawberry.type(description="A session with its samples, as you may see them.")
class CalibrationDetail(Calibration):
    is_revealed: bool = field(description="Whether you may read what others gave.")
    raters: list[CalibrationRater] = field(description="Of a rater: themselves alone, until the reveal.")
    samples: list[CalibrationSample] = field(description="In their order.")


@strawberry.type(description="What one rater gave one sample. It is never a review.")
class CalibrationRating:
    sample_id: UUID = field(description="Which sample.")
    rater_id: UUID = field(description="Who gave it.")
    answers: JSON = field(description="[{criterion, value}]")
    score: float | None = field(description="Percent; null when nothing was rated.")
    score_exact: str | None = field(description="The fraction that `score` was cut from.")
    auto_failed: bool = field(description="Whether one criterion failed all of it.")
    rated_at: datetime = field(description="When it was given last.")
    is_late: bool = field(description="It came after the deadline or the reveal, and is kept apart.")


@strawberry.input(description="One answer.")
class CalibrationAnswer:
    criterion: str = field(description="Of the scorecard.")
    value: JSON = field(description='A number on its scale, or "NA".')


def calibration_of(row: CalibrationRow) -> Calibration:
    return Calibration(**{name: getattr(row, name) for name in Calibration.__annotations__})


def _detail(document: dict[str, Any]) -> CalibrationDetail:
    inner = {
        "raters": [CalibrationRater(**one) for one in document["raters"]],
        "samples": [CalibrationSample(**one) for one in document["samples"]],
    }
    return CalibrationDetail(**moments(document) | inner)


CalibrationOrProblem = Annotated[
    Calibration | Problem,
    strawberry.union("CalibrationOrProblem", description="The session, or why nothing was done."),
]
CalibrationDetailOrProblem = Annotated[
    CalibrationDetail | Problem,
    strawberry.union("CalibrationDetailOrProblem", description="The session, or why nothing was done."),
]
CalibrationRatingOrProblem = Annotated[
    CalibrationRating | Problem,
    strawberry.union("CalibrationRatingOrProblem", description="The rating, or why there is none."),
]
Which = Annotated[UUID, argument(description="Which session.")]
Answers = Annotated[list[CalibrationAnswer], argument(description="One for every criterion of the card.")]
Sample = Annotated[UUID, argument(description="Which sample.")]


@strawberry.type
class CalibrationsQuery:
    @strawberry.field(description="Calibration sessions, the latest prepared first.")
    async def calibrations(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        state: Annotated[str | None, argument(description="Only those in this state.")] = None,
        scorecard_version_id: Annotated[
            UUID | None, argument(description="Only those that rate with this version.")
        ] = None,
    ) -> Connection[Calibration]:  # fmt: skip
        check(info.context.actor, "calibrations.read")
        statement = select(CalibrationRow)
        filters = {"state": state, "scorecard_version_id": scorecard_version_id}
        for name, value in filters.items():
            if value is not None:
                statement = statement.where(getattr(CalibrationRow, name) == value)
        return await page(
            info.context, statement, name=info.field_name, filters=filters, first=first,
            after=after, order=order,
            newest=col(CalibrationRow.id), row_id=col(CalibrationRow.id), make=calibration_of,
        )  # fmt: skip

    @strawberry.field(description="One session, with its samples.")
    async def calibration(
        self, info: Ask, id: Annotated[UUID, argument(description="Its key in Assay.")]
    ) -> CalibrationDetail | None:
        check(info.context.actor, "calibrations.read")
        if await info.context.one(CalibrationRow, id) is None:
            return None
        document = await told(info.context, "audit", f"/audit/calibrations/{id}", {})
        info.context.count(1 + len(document["samples"]) + len(document["raters"]))
        return _detail(document)

    @strawberry.field(description="Your own ratings; after the reveal, everybody's.")
    async def calibration_ratings(self, info: Ask, calibration_id: Which) -> list[CalibrationRating]:
        check(info.context.actor, "calibrations.read")
        found = await told(info.context, "audit", f"/audit/calibrations/{calibration_id}/ratings", {})
        info.context.count(len(found))
        return [CalibrationRating(**moments(one)) for one in found]

    @strawberry.field(description="How far raters agree. Refused before the reveal.")
    async def calibration_agreement(self, info: Ask, calibration_id: Which) -> CalibrationAgreement:
        check(info.context.actor, "calibrations.read")
        document = await told(info.context, "audit", f"/audit/calibrations/{calibration_id}/agreement", {})
        info.context.count(1 + sum(1 + len(one["measures"]) for one in document["criteria"]))
        return agreement_of(document)

    @strawberry.field(description="Agreement from session to session, over all versions of a scorecard.")
    async def calibration_trend(
        self, info: Ask, scorecard_id: Annotated[UUID, argument(description="Which scorecard.")]
    ) -> list[CalibrationTrend]:
        check(info.context.actor, "calibrations.read")
        found = await told(info.context, "audit", f"/audit/calibration-trend/{scorecard_id}", {})
        info.context.count(len(found))
        return [CalibrationTrend(**moments(one)) for one in found]


@strawberry.type
class CalibrationsMutation:
    @strawberry.mutation(description="Prepare a session: raters do not see it before it is opened.")
    async def prepare_calibration(
        self, info: Ask,
        title: Annotated[str, argument(description="What it is called.")],
        scorecard_version_id: Annotated[UUID, argument(description="What is rated with.")],
        audit_ids: Annotated[list[UUID], argument(description="What is rated, in this order.")],
        rater_ids: Annotated[list[UUID], argument(description="Who rates: two or more.")],
        due_at: Annotated[datetime, argument(description="Until when ratings count.")],
        standard: Annotated[str, argument(description="expert or consensus")] = "consensus",
        expert_id: Annotated[UUID | None, argument(description="Of the raters, the expert.")] = UNSET,
        authors_may_rate: Annotated[
            bool, argument(description="Whether somebody may rate what they have reviewed.")
        ] = False,
    ) -> CalibrationOrProblem:  # fmt: skip
        given = {
            "title": title, "scorecard_version_id": scorecard_version_id, "due_at": due_at,
            "audit_ids": [str(one) for one in audit_ids], "rater_ids": [str(one) for one in rater_ids],
            "standard": standard, "expert_id": expert_id, "authors_may_rate": authors_may_rate,
        }  # fmt: skip
        return await _calibration(info, "/audit/calibrations", sent(given))

    @strawberry.mutation(description="Let raters begin.")
    async def open_calibration(self, info: Ask, calibration_id: Which) -> CalibrationOrProblem:
        return await _calibration(info, f"/audit/calibrations/{calibration_id}/open")

    @strawberry.mutation(description="Rate a sample, or replace your rating of it.")
    async def rate_calibration_sample(
        self, info: Ask, calibration_id: Which, sample_id: Sample, answers: Answers
    ) -> CalibrationRatingOrProblem:
        body = sent({"sample_id": sample_id, "answers": answers})
        done = await command(info.context, "audit", f"/audit/calibrations/{calibration_id}/ratings", body)
        return done if isinstance(done, Problem) else CalibrationRating(**moments(done))

    @strawberry.mutation(description="Write down what was agreed on.")
    async def agree_on_calibration_sample(
        self, info: Ask, calibration_id: Which, sample_id: Sample, answers: Answers
    ) -> CalibrationDetailOrProblem:
        body = sent({"sample_id": sample_id, "answers": answers})
        return await _changed(info, f"/audit/calibrations/{calibration_id}/agreed", body)

    @strawberry.mutation(description="Take somebody's late ratings in, or leave them out.")
    async def count_late_ratings(
        self, info: Ask, calibration_id: Which,
        rater_id: Annotated[UUID, argument(description="Whose ratings.")],
        counts: Annotated[bool, argument(description="Whether they enter the agreement.")],
    ) -> CalibrationDetailOrProblem:  # fmt: skip
        body = sent({"rater_id": rater_id, "counts": counts})
        return await _changed(info, f"/audit/calibrations/{calibration_id}/late", body)

    @strawberry.mutation(description="End the discussion.")
    async def close_calibration(self, info: Ask, calibration_id: Which) -> CalibrationOrProblem:
        return await _calibration(info, f"/audit/calibrations/{calibration_id}/close")

    @strawberry.mutation(description="Call a session off.")
    async def cancel_calibration(
        self, info: Ask, calibration_id: Which, reason: Annotated[str, argument(description="Why.")]
    ) -> CalibrationOrProblem:
        path = f"/audit/calibrations/{calibration_id}/cancel"
        return await _calibration(info, path, sent({"reason": reason}))


async def _calibration(info: Ask, path: str, body: Any = None) -> CalibrationOrProblem:
    done = await command(info.context, "audit", path, body)
    return done if isinstance(done, Problem) else Calibration(**moments(done))


async def _changed(info: Ask, path: str, body: Any) -> CalibrationDetailOrProblem:
    done = await command(info.context, "audit", path, body)
    return done if isinstance(done, Problem) else _detail(done)
