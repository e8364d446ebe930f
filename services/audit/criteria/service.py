"""Verbs of the criteria room: how each criterion of a scorecard is rated."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.criteria import queries, rules


async def report(session: AsyncSession, scorecard_id: UUID, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Over the reviews that the caller may see. Raises NotFound (404)."""
    criteria = rules.known(await queries.list_cards(session, scorecard_id))
    whole, counted = await queries.count_answers(session, scorecard_id, filters)
    share = whole["same_on_all"] / whole["comparable"] if whole["comparable"] else None
    return {
        "scorecard_id": scorecard_id,
        **whole,
        "same_on_all_share": share,
        "criteria": [
            words | rules.of_criterion([row for row in counted if row["criterion"] == criterion])
            for criterion, words in criteria.items()
        ],
    }
