"""What moved, judged from the commands alone: stalls, limits, rest. Pure, no ROS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aura_ros.robot.description import Limits
from aura_ros.types import NS, Array

# Commands slower than these shares of the velocity limits are at rest, or idle: the noise of
# a policy that holds still is no work.
REST_SHARE = 1e-3
IDLE_SHARE = 1e-2
STALL_NS = 300_000_000
# Commands carry their exact times, so only rounding is to be forgiven.
TOLERANCE = 1e-6
# Positions over a few ms divide rounding by little: acceleration is judged from velocities.
LONGEST_STEP_NS = 50_000_000


@dataclass(frozen=True)
class Sample:
    """One command: time [ns], position and velocity (n,)."""

    time_ns: int
    position: Array
    velocity: Array


class MotionMeter:
    """Counts limit violations always, and stalls between ``begin`` and ``end``."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._last: Sample | None = None
        self._resting_since: int | None = None
        self._idle_since: int | None = None
        self._counting = False
        self._moved = False
        self._counted = False
        self.violations = 0
        self.stalls = 0
        self.first_motion_ns: int | None = None

    def begin(self) -> None:
        """An episode begins: rest counts as a stall from its first motion on."""
        self._counting, self._moved, self._counted = True, False, False
        self.first_motion_ns = None

    def end(self) -> None:
        """The task is done: rest is no stall any more."""
        self._counting = False

    @property
    def resting_since_ns(self) -> int | None:
        """When the commands came to rest [ns]; None while they move."""
        return self._resting_since

    def add(self, sample: Sample, passed: bool = True) -> None:
        """Judge one command."""
        self.violations += self._violates(sample) or not passed
        speed = float((np.abs(sample.velocity) / self._limits.velocity).max())
        self._resting_since = self._since(self._resting_since, speed <= REST_SHARE, sample)
        self._idle_since = self._since(self._idle_since, speed <= IDLE_SHARE, sample)
        if self._idle_since is None:
            self._counted = False
            if self._counting and not self._moved:
                self._moved, self.first_motion_ns = True, sample.time_ns
        self._count_stall(sample.time_ns)
        self._last = sample

    @staticmethod
    def _since(since: int | None, still: bool, sample: Sample) -> int | None:
        """When stillness began: kept while it lasts."""
        if not still:
            return None
        return sample.time_ns if since is None else since

    def _count_stall(self, time_ns: int) -> None:
        since = self._idle_since
        if since is None or not (self._counting and self._moved) or self._counted:
            return
        if time_ns - since > STALL_NS:
            self.stalls += 1
            self._counted = True

    def _violates(self, sample: Sample) -> bool:
        limits, slack = self._limits, 1 + TOLERANCE
        outside = (sample.position < limits.lower - TOLERANCE) | (
            sample.position > limits.upper + TOLERANCE
        )
        if outside.any() or (np.abs(sample.velocity) > limits.velocity * slack).any():
            return True
        last = self._last
        if last is None or not 0 < sample.time_ns - last.time_ns <= LONGEST_STEP_NS:
            return False
        elapsed = (sample.time_ns - last.time_ns) / NS
        moved = np.abs(sample.position - last.position)
        gained = np.abs(sample.velocity - last.velocity)
        too_far = moved > limits.velocity * elapsed * slack + TOLERANCE
        too_hard = gained > limits.acceleration * elapsed * slack + TOLERANCE
        return bool((too_far | too_hard).any())
