"""How fast a plan goes along its rows: as recorded, slower where rows would run out.

A robot that reaches the last row before the next chunk stops. Where even the shortest recent
gap between chunks is longer than the rows last, it slows down from the start; else only over
the last rows, which it then ends on instead of shooting beyond (path-preserving time scaling).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from aura_ros.types import NS, Array

# Gaps between accepted chunks that are remembered, and how many make a habit.
WINDOW = 8
HABIT = 3
# Largest share of the rows over which a plan comes to rest.
SLOW_SHARE = 0.25


class Gaps:
    """Times between the chunks that were accepted."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self._last_ns: int | None = None
        self._gaps: deque[int] = deque(maxlen=WINDOW)

    def heard(self, now_ns: int) -> None:
        """A chunk was accepted."""
        if self._last_ns is not None:
            self._gaps.append(now_ns - self._last_ns)
        self._last_ns = now_ns

    @property
    def least_s(self) -> float:
        """The shortest recent gap [s]; 0 until there is a habit."""
        return min(self._gaps) / NS if len(self._gaps) >= HABIT else 0.0


@dataclass(frozen=True)
class Phase:
    """Rows are followed as recorded until ``slow_from`` [s after the start]; from there the
    rate falls evenly from 1 to ``last`` at ``end``, where the rows are used up."""

    start_ns: int
    slow_from: float
    end: float
    last: float

    def rate(self, time_ns: int) -> float:
        """Speed along the rows at a time: 1 as recorded, 0 after the end."""
        t = (time_ns - self.start_ns) / NS
        if t >= self.end:
            return 0.0
        if t <= self.slow_from:
            return 1.0
        return 1.0 - (1.0 - self.last) * (t - self.slow_from) / (self.end - self.slow_from)

    def content(self, t: Array) -> Array:
        """Time along the rows [s] at times ``t`` (K,) after the start."""
        s = np.clip(t, self.slow_from, self.end) - self.slow_from
        duration = max(self.end - self.slow_from, 1e-9)
        slowed = s - (1.0 - self.last) * s * s / (2 * duration)
        return np.asarray(np.minimum(t, self.slow_from) + slowed)


def phase_of(start_ns: int, left_s: float, stop_s: float, next_s: float) -> Phase:
    """The phase of a plan with rows for ``left_s``.

    ``next_s`` is when the next plan begins at the earliest, ``stop_s`` how long stopping takes.
    """
    if next_s > left_s:
        end = min(next_s, 2 * left_s)
        return Phase(start_ns, 0.0, end, 2 * left_s / end - 1)
    slow_s = min(stop_s, SLOW_SHARE * left_s)
    return Phase(start_ns, left_s - slow_s, left_s + slow_s, 0.0)
