"""How far two judgements of the same work lie apart. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Answers = Sequence[Mapping[str, Any]]


def deviations(reviewer: Answers, checker: Answers) -> list[dict[str, Any]]:
    """Criterion by criterion, in the order of the review."""
    checked = {one["criterion"]: one["value"] for one in checker}
    return [
        {
            "criterion": one["criterion"],
            "reviewer": one["value"],
            "checker": checked[one["criterion"]],
            "difference": _less(one["value"], checked[one["criterion"]]),
        }
        for one in reviewer
        if one["criterion"] in checked
    ]


def _less(one: Any, other: Any) -> float | None:
    return None if "NA" in (one, other) else float(one) - float(other)


Pair = tuple[float | None, float | None, Answers, Answers]
"""(their score, the other one, their answers, the others)"""


def against(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Sums over what was judged twice; scores that are null leave the means."""
    apart = [
        float(mine) - float(other) for mine, other, *_ in pairs if mine is not None and other is not None
    ]
    judged = [one for *_, mine, other in pairs for one in deviations(mine, other)]
    same = [one["reviewer"] == one["checker"] for one in judged]
    return {
        "n": len(pairs),
        "mean_difference": _mean(apart),
        "mean_distance": _mean([abs(one) for one in apart]),
        "same": _mean([float(one) for one in same]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
