"""How far raters agree, beyond what chance would give. Pure.

Ratings are a table: one row a conversation, one column a rater, None where there is no rating. Every function
takes such a table, and gives None where its measure is not defined: nothing that two raters rated, or one
value only, by which agreement and chance cannot be told apart.

Sources. Cohen 1960, 1968 (weights); Scott 1955; Fleiss 1971, with missing ratings as Gwet 2014; Krippendorff
2011 (computing alpha-reliability); Gwet 2008 (AC1); Shrout & Fleiss 1979 and McGraw & Wong 1996
(ICC); Cicchetti & Feinstein 1990 (positive agreement); Efron & Tibshirani 1993 (percentile intervals).
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import fsum
from typing import Literal

Value = float
Table = Sequence[Sequence[Value | None]]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Weight = Literal["none", "linear", "quadratic"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")

REPLICATES = 200
"""Bootstrap samples: the ends of a 95% interval move by a hundredth or two from seed to seed."""


def _counted(table: Table, at_least: int = 2) -> list[Counter[Value]]:
    """How often each value was given, for each conversation with so many ratings."""
    return [counts for row in table if (counts := _of_row(tuple(row))).total() >= at_least]


@lru_cache(maxsize=4096)
def _of_row(row: tuple[Value | None, ...]) -> Counter[Value]:
    """Kept, for the samples of an interval draw the same rows again and again. Nobody changes it."""
    return Counter(value for value in row if value is not None)


def percent_agreement(table: Table) -> float | None:
    """Of two raters of the same conversation, how often they gave the same value: 0 to 1. Conversations weigh
    the same, however many rated them."""
    units = _counted(table)
    if not units:
        return None
    return fsum(_same_pairs(counts) for counts in units) / len(units)


def _same_pairs(counts: Counter[Value]) -> float:
    rated = counts.total()
    return sum(n * (n - 1) for n in counts.values()) / (rated * (rated - 1))


def positive_agreement(table: Table, positive: Callable[[Value], bool]) -> float | None:
    """Of those who raised a flag, how many of the others raised it too: 0 to 1; None where nobody did. Rare
    flags are judged by it, for nearly all conversations agree that there is none."""
    raised = possible = 0
    for counts in _counted(table):
        flags = sum(n for value, n in counts.items() if positive(value))
        raised += flags * (flags - 1)
        possible += flags * (counts.total() - 1)
    return raised / possible if possible else None


def fleiss_kappa(table: Table) -> float | None:
    """Any number of raters, missing ratings too; for two raters it is Scott's pi."""
    return _beyond_chance(table, lambda shares: fsum(share**2 for share in shares.values()))


def gwet_ac1(table: Table) -> float | None:
    """Chance is what would be said of conversations that are hard to tell: steady where one value is rare."""
    return _beyond_chance(
        table,
        lambda shares: (
            fsum(share * (1 - share) for share in shares.values()) / (len(shares) - 1)
            if len(shares) > 1
            else 1.0
        ),
    )


def _beyond_chance(table: Table, chance: Callable[[Mapping[Value, float]], float]) -> float | None:
    seen = percent_agreement(table)
    if seen is None:
        return None
    rated = _counted(table, at_least=1)
    values = {value for counts in rated for value in counts}
    shares = {
        value: fsum(counts[value] / counts.total() for counts in rated) / len(rated) for value in values
    }
    expected = chance(shares)
    return (seen - expected) / (1 - expected) if expected < 1 else None


def cohen_kappa(table: Table, weight: Weight = "none") -> float | None:
    """Two raters. Weighted by how many values in use lie between two answers: `linear` |i - j|/(q - 1),
    `quadratic` its square. None for any other number of raters."""
    pairs = [(row[0], row[1]) for row in table if len(row) == 2 and None not in row]
    if not pairs:
        return None
    values = sorted({value for pair in pairs for value in pair if value is not None})
    if len(values) < 2:
        return None
    place = {value: index for index, value in enumerate(values)}
    first, second = Counter(one for one, _ in pairs), Counter(two for _, two in pairs)

    def apart(one: Value | None, two: Value | None) -> float:
        assert one is not None
        assert two is not None
        steps = abs(place[one] - place[two]) / (len(values) - 1)
        return {"none": float(one != two), "linear": steps, "quadratic": steps**2}[weight]

    seen = fsum(apart(one, two) for one, two in pairs) / len(pairs)
    expected = fsum(n * m * apart(one, two) for one, n in first.items() for two, m in second.items())
    return 1 - seen / (expected / len(pairs) ** 2) if expected else None


