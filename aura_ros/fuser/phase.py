"""How fast a plan goes along its rows: as recorded, slower over the last of them.

A robot that runs out of rows before the next chunk comes must stop. It slows down along its last
rows and ends on the last one, instead of shooting beyond it in a tail (path-preserving time
scaling); the sooner the next chunk comes the less it has slowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aura_ros.types import NS, Array

# Largest share of the rows over which a plan comes to rest.
SLOW_SHARE = 0.25


@dataclass(frozen=True)
class Phase:
    """Rows are followed as recorded until ``slow_from`` [s after the start]; from there the
    rate falls evenly from 1 to 0 at ``end``, where the rows are used up."""

    start_ns: int
    slow_from: float
    end: float

    @classmethod
    def of(cls, start_ns: int, left_s: float, stop_s: float) -> Phase:
        """The phase of a plan with rows for ``left_s``; stopping takes ``stop_s``."""
        slow_s = min(stop_s, SLOW_SHARE * left_s)
        return cls(start_ns, left_s - slow_s, left_s + slow_s)

    def rate(self, time_ns: int) -> float:
        """Speed along the rows at a time: 1 as recorded, 0 after the end."""
        left = self.end - (time_ns - self.start_ns) / NS
        return float(np.clip(left / (self.end - self.slow_from), 0.0, 1.0))

    def content(self, t: Array) -> Array:
        """Time along the rows [s] at times ``t`` (K,) after the start."""
        s = np.clip(t, self.slow_from, self.end) - self.slow_from
        slowed = s - s * s / (2 * (self.end - self.slow_from))
        return np.asarray(np.minimum(t, self.slow_from) + slowed)
