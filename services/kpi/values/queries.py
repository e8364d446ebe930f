"""Every statement of the values room: SQL put together from the catalogue, values bound.

Nothing a caller sends becomes SQL text: metrics and dimensions are looked up, all else is bound.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.kpi.values.catalogue import DIMENSIONS, REVIEWS, Metric


@dataclass(frozen=True)
class Question:
    """Which rows: [from_at, to_at) on the metric's date basis, and equal filters. `without`: only
    those that have no value in this dimension."""

    metric: Metric
    as_of: datetime
    from_at: datetime | None = None
    to_at: datetime | None = None
    filters: dict[str, Any] = field(default_factory=dict)
    without: str | None = None


async def aggregate(session: AsyncSession, question: Question, group_by: str | None) -> list[RowMapping]:
    """One row a group: n, total, numerator, spread, percentiles, what `Sums` adds up, exclusions by
    reason."""
    metric = question.metric
    where, bound = _where(question)
    group = _dimensions(metric)[group_by] if group_by else "NULL"
    probability = "r.probability" if metric.source == REVIEWS else "NULL::numeric"
    statement = f"""
        WITH counted AS (
            SELECT ({group})::text AS grp, ({metric.value}){_cast(metric)} AS v,
                   {_reason(metric)} AS reason, 1 / {probability} AS w
            FROM {metric.source} WHERE {where}
        )
        SELECT grp, count(*) AS rows, count(v) AS n, sum(v) AS total,
               avg(v) AS mean, stddev_samp(v) AS deviation,
               percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY v) AS percentiles,
               count(w) FILTER (WHERE v IS NOT NULL) AS drawn,
               sum(w) FILTER (WHERE v IS NOT NULL) AS w, sum(w * w) FILTER (WHERE v IS NOT NULL) AS ww,
               sum(w * v) AS wy, sum(w * (w - 1)) FILTER (WHERE v IS NOT NULL) AS v,
               sum(w * (w - 1) * v) AS vy, sum(w * (w - 1) * v * v) AS vyy,
               {_exclusions(metric)} AS excluded
        FROM counted GROUP BY grp ORDER BY count(v) DESC, grp NULLS LAST LIMIT 1000
    """
    return list((await session.execute(text(statement), bound)).mappings())


async def list_tickets(
    session: AsyncSession, question: Question, *, after: UUID | None, limit: int
) -> list[RowMapping]:
    """The rows behind a value, by ticket id."""
    metric = question.metric
    where, bound = _where(question)
    ticket_id, row_id = ("r.ticket_id", "r.id") if metric.source == REVIEWS else ("f.ticket_id",) * 2
    if after is not None:
        where += f" AND {row_id} > :after"
        bound["after"] = after
    statement = f"""
        SELECT {ticket_id}, {row_id} AS id, ({metric.value}){_cast(metric)} AS value,
               {metric.date} AS at, {_reason(metric)} AS excluded_because
        FROM {metric.source} WHERE {where} ORDER BY {row_id} LIMIT :limit
    """
    return list((await session.execute(text(statement), bound | {"limit": limit})).mappings())


def _cast(metric: Metric) -> str:
    """Booleans become 0 and 1."""
    return "::boolean::int::numeric" if metric.kind == "ratio" else "::numeric"


def _reason(metric: Metric) -> str:
    cases = " ".join(f"WHEN {test} THEN '{why}'" for why, test in metric.exclusions.items())
    return f"CASE {cases} END" if cases else "NULL"


def _exclusions(metric: Metric) -> str:
    """How many rows each reason left out; reasons that left out none are not named."""
    counts = ", ".join(
        f"'{why}', NULLIF(count(*) FILTER (WHERE v IS NULL AND reason = '{why}'), 0)"
        for why in metric.exclusions
    )
    return f"jsonb_strip_nulls(jsonb_build_object({counts}))"


def _dimensions(metric: Metric) -> dict[str, str]:
    return dict(DIMENSIONS[metric.source])


def _where(question: Question) -> tuple[str, dict[str, Any]]:
    metric = question.metric
    tests, bound = [metric.population], {"as_of": question.as_of}
    if question.from_at is not None:
        tests.append(f"{metric.date} >= :from_at")
        bound["from_at"] = question.from_at
    if question.to_at is not None:
        tests.append(f"{metric.date} < :to_at")
        bound["to_at"] = question.to_at
    columns = _dimensions(metric)
    for name, value in question.filters.items():
        tests.append(f"{columns[name]} = :{name}")
        bound[name] = value
    if question.without is not None:
        tests.append(f"{columns[question.without]} IS NULL")
    return " AND ".join(f"({test})" for test in tests), bound
