"""Faults whose every step is small: only their sum does harm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.bench.guard.faults.rows import ARM
from aura_ros.bench.guard.rules import REACH_S
from aura_ros.types import NS, ActionChunk, Array, JointState, KinematicState, Now, Request


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

    steps = (0.0005, 0.001, 0.002)


class SmoothBurn(Lost):
    """The frame is lost without a step: rows begin where they were told to, and go off from there.

    Every chunk goes on where the one before would have gone, so that no two disagree, and none
    begins beside the motion: ``steps`` say how far one goes off in a second.
    """

    steps = (0.01, 0.02, 0.04)

    def asked(self, request: Request, now: Now) -> Request:
        """The request as the lost policy understands it: lost by as much as it went off."""
        if self.began_ns is not None:
            lost_s = (request.start.time_ns - self.began_ns) / NS
            self._shift = max(lost_s, 0.0) * self._step
        return super().asked(request, now)

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """The chunk, off by more with every row."""
        if not self.strikes(now):
            return [chunk]
        times = chunk.start_ns + chunk.row_period_ns * np.arange(len(chunk.rows))
        lost_s = np.maximum(times - (self.began_ns or 0), 0) / NS
        return [replace(chunk, rows=chunk.rows + lost_s[:, None] * self._step)]


class Hugging(Lost):
    """Steps at the same share of what the check of a chunk's start lets through, every time."""

    steps = (0.5 * REACH_S, 0.8 * REACH_S, 0.99 * REACH_S)
