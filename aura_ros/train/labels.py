"""What is noted of an observation, and who acts: the expert, shaken, or the policy in training.

Each observation comes with several told states on the motion under way and beside it, and the
expert's chunk from each; an expert is stateless, so it can say what to do anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.policy.demo import DemoBackend
from aura_ros.robot.description import Robot
from aura_ros.train.episode import View
from aura_ros.train.scenes import ASSIGNMENTS, Stage
from aura_ros.types import NS, Array, JointState, KinematicState, Observation, Request

MOST_AHEAD_S = 0.8
"""The latest that rows begin after their observation."""
# Standard deviations of what is added to an expert's chunk: x y z [m], yaw [rad], finger [m]; and
# of each joint [rad, m]. Now and then the fingers open or close at the wrong moment.
_TASK_SPREAD = np.array([0.02, 0.02, 0.015, 0.12, 0.001])
_JOINT_SPREAD = np.array([0.01] * 7 + [0.0005])
_FUMBLE, _HALF_OPEN = 0.05, 0.02
# And of what is added to told states beside the motion: [rad, m] and [rad/s, m/s].
_PLACE_BESIDE = np.array([0.015] * 7 + [0.002])
_SPEED_BESIDE = np.array([0.05] * 7 + [0.01])


class Recorder:
    """Notes views with labels; ``shaken`` is the expert as an act."""

    def __init__(
        self,
        robot: Robot,
        stage: Stage,
        labels: int,
        rng: np.random.Generator,
    ) -> None:
        self._robot, self._stage = robot, stage
        self._labels, self._rng = labels, rng
        self._shake = float(rng.choice([0.0, rng.uniform(0.0, 1.5)], p=[0.2, 0.8]))
        self._notes: list[dict[str, Any]] = []
        self.rows: Array | None = None

    def see(self, view: View) -> None:
        """Note a view with the expert's chunks from several told states."""
        self.rows = self._plan(view, *view.told)
        chunks = [(view.ahead_s, *view.told, self.rows)]
        chunks += [self._elsewhere(view) for _ in range(self._labels - 1)]
        good = [chunk for chunk in chunks if chunk[3] is not None]
        if not good:
            return
        # A label that could not be made is replaced by one that was.
        chosen = [good[i % len(good)] for i in range(self._labels)]
        ahead, position, velocity, rows = (np.array(part) for part in zip(*chosen, strict=True))
        self._notes.append(
            {
                "images": view.images,
                "instruction": ASSIGNMENTS.index(self._stage.assignment),
                "measured": view.measured,
                "layout": view.layout,
                "ahead": ahead,
                "position": position,
                "velocity": velocity,
                "rows": rows,
            }
        )

    def shaken(self, view: View) -> Array | None:
        """The expert's rows with a bias that grows over the chunk, as a policy's errors do."""
        if self.rows is None:
            return None
        rng, arm = self._rng, self._stage.arm
        task, joints = self._shake * _TASK_SPREAD, self._shake * _JOINT_SPREAD
        bias = arm.rates_of(self.rows[0], rng.normal(0.0, task)) + rng.normal(0.0, joints)
        if rng.random() < _FUMBLE:
            bias[-1] = -np.sign(self.rows[0, -1] - _HALF_OPEN) * _HALF_OPEN
        onset = 1 - np.exp(-((np.arange(len(self.rows)) / 8) ** 2))
        limits = self._robot.limits
        return np.asarray(np.clip(self.rows + onset[:, None] * bias, limits.lower, limits.upper))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All notes, stacked."""
        kinds = {"images": np.uint8, "instruction": np.int64}
        return {
            name: np.array([note[name] for note in self._notes], kinds.get(name, np.float32))
            for name in self._notes[0]
        }

    def _elsewhere(self, view: View) -> tuple[float, Array, Array, Array | None]:
        """Another told state on the motion under way or beside it, and the chunk from there."""
        ahead = float(self._rng.uniform(0.0, MOST_AHEAD_S))
        position, velocity = view.curve.told(view.time_s + ahead)
        if self._rng.random() < 0.5:
            position = position + self._rng.normal(0.0, _PLACE_BESIDE)
            velocity = velocity + self._rng.normal(0.0, _SPEED_BESIDE)
        position = np.clip(position, self._robot.limits.lower, self._robot.limits.upper)
        return ahead, position, velocity, self._plan(view, position, velocity)

    def _plan(self, view: View, position: Array, velocity: Array) -> Array | None:
        start = position, velocity, np.zeros_like(position)
        period = self._robot.row_period_ns / NS
        try:
            return self._stage.expert.plan(
                view.measured, view.objects, start, self._robot.horizon, period
            )
        except ValueError:
            return None


class Learner:
    """The policy in training as an act; now and then the expert shows the way."""

    def __init__(
        self,
        learner: DemoBackend,
        recorder: Recorder,
        stage: Stage,
        rng: np.random.Generator,
    ) -> None:
        self._learner, self._instruction = learner, stage.assignment.instruction
        self._recorder, self._rng = recorder, rng
        self._expert_share = float(rng.choice([0.0, 0.3], p=[0.7, 0.3]))

    def __call__(self, view: View) -> Array | None:
        """The rows to execute."""
        if self._rng.random() < self._expert_share:
            return self._recorder.shaken(view)
        return answer(self._learner, self._instruction, view)


def answer(policy: DemoBackend, instruction: str, view: View) -> Array:
    """Rows (H, n) of ``policy`` for a view."""
    position, velocity = view.told
    rest = np.zeros_like(position)
    seen = Observation(0, {}, JointState(0, view.measured, rest), instruction)
    told = KinematicState(round(view.ahead_s * NS), position, velocity, rest)
    embedding = policy.embed(list(view.images), view.measured, instruction)
    return policy.act(Request(0, 0, seen, told, None), embedding)
