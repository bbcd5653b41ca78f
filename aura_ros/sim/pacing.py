"""When things happen: steps of physics against wall time, and outputs at their rates."""

from __future__ import annotations

import time

from aura_ros.sim.model import STEP_NS
from aura_ros.types import NS

_WAKE_NS = 2 * STEP_NS
_FALLEN_BEHIND_NS = 100_000_000


class Pacer:
    """Says how many steps are due, sleeping to absolute times of the steady clock.

    A loop that falls more than 0.1 s behind leaves that time out and counts it: catching up
    would move the robot faster than its commands.
    """

    def __init__(self, factor: float) -> None:
        self._wake_ns = round(_WAKE_NS / max(factor, 1.0))
        self._step_ns = STEP_NS / factor
        self._next_ns = float(time.monotonic_ns())
        self.skipped_s = 0.0
        self.late_ns = 0

    def wait(self) -> int:
        """Sleep until steps are due, and say how many; the last was due ``late_ns`` ago."""
        wake_ns = self._next_ns + self._wake_ns
        time.sleep(max(wake_ns - time.monotonic_ns(), 0) / NS)
        behind_ns = time.monotonic_ns() - self._next_ns
        if behind_ns > _FALLEN_BEHIND_NS:
            self.skipped_s += (behind_ns - self._wake_ns) / NS
            self._next_ns += behind_ns - self._wake_ns
            behind_ns = self._wake_ns
        steps = max(int(behind_ns // self._step_ns), 1)
        self._next_ns += steps * self._step_ns
        self.late_ns = max(round(behind_ns - steps * self._step_ns), 0)
        return steps


class Rate:
    """True once a period [Hz], judged by the times handed in."""

    def __init__(self, frequency: float) -> None:
        self._period_ns = NS / frequency
        self._next_ns = 0.0

    def due(self, now_ns: int) -> bool:
        """Whether a period has passed; late calls do not add up."""
        # Half a step of tolerance: a period that is whole steps stays whole steps.
        if now_ns < self._next_ns - STEP_NS / 2:
            return False
        on_time = self._next_ns + self._period_ns
        self._next_ns = on_time if on_time > now_ns else now_ns + self._period_ns
        return True
