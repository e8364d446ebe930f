"""What is said around a value: intervals inside the scale, and the estimate for all tickets. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.estimates import Interval, Sums, hajek

NOTHING_DRAWN = {
    "value": None, "n": 0, "n_effective": None, "low": None, "high": None, "is_enough": False,
}  # fmt: skip


def on_scale(interval: Interval | None) -> tuple[float | None, float | None]:
    """(low, high) of percents: few values have an interval wider than there are scores."""
    return (max(0.0, interval[0]), min(100.0, interval[1])) if interval else (None, None)


def estimate(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """The Hájek mean of a row of sums (`w` … `vyy`, and how many were `drawn`), in percent."""
    if row is None or not row["drawn"]:
        return dict(NOTHING_DRAWN)
    found = hajek(Sums(row["drawn"], *(Decimal(row[name]) for name in ("w", "ww", "wy", "v", "vy", "vyy"))))
    assert found is not None, "something was drawn"
    low, high = on_scale(found.interval)
    return {
        "value": found.mean, "n": found.n, "n_effective": found.n_effective,
        "low": low, "high": high, "is_enough": found.is_enough,
    }  # fmt: skip
