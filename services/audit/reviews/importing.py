"""Reviews that were made elsewhere, brought in with an export. They were not drawn by us, so
they have no probability and enter no estimate for all tickets."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.reviews import queries, rules
from services.audit.scorecards.service import read_card
from shared import ids
from shared.ids import derived_id
from shared.models.audit import ScorecardVersion
from shared.models.feedback import Connection


async def import_reviews(
    session: AsyncSession,
    connection: Connection,
    version: ScorecardVersion,
    imported: Sequence[Any],
) -> int:
    """Adds each review once; returns how many were new. Their tickets must be here already.

    `imported`: objects with ticket_key, key, agent_key, reviewed_at, answers, summary.
    """
    card = read_card(version.card)
    audits, reviews = [], []
    for one in imported:
        ticket_id = ids.ticket_id(connection.id, one.ticket_key)
        audit_id = derived_id(connection.id, "imported audit", one.key)
        agent_id = ids.agent_id(connection.id, one.agent_key) if one.agent_key else None
        shared_columns = {
            "ticket_id": ticket_id,
            "agent_id": agent_id,
            "scorecard_version_id": version.id,
        }
        audits.append(
            shared_columns
            | {
                "id": audit_id,
                "drawn_at": one.reviewed_at,
                "state": "reviewed",
            }
        )
        answers = [
            {
                "criterion": criterion,
                "value": "NA" if value is None else _number(value),
                "comment": None,
            }
            for criterion, value in one.answers
        ]
        reviews.append(
            shared_columns
            | {
                "id": derived_id(audit_id, "review"),
                "audit_id": audit_id,
                "number": 1,
                "summary": one.summary,
                "released_at": one.reviewed_at,
                "is_imported": True,
            }
            | rules.score_answers(card, answers)
        )
    if not reviews:
        return 0
    return await queries.insert_imported(session, audits, reviews)


def _number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)