def krippendorff_alpha(table: Table, level: Level = "ordinal") -> float | None:
    """Any number of raters, missing ratings too. Ordinal distances come of how often the values between two
    answers were given; `ratio` is for values that are not negative, and None for others."""
    units = _counted(table)
    totals: Counter[Value] = Counter()
    for counts in units:
        totals.update(counts)
    if len(totals) < 2 or (level == "ratio" and min(totals) < 0):
        return None
    apart = _distances(totals, level)

    def spread(counts: Counter[Value]) -> float:
        return fsum(2 * counts[a] * counts[b] * apart[a, b] for a, b in combinations(sorted(counts), 2))

    n = totals.total()
    seen = fsum(spread(counts) / (counts.total() - 1) for counts in units) / n
    expected = spread(totals) / (n * (n - 1))
    return 1 - seen / expected


def _distances(totals: Counter[Value], level: Level) -> dict[tuple[Value, Value], float]:
    """Squared, for each pair of values, the smaller one first."""
    values = sorted(totals)
    upto, so_far = {}, 0
    for value in values:
        so_far += totals[value]
        upto[value] = so_far - totals[value] / 2

    def apart(a: Value, b: Value) -> float:
        if level == "nominal":
            return 1.0
        if level == "ordinal":
            return (upto[b] - upto[a]) ** 2
        return (b - a) ** 2 if level == "interval" else ((b - a) / (b + a)) ** 2

    return {(a, b): apart(a, b) for a, b in combinations(values, 2)}


@dataclass(frozen=True)
class Intraclass:
    """Shares of variance that lie between conversations. The names of McGraw & Wong stand beside those of
    Shrout & Fleiss; each is None where it is not defined."""

    icc1: float | None = None
    icc2: float | None = None
    """ICC(A,1): may one rater stand in for another?"""
    icc3: float | None = None
    """ICC(C,1): do they put conversations in the same order? What it is above ICC(A,1) is bias of raters."""
    icc1k: float | None = None
    icc2k: float | None = None
    icc3k: float | None = None


def intraclass(table: Table) -> Intraclass:
    """Of the conversations that everybody rated, from the mean squares of a two-way layout."""
    rows = [[value for value in row if value is not None] for row in table if row and None not in row]
    n, k = len(rows), len(rows[0]) if rows else 0
    if n < 2 or k < 2:
        return Intraclass()
    mean = fsum(value for row in rows for value in row) / (n * k)
    columns = list(zip(*rows, strict=True))
    between = k * fsum((fsum(row) / k - mean) ** 2 for row in rows)
    of_raters = n * fsum((fsum(column) / n - mean) ** 2 for column in columns)
    total = fsum((value - mean) ** 2 for row in rows for value in row)
    if total <= 1e-20 * n * k * max(1.0, mean**2):
        return Intraclass()  # one value only, but for what floats leave over
    residual = max(total - between - of_raters, 0.0)
    ms_rows, ms_raters = between / (n - 1), of_raters / (k - 1)
    ms_error = residual / ((n - 1) * (k - 1))
    ms_within = (of_raters + residual) / (n * (k - 1))

    def share(part: float, whole: float) -> float | None:
        return part / whole if whole > 0 else None

    return Intraclass(
        icc1=share(ms_rows - ms_within, ms_rows + (k - 1) * ms_within),
        icc2=share(ms_rows - ms_error, ms_rows + (k - 1) * ms_error + k * (ms_raters - ms_error) / n),
        icc3=share(ms_rows - ms_error, ms_rows + (k - 1) * ms_error),
        icc1k=share(ms_rows - ms_within, ms_rows),
        icc2k=share(ms_rows - ms_error, ms_rows + (ms_raters - ms_error) / n),
        icc3k=share(ms_rows - ms_error, ms_rows),
    )


def interval(
    table: Table, measure: Callable[[Table], float | None], seed: str, replicates: int = REPLICATES
) -> tuple[float, float] | None:
    """95%, by drawing conversations anew with replacement. The same table and seed give the same interval,
    in whatever order the conversations stand. None where the measure is undefined for most of the samples."""
    rows = sorted(table, key=lambda row: [(value is None, value or 0.0) for value in row])
    if not rows:
        return None
    chance = random.Random(seed)
    drawn = (measure(chance.choices(rows, k=len(rows))) for _ in range(replicates))
    found = sorted(value for value in drawn if value is not None)
    if len(found) * 2 <= replicates:
        return None
    return _percentile(found, 0.025), _percentile(found, 0.975)


def _percentile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
