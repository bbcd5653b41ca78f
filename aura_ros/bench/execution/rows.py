"""What published methods have in common: numbered row periods and the last command."""

from __future__ import annotations

import numpy as np

from aura_ros.bench.execution.executor import Setup
from aura_ros.types import NS, Array, KinematicState


class RowClock:
    """Numbers the row periods; number 0 begins at the first time that is looked up."""

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._origin_ns: int | None = None

    def step(self, time_ns: int) -> int:
        """The row period that begins nearest to ``time_ns``."""
        if self._origin_ns is None:
            self._origin_ns = time_ns
        return round((time_ns - self._origin_ns) / self._period_ns)


class Commanded:
    """The last two rows that were commanded, each of shape (n,)."""

    def __init__(self, setup: Setup) -> None:
        self._period_s = setup.robot.row_period_ns / NS
        self._last = self._before = setup.rest

    def add(self, row: Array) -> Array:
        """Remember ``row`` (n,) as the newest; returns it."""
        self._before, self._last = self._last, row
        return row

    def hold(self) -> Array:
        """Command the last row once more."""
        return self.add(self._last)

    def state(self, now_ns: int) -> KinematicState:
        """What a policy is told: the last row, and the velocity between the last two."""
        velocity = (self._last - self._before) / self._period_s
        return KinematicState(now_ns, self._last, velocity, np.zeros_like(velocity))
