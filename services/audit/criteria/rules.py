"""What counted answers say of each criterion. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def known(cards: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Criterion → {criterion, title, section}, as the first card that has it words it."""
    found: dict[str, dict[str, str]] = {}
    for card in cards:
        for section in card["sections"]:
            for one in section["criteria"]:
                words = {"criterion": one["id"], "title": one["title"], "section": section["id"]}
                found.setdefault(one["id"], words)
    return found


def of_criterion(counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of [{value, score, n}] of one criterion; a value may come twice, scored by two versions."""
    values: dict[Any, int] = {}
    for row in counted:
        values[row["value"]] = values.get(row["value"], 0) + row["n"]
    scored = [row for row in counted if row["score"] is not None]
    numbers = [row for row in scored if isinstance(row["value"], int | float)]
    not_applicable = values.get("NA", 0)
    return {
        "n": sum(values.values()) - not_applicable,
        "not_applicable": not_applicable,
        "mean_score": _mean(scored, "score"),
        "mean_value": _mean(numbers, "value"),
        "full": sum(row["n"] for row in scored if row["score"] == 100),
        "none": sum(row["n"] for row in scored if row["score"] == 0),
        "values": [{"value": value, "n": n} for value, n in values.items() if value is not None],
    }


def _mean(rows: Sequence[Mapping[str, Any]], what: str) -> float | None:
    n = sum(row["n"] for row in rows)
    return sum(float(row[what]) * row["n"] for row in rows) / n if n else None
