"""GraphQL: scorecards, with their versions and criteria."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent
from services.gateway.topics.cards import Card, CardInput, card_of
from shared.auth import check
from shared.models.audit import Scorecard as ScorecardRow
from shared.models.audit import ScorecardVersion as VersionRow


@strawberry.type(description="What reviews are scored with. A published version never changes.")
class ScorecardVersion:
    id: UUID = field(description="Its key in Assay.")
    scorecard_id: UUID = field(description="Of which scorecard.")
    number: int = field(description="1 is the first.")
    state: str = field(description="draft or published")
    card: Card = field(description="The form.")
    published_at: datetime | None = field(description="When it was published; null: it is a draft.")

    @strawberry.field(description="Of which scorecard it is a version.")
    async def scorecard(self, info: Ask) -> "Scorecard | None":
        row = await info.context.one(ScorecardRow, self.scorecard_id)
        return scorecard_of(row) if row else None


@strawberry.type(description="The name under which versions of one scorecard stand.")
class Scorecard:
    id: UUID = field(description="Its key in Assay.")
    key: str = field(description="Its short name, which stays.")
    name: str = field(description="What it is called.")
    created_at: datetime = field(description="When it was first drafted.")

    @strawberry.field(description="Its versions, the first one first.")
    async def versions(self, info: Ask) -> list[ScorecardVersion]:
        rows = await info.context.many(VersionRow, "scorecard_id", [col(VersionRow.number)], self.id)
        return [version_of(row) for row in rows]


def scorecard_of(row: ScorecardRow) -> Scorecard:
    return Scorecard(id=row.id, key=row.key, name=row.name, created_at=row.created_at)


def version_of(row: VersionRow) -> ScorecardVersion:
    return ScorecardVersion(
        id=row.id, scorecard_id=row.scorecard_id, number=row.number, state=row.state,
        card=card_of(row.card), published_at=row.published_at,
    )  # fmt: skip


async def scorecard_version(info: Ask, version_id: UUID) -> ScorecardVersion | None:
    row = await info.context.one(VersionRow, version_id)
    return version_of(row) if row else None


ScorecardVersionOrProblem = Annotated[
    ScorecardVersion | Problem,
    strawberry.union("ScorecardVersionOrProblem", description="The version, or why nothing was done."),
]
Form = Annotated[CardInput, argument(description="The form.")]


@strawberry.type
class ScorecardsQuery:
    @strawberry.field(description="Scorecards, the latest drafted first.")
    async def scorecards(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST
    ) -> Connection[Scorecard]:
        check(info.context.actor, "scorecards.read")
        return await page(
            info.context, select(ScorecardRow), name=info.field_name, filters={}, first=first,
            after=after, order=order,
            newest=col(ScorecardRow.id), row_id=col(ScorecardRow.id), make=scorecard_of,
        )  # fmt: skip

    @strawberry.field(description="Versions of a scorecard, the latest drafted first.")
    async def scorecard_versions(
        self, info: Ask, scorecard_id: Annotated[UUID, argument(description="Of which scorecard.")],
        first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
    ) -> Connection[ScorecardVersion]:  # fmt: skip
        check(info.context.actor, "scorecards.read")
        statement = select(VersionRow).where(col(VersionRow.scorecard_id) == scorecard_id)
        return await page(
            info.context, statement, name=info.field_name, filters={"scorecard_id": scorecard_id},
            first=first, after=after, order=order,
            newest=col(VersionRow.id), row_id=col(VersionRow.id), make=version_of,
        )  # fmt: skip


@strawberry.type
class ScorecardsMutation:
    @strawberry.mutation(description="A new scorecard, with its first draft.")
    async def draft_scorecard(
        self, info: Ask,
        key: Annotated[str, argument(description="Its short name, which stays: email-quality.")],
        name: Annotated[str, argument(description="What it is called: E-mail quality.")], card: Form,
    ) -> ScorecardVersionOrProblem:  # fmt: skip
        return await _version(info, "/audit/scorecards", sent({"key": key, "name": name, "card": card}))

    @strawberry.mutation(description="A new draft version.")
    async def draft_scorecard_version(
        self, info: Ask, scorecard_id: Annotated[UUID, argument(description="Of which scorecard.")],
        card: Form,
    ) -> ScorecardVersionOrProblem:  # fmt: skip
        return await _version(info, f"/audit/scorecards/{scorecard_id}/versions", sent({"card": card}))

    @strawberry.mutation(description="Publish a draft: from now on it never changes.")
    async def publish_scorecard_version(
        self, info: Ask, version_id: Annotated[UUID, argument(description="Which version.")]
    ) -> ScorecardVersionOrProblem:
        return await _version(info, f"/audit/scorecard-versions/{version_id}/publish")


async def _version(info: Ask, path: str, body: Any = None) -> ScorecardVersionOrProblem:
    done = await command(info.context, "audit", path, body)
    if isinstance(done, Problem):
        return done
    found = await scorecard_version(info, UUID(done["id"]))
    assert found is not None, "what was just written can be read"
    return found
