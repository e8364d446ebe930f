"""Intervals around a value. Pure; the z of a 95 % interval throughout."""

import math

Z = 1.959963984540054


def wilson(successes: float, n: int) -> tuple[float, float] | None:
    """Wilson's score interval of a proportion, in percent; None for n = 0. (Wilson 1927)"""
    if n == 0:
        return None
    p = successes / n
    centre = p + Z * Z / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    scale = 100 / (1 + Z * Z / n)
    return max(0.0, (centre - half) * scale), min(100.0, (centre + half) * scale)


def mean_interval(mean: float, deviation: float | None, n: int) -> tuple[float, float] | None:
    """Mean ± z·s/√n; None below 2 values. Under 100 values the normal interval is too narrow."""
    if n < 2 or deviation is None:
        return None
    half = Z * deviation / math.sqrt(n)
    return mean - half, mean + half
