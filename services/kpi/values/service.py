"""The verbs of the values room: what is the number, and which tickets are behind it."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from services.kpi.errors import UnknownDimension, UnknownMetric
from services.kpi.values import queries, rules
from services.kpi.values.catalogue import CATALOGUE, DIMENSIONS, Metric
from services.kpi.values.queries import Question
from shared import clock
from shared.errors import Fault, ValidationFailed
from shared.estimates import ENOUGH, mean_interval, wilson


def find_metric(key: str) -> Metric:
    """Raises UnknownMetric (404), naming what it may have meant."""
    if key not in CATALOGUE:
        near = get_close_matches(key, CATALOGUE, n=3)
        raise UnknownMetric(near=near, metrics=sorted(CATALOGUE))
    return CATALOGUE[key]


def question(
    metric: Metric,
    *,
    from_at: datetime | None,
    to_at: datetime | None,
    filters: dict[str, Any],
    without: str | None = None,
    group_by: str | None = None,
) -> Question:
    """Raises ValidationFailed (422) for an empty period, UnknownDimension (422)."""
    if from_at and to_at and from_at >= to_at:
        fault = Fault("/to_at", "invalid-range", "The period ends before it begins.")
        raise ValidationFailed(faults=[fault])
    if not {group_by, without} - {None} <= DIMENSIONS[metric.source].keys():
        raise UnknownDimension(dimensions=sorted(DIMENSIONS[metric.source]))
    given = {name: value for name, value in filters.items() if value is not None}
    return Question(metric, clock.now(), from_at, to_at, given, without)


async def values_of(session: AsyncSession, asked: Question, group_by: str | None) -> dict[str, Any]:
    rows: Sequence[RowMapping] = await queries.aggregate(session, asked, group_by)
    if not rows and group_by is None:
        values = [_value(asked, None, None)]
    else:
        values = [_value(asked, row, group_by) for row in rows]
    return {
        "metric": asked.metric.key, "group_by": group_by, "from_at": asked.from_at,
        "to_at": asked.to_at, "as_of": asked.as_of, "values": values,
    }  # fmt: skip


def _value(asked: Question, row: RowMapping | None, group_by: str | None) -> dict[str, Any]:
    metric = asked.metric
    n = row["n"] if row else 0
    total = float(row["total"]) if row and n else None
    mean = float(row["mean"]) if row and n else None
    out: dict[str, Any] = {
        "metric": metric.key, "version": metric.version, "unit": metric.unit, "n": n,
        "group": row["grp"] if row else None, "denominator": n, "numerator": total,
        "excluded": row["excluded"] if row else {}, "mean": None, "p90": None, "estimate": None,
        "is_enough": n >= ENOUGH, "tickets": _link(asked, row, group_by),
    }  # fmt: skip
    interval = None
    if metric.kind == "ratio":
        out["value"] = 100 * total / n if total is not None else None
        interval = wilson(total, n) if total is not None else None
    elif metric.kind == "duration":
        out["value"], out["p90"] = row["percentiles"] if row and n else (None, None)
        out["mean"] = mean
    else:
        out["value"] = mean
        deviation = float(row["deviation"]) if row and row["deviation"] is not None else None
        interval = mean_interval(mean, deviation, n) if mean is not None else None
        out["estimate"] = rules.estimate(dict(row) if row else None)
    out["low"], out["high"] = rules.on_scale(interval)
    return out


def _link(asked: Question, row: RowMapping | None, group_by: str | None) -> str:
    query = {"from_at": asked.from_at, "to_at": asked.to_at, "without": asked.without} | asked.filters
    if group_by and row:
        query |= {"without": group_by} if row["grp"] is None else {group_by: row["grp"]}
    given = {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in query.items()
        if value is not None
    }
    return f"/kpi/metrics/{asked.metric.key}/tickets" + (f"?{urlencode(given)}" if given else "")
