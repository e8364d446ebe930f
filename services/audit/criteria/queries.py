"""Every statement of the criteria room."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.audit import Scorecard, ScorecardVersion

# A criterion's score stands in the review's sections, its answer among the answers.
_RATED = """
WITH told AS (
    SELECT review.id, review.answers, review.sections
    FROM review JOIN scorecard_version version ON version.id = review.scorecard_version_id
    WHERE version.scorecard_id = :scorecard_id AND review.superseded_at IS NULL AND NOT review.is_void{which}
), scored AS (
    SELECT told.id, one->>'criterion' AS criterion, (one->>'score')::float AS score
    FROM told, jsonb_path_query(told.sections, '$[*].criteria[*]') one
)
"""
_BY_VALUE = """
SELECT answer->>'criterion' AS criterion,
       CASE WHEN scored.score IS NOT NULL OR answer->>'value' = 'NA' THEN answer->'value' END AS value,
       scored.score, count(*) AS n
FROM told CROSS JOIN jsonb_array_elements(told.answers) answer
LEFT JOIN scored ON scored.id = told.id AND scored.criterion = answer->>'criterion'
WHERE answer->'is_hidden' IS DISTINCT FROM 'true'
GROUP BY 1, 2, 3 ORDER BY 1, 3, 2
"""
_WHOLE = """
SELECT count(*) AS reviews,
       count(*) FILTER (WHERE rated > 1) AS comparable,
       count(*) FILTER (WHERE rated > 1 AND lowest = highest) AS same_on_all
FROM (
    SELECT told.id, count(scored.score) AS rated, min(scored.score) AS lowest, max(scored.score) AS highest
    FROM told LEFT JOIN scored ON scored.id = told.id
    GROUP BY told.id
) of_review
"""
FILTERS = {
    "from_at": "review.released_at >= :from_at",
    "to_at": "review.released_at < :to_at",
    "scorecard_version_id": "review.scorecard_version_id = :scorecard_version_id",
    "vendor_id": "review.vendor_id = :vendor_id",
    "agent_id": "review.agent_id = :agent_id",
    "is_imported": "review.is_imported = :is_imported",
}


async def list_cards(session: AsyncSession, scorecard_id: UUID) -> list[dict[str, Any]]:
    """Its published versions' cards, the newest first. Raises NotFound."""
    if await session.get(Scorecard, scorecard_id) is None:
        raise NotFound
    cards = (
        select(col(ScorecardVersion.card))
        .where(col(ScorecardVersion.scorecard_id) == scorecard_id, col(ScorecardVersion.state) == "published")
        .order_by(col(ScorecardVersion.number).desc())
    )
    return list(await session.scalars(cards))


async def count_answers(
    session: AsyncSession, scorecard_id: UUID, filters: Mapping[str, Any]
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """({reviews, comparable, same_on_all}, [{criterion, value, score, n}]) of the reviews that the caller may
    see. A filter that is None is none."""
    given = {name: value for name, value in filters.items() if value is not None}
    rated = _RATED.format(which="".join(f" AND {FILTERS[name]}" for name in given))
    values = {"scorecard_id": scorecard_id} | given
    whole = (await session.execute(text(rated + _WHOLE), values)).mappings().one()
    by_value = (await session.execute(text(rated + _BY_VALUE), values)).mappings()
    return dict(whole), [dict(row) for row in by_value]
