"""The robot is where its plan is."""

from __future__ import annotations

from typing import Any

import numpy as np

from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import below, passed
from aura_ros.guard.watch import Watch
from aura_ros.motion.jerk import sample
from aura_ros.types import Check, ClockJump, Commitment, Decision, JointState, Now, Plan


class Tracking(Watch):
    """Value: largest distance of measured from planned joints [rad or m]; limit: tracking_error.

    What nobody measures is not compared: the distance that a base has driven.
    """

    name = "tracking_error"

    def __init__(self, setup: Setup) -> None:
        self._settings, self._robot = setup.settings, setup.robot
        self._forget()

    def _forget(self) -> None:
        self._committed: Plan | None = None
        self._measured: JointState | None = None

    def hear(self, value: Any, now: Now) -> None:
        """What was measured, what was committed."""
        if isinstance(value, JointState):
            if np.isfinite(value.position).all() and np.isfinite(value.velocity).all():
                self._measured = value
        elif isinstance(value, Commitment):
            self._committed = value.plan
        elif isinstance(value, ClockJump):
            self._forget()

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        limit = self._settings().tracking_error
        if self._committed is None or self._measured is None:
            return (passed(self.name, 0.0, limit),)
        planned = sample(self._committed, self._measured.stamp_ns).position
        away = self._robot.difference(planned, self._measured.position)
        error = np.abs(away) * self._robot.measured
        joint = self._robot.joints[int(np.argmax(error))]
        words = f"{joint} is far from its plan: is it blocked?"
        return (below(self.name, float(error.max()), limit, words, Decision.HOLD),)
