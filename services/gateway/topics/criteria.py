"""GraphQL: how each criterion of a scorecard is rated. The audit service counts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.problems import told
from shared.auth import check


@strawberry.type(description="How often a criterion was answered so.")
class CriterionValue:
    value: JSON = field(description='A number of the scale, an option, or "NA".')
    n: int = field(description="In so many reviews.")


@strawberry.type(description="How one criterion is rated.")
class CriterionRated:
    criterion: str = field(description="Of the scorecard, the same over its versions.")
    title: str = field(description="As the newest version that has it words it.")
    section: str = field(description="Where it stands on the card.")
    n: int = field(description="Reviews in which it was rated.")
    not_applicable: int = field(description="Reviews in which it did not apply.")
    mean_score: float | None = field(description="Percent of its scale; null: never scored.")
    mean_value: float | None = field(description="Of the answers that are numbers.")
    full: int = field(description="Rated at 100 %.")
    none: int = field(description="Rated at 0 %.")
    values: list[CriterionValue] = field(description="How often each was given; texts are not listed.")


@strawberry.type(description="How the criteria of a scorecard are rated, and how often all are rated alike.")
class CriterionReport:
    scorecard_id: UUID = field(description="Of which scorecard.")
    reviews: int = field(description="Current reviews by any of its versions; void ones left out.")
    comparable: int = field(description="Of those, with two scored criteria or more.")
    same_on_all: int = field(description="Of the comparable: with one and the same score on all of them.")
    same_on_all_share: float | None = field(
        description="0 to 1. Near 1, the criteria tell nothing that one of them would not."
    )
    criteria: list[CriterionRated] = field(description="In the card's order; those it has no more come last.")


@strawberry.type
class CriteriaQuery:
    @strawberry.field(description="How each criterion is rated, over the reviews that you may see.")
    async def criterion_report(
        self, info: Ask, scorecard_id: Annotated[UUID, argument(description="Of which scorecard.")],
        scorecard_version_id: Annotated[UUID | None, argument(description="By this version only.")] = None,
        from_at: Annotated[datetime | None, argument(description="Released then or later.")] = None,
        to_at: Annotated[datetime | None, argument(description="Released before then.")] = None,
        vendor_id: Annotated[UUID | None, argument(description="Of this vendor's work.")] = None,
        agent_id: Annotated[UUID | None, argument(description="Of this agent's work.")] = None,
        is_imported: Annotated[
            bool | None, argument(description="Only those made elsewhere, or only our own.")
        ] = None,
    ) -> CriterionReport:  # fmt: skip
        check(info.context.actor, "reviews.read")
        which = {
            "scorecard_version_id": scorecard_version_id, "from_at": from_at, "to_at": to_at,
            "vendor_id": vendor_id, "agent_id": agent_id,
            "is_imported": None if is_imported is None else str(is_imported).lower(),
        }  # fmt: skip
        path = f"/audit/scorecards/{scorecard_id}/criteria"
        document = await told(info.context, "audit", path, which)
        info.context.count(1 + sum(1 + len(one["values"]) for one in document["criteria"]))
        criteria = [
            CriterionRated(**one | {"values": [CriterionValue(**value) for value in one["values"]]})
            for one in document["criteria"]
        ]
        return CriterionReport(**document | {"scorecard_id": scorecard_id, "criteria": criteria})
