"""Shares with exact intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """``count`` of ``of``, with its Clopper-Pearson interval; NaN where ``of`` is 0."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.of if self.of else math.nan


def share(count: int, of: int) -> Share:
    """``count`` of ``of`` with the 95 % interval of Clopper and Pearson (1934)."""
    # Loads slowly: only who counts needs it, the processes that run episodes do not.
    from scipy.stats import binomtest

    if not of:
        return Share(0, 0, math.nan, math.nan)
    interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="exact")
    return Share(count, of, float(interval.low), float(interval.high))
