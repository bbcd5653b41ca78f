"""Faults whose every step is small: only their sum does harm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.bench.guard.rules import REACH_S
from aura_ros.types import ActionChunk, Array, JointState, KinematicState, Now, Request

ARM = 7


class Lost(Fault):
    """The policy loses the frame of its joints: every chunk begins a little beside the state that
    it was told, always to the same side, and the policy believes itself where it was.

    ``steps`` say how far beside, as the time that the joint's velocity limit takes for it [s].
    """

    steps: ClassVar[tuple[float, float, float]]

    def prepare(self) -> None:
        """To which side: mostly down and forward, where the table is."""
        side = np.array([0.0, 0.6, 0.0, 0.6, 0.0, 0.0, 0.0]) + 0.25 * self.rng.standard_normal(ARM)
        most = np.abs(side / self.scene.robot.limits.velocity[:ARM]).max()
        self._step: Array = np.append(self.steps[self.severity] * side / most, 0.0)
        self._shift = np.zeros(ARM + 1)

    def asked(self, request: Request, now: Now) -> Request:
        """The request as the lost policy understands it."""
        seen, start = request.observation, request.start
        joints = JointState(
            seen.joints.stamp_ns, seen.joints.position - self._shift, seen.joints.velocity
        )
        told = KinematicState(
            start.time_ns, start.position - self._shift, start.velocity, start.acceleration
        )
        return replace(request, observation=replace(seen, joints=joints), start=told)

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """The chunk, shifted by a step more than the one before."""
        if not self.strikes(now):
            return [chunk]
        # The policy answered in its own frame: the shift so far, and the step of this time.
        self._shift = self._shift + self._step
        return [replace(chunk, rows=chunk.rows + self._shift)]


class SlowBurn(Lost):
    """Steps far below what any single check refuses."""

    steps = (0.002, 0.004, 0.008)


class Hugging(Lost):
    """Steps at the same share of what the check of a chunk's start lets through, every time."""

    steps = (0.5 * REACH_S, 0.8 * REACH_S, 0.99 * REACH_S)
