"""Session Risk Memory (arXiv 2603.22350): a centroid of what a gate found, and an EMA of risk.

Risk of a turn is how far the gate's outputs are from the centroid of the session so far, less the
mean of that in sessions without faults; it is summed up by an exponential moving average.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from aura_ros.guard.lattice import below
from aura_ros.types import Array, Check, Decision

SMOOTHING = 0.3
"""Weight of the newest turn."""
BASELINE, THRESHOLD = 0.14, 0.31
"""Mean risk of a turn in episodes of development seeds without faults, and their largest EMA with
a margin of a quarter: as shares of the limits."""


class SessionRisk:
    """One session's memory."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another session begins."""
        self._centroid: Array | None = None
        self._turns = 0
        self._risk = 0.0

    def judged(self, checks: Iterable[Check]) -> Check:
        """Value: the EMA of the risk; limit: its threshold."""
        found = np.array([min(c.value / c.limit, 10.0) if c.limit > 0 else 0.0 for c in checks])
        self._turns += 1
        if self._centroid is None:
            self._centroid = found
        away = float(np.abs(found - self._centroid).max())
        self._centroid = self._centroid + (found - self._centroid) / self._turns
        self._risk += SMOOTHING * (max(away - BASELINE, 0.0) - self._risk)
        words = "the session as a whole strays from where it began"
        return below("session_risk", self._risk, THRESHOLD, words, Decision.ASK)
