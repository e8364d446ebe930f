"""GraphQL: samples drawn of a period that is over, what they are worth, and whether they hold. The audit
service draws and reckons."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import UNSET, argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Fault, Problem, command, sent, told
from services.gateway.topics.agreements import moments
from shared.auth import check
from shared.models.sampling import SamplingRun as RunRow


@strawberry.type(description="A sample of the tickets that were first solved in a period, drawn once.")
class SamplingRun:
    id: UUID = field(description="Its key in Assay.")
    key: str = field(description="What the draws of a series have in common.")
    connection_id: UUID = field(description="Whose tickets are drawn.")
    scorecard_version_id: UUID = field(description="What they are scored with.")
    vendor_id: UUID | None = field(description="Of this vendor alone; null: of everybody.")
    from_at: datetime = field(description="First solved then or later,")
    to_at: datetime = field(description="and before then.")
    filter: JSON = field(description="Which tickets of the period, as REST takes it.")
    strata: list[str] = field(description="The dimensions whose values make a stratum.")
    design: JSON = field(description="How it is drawn, as REST takes it.")
    seed: str = field(description="What the draw is made from.")
    carries_debt: bool = field(description="Draws in addition what the one before left unreviewed.")
    debt: int = field(description="So many in addition.")
    state: str = field(description="waiting, drawn, or failed: `fault` says why.")
    requested_by: UUID = field(description="Who asked for it.")
    requested_at: datetime = field(description="When it was asked for.")
    drawn_at: datetime | None = field(description="When it was drawn.")
    population_size: int | None = field(description="Tickets that could be drawn.")
    population_hash: str | None = field(description="SHA-256 of the population as it was frozen.")
    samples: int | None = field(description="Tickets that were drawn.")
    fault: Fault | None = field(description="Why nothing could be drawn.")


@strawberry.type(description="Planned and done in one stratum.")
class RunStratum:
    stratum: str = field(description="A JSON list: a value for each of the strata's dimensions, or null.")
    population: int = field(description="Tickets that could be drawn.")
    samples: int = field(description="Tickets that were drawn.")
    reviewed: int = field(description="Of those: reviewed.")
    scored: int = field(description="Of those reviewed: what has a score.")
    mean: float | None = field(description="Of the scores, in percent.")


@strawberry.type(description="Of all tickets of the population, not of the reviewed ones.")
class RunEstimate:
    method: str = field(description="stratified; or hajek, where probabilities differ within a stratum.")
    n: int = field(description="Scored reviews.")
    mean: float = field(description="Percent.")
    low: float | None = field(description="Where the 95 % interval begins; null: not known.")
    high: float | None = field(description="Where it ends.")
    plain_mean: float = field(description="Of the scores as they are, for comparison.")


@strawberry.type(description="A draw, with what is done of it.")
class SamplingRunDetail(SamplingRun):
    reviewed: int = field(description="Samples that were reviewed.")
    unreviewed: int = field(description="Samples that have no review yet: the coverage debt.")
    by_stratum: list[RunStratum] = field(description="In the order of their names.")
    estimate: RunEstimate | None = field(
        description="Null until every stratum that has tickets has a scored review."
    )


@strawberry.type(description="A draw, made again from what was stored of it.")
class RunVerification:
    holds: bool = field(description="The stored inputs give exactly the stored samples, and these audits.")
    population_hash: str = field(description="SHA-256 of the population as it was frozen.")
    samples: int = field(description="Tickets that were drawn.")
    faults: list[Fault] = field(description="What does not follow; empty: it holds.")


@strawberry.type(description="What a draw of one stratum would be.")
class StratumOutlook:
    stratum: str = field(description="A JSON list: a value for each of the strata's dimensions, or null.")
    population: int = field(description="Tickets that could be drawn.")
    expected: float = field(description="Samples.")
    lowest_probability: float = field(description="Of a ticket in it.")
    highest_probability: float = field(description="Of a ticket in it.")


@strawberry.type(description="What a draw would be worth.")
class SamplingOutlook:
    population: int = field(description="Tickets that could be drawn.")
    expected: float = field(description="Samples.")
    margin: float = field(description="Half of the 95 % interval to expect, in points.")
    strata: list[StratumOutlook] = field(description="In the order of their names.")


def run_of(row: RunRow) -> SamplingRun:
    return SamplingRun(
        id=row.id, key=row.key, connection_id=row.connection_id,
        scorecard_version_id=row.scorecard_version_id, vendor_id=row.vendor_id, from_at=row.from_at,
        to_at=row.to_at, filter=cast(JSON, row.filter), strata=row.strata, design=cast(JSON, row.design),
        seed=row.seed, carries_debt=row.carries_debt, debt=row.debt, state=row.state,
        requested_by=row.requested_by, requested_at=row.requested_at, drawn_at=row.drawn_at,
        population_size=row.population_size, population_hash=row.population_hash, samples=row.samples,
        fault=Fault(**row.fault) if row.fault else None,
    )  # fmt: skip


SamplingRunOrProblem = Annotated[
    SamplingRun | Problem,
    strawberry.union("SamplingRunOrProblem", description="The run, or why there is none."),
]
SamplingOutlookOrProblem = Annotated[
    SamplingOutlook | Problem,
    strawberry.union("SamplingOutlookOrProblem", description="The outlook, or why there is none."),
]
Id = Annotated[UUID, argument(description="Its key in Assay.")]
Whose = Annotated[UUID, argument(description="Whose tickets are drawn.")]
From = Annotated[datetime, argument(description="First solved then or later,")]
To = Annotated[datetime, argument(description="and before then: it has to be over.")]
Design = Annotated[JSON, argument(description='How, as REST takes it: {kind: "share", share: 0.05}.')]
Seed = Annotated[str, argument(description="Decided before anybody knows the tickets: 2026-W02|frontline.")]
Filter = Annotated[JSON | None, argument(description="Which tickets of the period, as REST takes it.")]
Strata = Annotated[
    list[str] | None, argument(description="The dimensions whose values make a stratum: vendor, language.")
]


@strawberry.type
class RunsQuery:
    @strawberry.field(description="Draws, the latest asked for first.")
    async def sampling_runs(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        key: Annotated[str | None, argument(description="Only of this series.")] = None,
        connection_id: Annotated[UUID | None, argument(description="Only of its tickets.")] = None,
    ) -> Connection[SamplingRun]:  # fmt: skip
        check(info.context.actor, "sampling_runs.read")
        statement = select(RunRow)
        if key is not None:
            statement = statement.where(col(RunRow.key) == key)
        if connection_id is not None:
            statement = statement.where(col(RunRow.connection_id) == connection_id)
        return await page(
            info.context, statement, name=info.field_name, first=first, after=after, order=order,
            filters={"key": key, "connection_id": connection_id},
            newest=col(RunRow.id), row_id=col(RunRow.id), make=run_of,
        )  # fmt: skip

    @strawberry.field(description="One draw: planned and done, and what its reviews say of all tickets.")
    async def sampling_run(self, info: Ask, id: Id) -> SamplingRunDetail | None:
        check(info.context.actor, "sampling_runs.read")
        if not await info.context.rows(select(RunRow).where(col(RunRow.id) == id)):
            return None
        document = await told(info.context, "audit", f"/audit/sampling-runs/{id}", {})
        info.context.count(2 + len(document["by_stratum"]))
        return _detail(document)

    @strawberry.field(description="One draw, made again from what was stored of it.")
    async def sampling_run_verification(self, info: Ask, id: Id) -> RunVerification:
        check(info.context.actor, "sampling_runs.read")
        document = await told(info.context, "audit", f"/audit/sampling-runs/{id}/verification", {})
        info.context.count(1 + len(document["faults"]))
        return RunVerification(**document | {"faults": [Fault(**one) for one in document["faults"]]})


@strawberry.type
class RunsMutation:
    @strawberry.mutation(description="Draw a sample of a period that is over. The worker draws it.")
    async def ask_for_sampling_run(
        self, info: Ask,
        key: Annotated[str, argument(description="What the draws of a series have in common.")],
        connection_id: Whose,
        scorecard_version_id: Annotated[UUID, argument(description="A published version.")],
        from_at: From, to_at: To, design: Design, seed: Seed, filter: Filter = UNSET, strata: Strata = UNSET,
        carries_debt: Annotated[
            bool, argument(description="Draw in addition what the draw before left unreviewed.")
        ] = False,
    ) -> SamplingRunOrProblem:  # fmt: skip
        given = {
            "key": key, "connection_id": connection_id, "scorecard_version_id": scorecard_version_id,
            "from_at": from_at, "to_at": to_at, "design": design, "seed": seed, "filter": filter,
            "strata": strata, "carries_debt": carries_debt,
        }  # fmt: skip
        done = await command(info.context, "audit", "/audit/sampling-runs", sent(given))
        if isinstance(done, Problem):
            return done
        row = await info.context.one(RunRow, UUID(done["id"]))
        assert row is not None, "what was just written can be read"
        return run_of(row)

    @strawberry.mutation(description="What such a draw would be worth. Nothing is kept.")
    async def preview_sampling_run(
        self, info: Ask, connection_id: Whose, from_at: From, to_at: To, design: Design, seed: Seed,
        filter: Filter = UNSET, strata: Strata = UNSET,
    ) -> SamplingOutlookOrProblem:  # fmt: skip
        given = {
            "connection_id": connection_id, "from_at": from_at, "to_at": to_at, "design": design,
            "seed": seed, "filter": filter, "strata": strata,
        }  # fmt: skip
        done = await command(info.context, "audit", "/audit/sampling-runs/outlook", sent(given))
        if isinstance(done, Problem):
            return done
        return SamplingOutlook(**done | {"strata": [StratumOutlook(**one) for one in done["strata"]]})


def _detail(document: dict[str, Any]) -> SamplingRunDetail:
    inner = {
        "by_stratum": [RunStratum(**one) for one in document["by_stratum"]],
        "estimate": RunEstimate(**document["estimate"]) if document["estimate"] else None,
        "fault": Fault(**document["fault"]) if document["fault"] else None,
    }
    return SamplingRunDetail(**moments(document) | inner)
