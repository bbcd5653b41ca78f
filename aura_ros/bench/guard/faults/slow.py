"""Faults whose every step is small: only their sum does harm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.types import ActionChunk, Array, JointState, KinematicState, Now, Request

ARM = 7


class Lost(Fault):
    """The policy loses the frame of its joints: every chunk begins a little beside the state that
    it was told, always to the same side, and the policy believes itself where it was.

    ``steps`` [rad] are the norm of that over the arm's joints.
    """

    steps: tuple[float, float, float]
    # Of the shift that it no longer sees, since a policy with cameras sees some of it.
    unseen = 1.0

    def prepare(self) -> None:
        """To which side: mostly down and forward, where the table is."""
        side = np.array([0.0, 0.6, 0.0, 0.6, 0.0, 0.0, 0.0]) + 0.25 * self.rng.standard_normal(ARM)
        self._side = np.append(side / np.linalg.norm(side), 0.0)
        self._shift = np.zeros(ARM + 1)

    def asked(self, request: Request, now: Now) -> Request:
        """The request as the lost policy understands it."""
        seen, start = request.observation, request.start
        joints = seen.joints
        shift = self.unseen * self._shift
        believed = JointState(joints.stamp_ns, joints.position - shift, joints.velocity)
        told = KinematicState(
            start.time_ns, start.position - shift, start.velocity, start.acceleration
        )
        return replace(request, observation=replace(seen, joints=believed), start=told)

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """The chunk, shifted by a step more than the one before."""
        if not self.strikes(now):
            return [chunk]
        rows = chunk.rows + self.unseen * self._shift
        self._shift = self._shift + self._step(now)
        return [replace(chunk, rows=rows + self._step(now))]

    def _step(self, now: Now) -> Array:
        return np.asarray(self.steps[self.severity] * self._side)


class SlowBurn(Lost):
    """Steps far below what any single check refuses."""

    steps = (0.004, 0.008, 0.016)


class Hugging(Lost):
    """Steps at the same share of what a stateless check lets through, again and again."""

    shares = (0.5, 0.8, 0.99)
    # The largest distance of a chunk's first row from the told state that passes [rad].
    passes = 0.06
    steps = (0.5 * passes, 0.8 * passes, 0.99 * passes)
