"""How long the policy takes: a windowed percentile that schedules requests, never places chunks."""

from __future__ import annotations

import math
from collections import deque

WINDOW = 20
# The first answers include loading and compiling.
WARM_UP = 1


class LatencyEstimate:
    """95th percentile of the last answers [ns]; ``initial_ns`` until there is one."""

    def __init__(self, initial_ns: int) -> None:
        self._initial_ns = initial_ns
        self._heard = 0
        self._samples: deque[int] = deque(maxlen=WINDOW)

    def add(self, latency_ns: int) -> None:
        """One answer took ``latency_ns``."""
        self._heard += 1
        if self._heard > WARM_UP:
            self._samples.append(latency_ns)

    @property
    def p95_ns(self) -> int:
        """The estimate [ns]."""
        if not self._samples:
            return self._initial_ns
        ordered = sorted(self._samples)
        return ordered[math.ceil(0.95 * len(ordered)) - 1]
