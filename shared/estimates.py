"""What a sample says about all tickets: means, intervals, and how many draws they are worth. Pure.

`pi` is the probability with which a ticket could have been drawn, in (0, 1]; `w` is 1/pi. Intervals
are of 95 %. Whoever was picked by hand has no pi and enters nothing here.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

Z = 1.959963984540054
ENOUGH_FOR_NORMAL = 100
"""Below this many values a normal interval is too narrow, and Student's t is taken."""
ENOUGH = 10
"""Below this many values a figure is too small to act on."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Sums:
    """All that a weighted mean and its variance need of a sample, so that the database can sum it.

    `w` = Σ w, `ww` = Σ w², `wy` = Σ w·y; with v = w(w-1): `v` = Σ v, `vy` = Σ v·y, `vyy` = Σ v·y².
    """

    n: int
    w: Decimal
    ww: Decimal
    wy: Decimal
    v: Decimal
    vy: Decimal
    vyy: Decimal

    @classmethod
    def of(cls, sample: Iterable[tuple[Decimal, Decimal]]) -> "Sums":
        """Of (score, pi) pairs."""
        n, sums = 0, [Decimal(0)] * 6
        for y, pi in sample:
            w = 1 / pi
            v = w * (w - 1)
            n += 1
            sums = [a + b for a, b in zip(sums, (w, w * w, w * y, v, v * y, v * y * y), strict=True)]
        return cls(n, *sums)


@dataclass(frozen=True)
class Estimate:
    """A mean over all eligible tickets. `interval`: None below two values. `n_effective` (Kish): how
    many equally likely draws would tell as much."""

    mean: float
    n: int
    n_effective: float
    interval: Interval | None
    is_enough: bool


def hajek(sums: Sums) -> Estimate | None:
    """Σ wy / Σ w: stays inside the range of the scores. None of an empty sample."""
    if not sums.n:
        return None
    mean = sums.wy / sums.w
    effective = float(sums.w**2 / sums.ww)
    interval = None
    if sums.n >= 2:
        # The published variance divides squares around an estimated mean by n: n/(n-1) makes up for it.
        # Unequal weights carry the freedom of fewer draws.
        error = math.sqrt(hajek_variance(sums) * sums.n / (sums.n - 1))
        interval = around(float(mean), error, sums.n, freedom=max(1.0, effective - 1))
    return Estimate(float(mean), sums.n, effective, interval, sums.n >= ENOUGH)


def hajek_variance(sums: Sums) -> float:
    """Of the Hájek mean, when each ticket is drawn for itself: Σ w(w-1)(y-mean)² / (Σ w)²."""
    mean = sums.wy / sums.w
    return max(0.0, float((sums.vyy - 2 * mean * sums.vy + mean * mean * sums.v) / sums.w**2))


def horvitz_thompson(sums: Sums, population: int) -> tuple[float, float]:
    """(mean, its variance) over a population of known size: unbiased, but noisier than Hájek's."""
    return float(sums.wy / population), float(sums.vyy / population**2)


def combined(probabilities: Iterable[Decimal]) -> Decimal:
    """The pi of a ticket that several independent draws could have taken: 1 - Π(1 - pi)."""
    return 1 - math.prod((1 - pi for pi in probabilities), start=Decimal(1))


def completed(pi: Decimal, done: int, drawn: int) -> Decimal:
    """The pi of a reviewed ticket whose stratum has `done` reviews of `drawn` samples.

    As if who was reviewed had been drawn among the samples. Raises ValueError unless 0 < done <= drawn.
    """
    if not 0 < done <= drawn:
        raise ValueError("a stratum with a review has at least one, and no more than were drawn")
    return pi * done / drawn


@dataclass(frozen=True)
class Stratum:
    """`population` tickets, of which `n` were reviewed, with these mean and standard deviation."""

    population: int
    n: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Stratified:
    """A mean over strata. `error`: its standard error; with `interval` None where it is not known."""

    mean: float
    n: int
    error: float | None
    interval: Interval | None


def stratified(strata: Sequence[Stratum]) -> Stratified | None:
    """Σ W·mean, with finite correction: a stratum reviewed whole adds no uncertainty.

    None when a stratum that has tickets has no review: nothing is known of those. A stratum with a
    single review of many tickets says nothing of its spread, so there is no interval.
    """
    present = [stratum for stratum in strata if stratum.population]
    if not present or any(stratum.n == 0 for stratum in present):
        return None
    total = sum(stratum.population for stratum in present)
    n = sum(stratum.n for stratum in present)
    mean = sum(stratum.population / total * stratum.mean for stratum in present)
    if any(stratum.n == 1 < stratum.population for stratum in present):
        return Stratified(mean, n, None, None)
    error = math.sqrt(sum(_variance(stratum, total) for stratum in present))
    freedom = max(1, sum(stratum.n - 1 for stratum in present))
    return Stratified(mean, n, error, around(mean, error, n, freedom=freedom))


def _variance(stratum: Stratum, total: int) -> float:
    share, fraction = stratum.population / total, stratum.n / stratum.population
    return share**2 * (1 - fraction) * stratum.deviation**2 / stratum.n


def mean_interval(mean: float, deviation: float | None, n: int) -> Interval | None:
    """Mean ± t·s/√n; None below 2 values."""
    if n < 2 or deviation is None:
        return None
    return around(mean, deviation / math.sqrt(n), n, freedom=n - 1)


def around(mean: float, error: float, n: int, *, freedom: float) -> Interval:
    """Mean ± quantile · error: the normal one from 100 values on, Student's below."""
    half = error * (Z if n >= ENOUGH_FOR_NORMAL else student(freedom))
    return mean - half, mean + half


def wilson(successes: float, n: int) -> Interval | None:
    """Wilson's score interval of a proportion, in percent; None for n = 0. (Wilson 1927)"""
    if n == 0:
        return None
    p = successes / n
    centre = p + Z * Z / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    scale = 100 / (1 + Z * Z / n)
    return max(0.0, (centre - half) * scale), min(100.0, (centre + half) * scale)


def clopper_pearson(successes: int, n: int) -> Interval | None:
    """The interval of a proportion that covers at least what it says, in percent; None for n = 0."""
    if n == 0:
        return None
    low = _beta_quantile(0.025, successes, n - successes + 1) if successes else 0.0
    high = _beta_quantile(0.975, successes + 1, n - successes) if successes < n else 1.0
    return 100 * low, 100 * high


def required_size(margin: float, *, p: float = 0.5, population: int | None = None) -> int:
    """How many draws give a proportion this half-width (0…1), of so many tickets or of endlessly many."""
    endless = Z * Z * p * (1 - p) / margin**2
    real = endless if population is None else endless / (1 + (endless - 1) / population)
    return math.ceil(real)


def student(freedom: float) -> float:
    """The t that |T| passes one time in twenty. `freedom` > 0 and need not be whole."""
    x = _beta_quantile(0.05, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 - x) / x)


def _beta_quantile(p: float, a: float, b: float) -> float:
    """x with I_x(a, b) = p, by halving: 60 steps are all the digits there are."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _beta(middle, a, b) < p else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b), by its continued fraction (Lentz)."""
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on this side only
        return 1 - _beta(1 - x, b, a)
    if x == 0:
        return 0.0
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    whole = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            c, d = _apart(1 + step / c), 1 / _apart(1 + step * d)
            whole *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(logs) * whole / a


def _apart(value: float) -> float:
    """Never quite zero."""
    return value if abs(value) > 1e-300 else 1e-300
