"""GraphQL: what is done with scorecards' versions: tried out, compared, changed as drafts, carried away."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.problems import Problem, command, sent, told
from services.gateway.topics.agreements import moments
from services.gateway.topics.audits import Answers
from services.gateway.topics.cards import CardInput
from services.gateway.topics.scorecards import (
    Form,
    ScorecardVersion,
    ScorecardVersionOrProblem,
    scorecard_version,
)
from shared.auth import check


@strawberry.type(description="What changed between two versions of a scorecard.")
class ScorecardChange:
    what: str = field(description="card, section or criterion")
    id: str | None = field(description="Of the section or criterion; null: of the form.")
    change: str = field(description="added, removed, changed or moved")
    before: JSON | None = field(description="As it was.")
    after: JSON | None = field(description="As it is.")
    field: str | None = field(description="What changed of it: weight, scale, shown_when, …")


@strawberry.type(description="How two versions of a scorecard differ.")
class ScorecardDiff:
    from_number: int = field(description="The earlier one; 0: nothing came before.")
    to_number: int = field(description="The later one.")
    changes: list[ScorecardChange] = field(description="Of the form, its sections, its criteria.")
    is_comparable: bool = field(
        description="Whether every criterion that both have is answered on the same scale."
    )


@strawberry.type(description="What used a version, of what you may see.")
class ScorecardUsage:
    scorecard_version_id: UUID = field(description="Of which version.")
    audits: int = field(description="Samples to be scored with it.")
    reviews: int = field(description="Those that count.")
    first_released_at: datetime | None = field(description="The first of them.")
    last_released_at: datetime | None = field(description="The latest of them.")


@strawberry.type(description="What a review with such answers is worth.")
class TriedScore:
    outcome: str = field(description="passed, failed, scored (no pass mark), auto_failed or not_scored")
    score: float | None = field(description="Percent.")
    score_exact: str | None = field(description="The same, as a fraction.")
    score_without_auto_fail: float | None = field(description="Had nothing failed the whole review.")
    failed_criteria: list[str] = field(description="What failed it.")
    earned: float = field(description="Weight earned, before anything failed the review.")
    at_stake: float = field(description="Weight of what was rated.")
    sections: JSON = field(description="[{section, score, earned, at_stake, criteria: [{criterion, score}]}]")
    hidden: list[str] = field(description="Criteria that no answer showed.")


TriedOrProblem = Annotated[
    TriedScore | Problem,
    strawberry.union("TriedOrProblem", description="The score, or why there is none."),
]
Version = Annotated[UUID, argument(description="Which version.")]


@strawberry.type
class FormsQuery:
    @strawberry.field(description="What changed since another version; by default the one before.")
    async def scorecard_diff(
        self, info: Ask, version_id: Version,
        from_id: Annotated[UUID | None, argument(description="Since which version of it.")] = None,
    ) -> ScorecardDiff:  # fmt: skip
        check(info.context.actor, "scorecards.read")
        path = f"/audit/scorecard-versions/{version_id}/diff"
        document = await told(info.context, "audit", path, {"from_id": from_id})
        info.context.count(1 + len(document["changes"]))
        changes = [ScorecardChange(**one) for one in document["changes"]]
        return ScorecardDiff(**document | {"changes": changes})

    @strawberry.field(description="How many samples and reviews used a version, of those that you may see.")
    async def scorecard_usage(self, info: Ask, version_id: Version) -> ScorecardUsage:
        check(info.context.actor, "scorecards.read")
        path = f"/audit/scorecard-versions/{version_id}/usage"
        return ScorecardUsage(**moments(await told(info.context, "audit", path, {})))

    @strawberry.field(description="The scorecards that apply to a ticket: of each its newest version.")
    async def scorecards_for_ticket(
        self, info: Ask, ticket_id: Annotated[UUID, argument(description="Which ticket.")]
    ) -> list[ScorecardVersion]:
        check(info.context.actor, "scorecards.read")
        document = await told(info.context, "audit", f"/audit/tickets/{ticket_id}/scorecards", {})
        info.context.count(len(document))
        found = [await scorecard_version(info, UUID(one["id"])) for one in document]
        return [one for one in found if one is not None]


@strawberry.type
class FormsMutation:
    @strawberry.mutation(description="Change a draft: the form anew. A published version never changes.")
    async def change_scorecard_draft(
        self, info: Ask, version_id: Version, card: Form
    ) -> ScorecardVersionOrProblem:
        path = f"/audit/scorecard-versions/{version_id}"
        done = await command(info.context, "audit", path, sent({"card": card}), method="PUT")
        return await _version(info, done)

    @strawberry.mutation(description="A scorecard from a file: a draft, also of the one with its key.")
    async def import_scorecard(
        self, info: Ask,
        key: Annotated[str, argument(description="Its short name, which stays.")],
        name: Annotated[str, argument(description="What it is called.")], card: Form,
        format: Annotated[str, argument(description="Which kind of file it is.")] = "assay-scorecard/1",
    ) -> ScorecardVersionOrProblem:  # fmt: skip
        file = sent({"format": format, "key": key, "name": name, "card": card})
        return await _version(info, await command(info.context, "audit", "/audit/scorecards/import", file))

    @strawberry.mutation(description="What a review with such answers is worth. Nothing is kept.")
    async def try_scorecard(
        self, info: Ask, answers: Answers,
        card: Annotated[CardInput | None, argument(description="A form; or a version that there is.")] = None,
        scorecard_version_id: Annotated[UUID | None, argument(description="The version.")] = None,
    ) -> TriedOrProblem:  # fmt: skip
        given = {"answers": answers, "card": card, "scorecard_version_id": scorecard_version_id}
        done = await command(info.context, "audit", "/audit/scorecards/try", sent(given))
        return done if isinstance(done, Problem) else TriedScore(**done)


async def _version(info: Ask, done: dict[str, Any] | Problem) -> ScorecardVersionOrProblem:
    if isinstance(done, Problem):
        return done
    found = await scorecard_version(info, UUID(done["id"]))
    assert found is not None, "what was just written can be read"
    return found
