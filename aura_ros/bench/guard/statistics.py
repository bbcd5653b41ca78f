"""Paired differences of shares."""

from __future__ import annotations

import math

from aura_ros.bench.loop.shares import CONFIDENCE


def paired_difference(only_first: int, only_second: int, pairs: int) -> tuple[float, float, float]:
    """Share of the first less that of the second over ``pairs``, and its 95 % interval.

    ``only_first`` pairs succeeded in the first alone. Score interval of Tango (Statistics in
    Medicine 17, 1998): it has a width where no pair differs, too.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    if not pairs:
        return math.nan, math.nan, math.nan
    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    found = (only_first - only_second) / pairs

    def score(delta: float) -> float:
        return _score(delta, only_first, only_second, pairs)

    edge = 1 - 1e-9
    low = -1.0 if score(-edge) < z else brentq(lambda d: score(d) - z, -edge, found)
    high = 1.0 if score(edge) > -z else brentq(lambda d: score(d) + z, found, edge)
    return found, float(low), float(high)


def _score(delta: float, only_first: int, only_second: int, pairs: int) -> float:
    """Tango's statistic for a true difference ``delta``; falls as ``delta`` rises."""
    a, c = 2 * pairs, -only_second * delta * (1 - delta)
    b = -only_first - only_second + (2 * pairs - only_first + only_second) * delta
    # The most likely share of pairs that succeed in the second alone.
    q = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = pairs * (2 * q + delta * (1 - delta))
    away = only_first - only_second - pairs * delta
    if variance <= 0:
        return math.copysign(math.inf, away) if away else 0.0
    return away / math.sqrt(variance)
