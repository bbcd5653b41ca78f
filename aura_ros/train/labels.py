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
from aura_ros.train.suite import Stage
from aura_ros.types import NS, Array, JointState, KinematicState, Observation, Request

MOST_AHEAD_S = 0.8
"""The latest that rows begin after their observation."""
_ONSET_ROWS = 8


class Recorder:
    """Notes views with labels; ``shaken`` is the expert as an act.

    ``instruction`` is the number that is noted for the stage's.
    """

    def __init__(
        self,
        robot: Robot,
        stage: Stage,
        instruction: int,
        labels: int,
        rng: np.random.Generator,
    ) -> None:
        self._robot, self._stage, self._instruction = robot, stage, instruction
        self._labels, self._rng = labels, rng
        self._shake = draw_shake(rng)
        self._notes: list[dict[str, Any]] = []
        self.rows: Array | None = None

    def see(self, view: View) -> None:
        """Note a view with the expert's chunks from several told states."""
        labels = self._stage.labels(view, self._labels, self._rng)
        self.rows = labels[0].rows
        good = [label for label in labels if label.rows is not None]
        if not good:
            return
        # A label that could not be made is replaced by one that was.
        chosen = [good[i % len(good)] for i in range(self._labels)]
        self._notes.append(
            {
                "images": view.images,
                "instruction": self._instruction,
                "measured": view.measured,
                "layout": view.layout,
                "ahead": np.array([label.ahead_s for label in chosen]),
                "position": np.array([label.position for label in chosen]),
                "velocity": np.array([label.velocity for label in chosen]),
                "rows": np.array([label.rows for label in chosen]),
            }
        )

    def shaken(self, view: View) -> Array | None:
        """The expert's rows with a bias that grows over the chunk, as a policy's errors do."""
        if self.rows is None:
            return None
        bias = self._stage.bias(self.rows, self._shake, self._rng)
        return biased(self.rows, bias, self._robot)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All notes, stacked."""
        kinds = {"images": np.uint8, "instruction": np.int64}
        return {
            name: np.array([note[name] for note in self._notes], kinds.get(name, np.float32))
            for name in self._notes[0]
        }


def draw_shake(rng: np.random.Generator) -> float:
    """How much an expert is shaken; a fifth of them are not."""
    return float(rng.choice([0.0, rng.uniform(0.0, 1.5)], p=[0.2, 0.8]))


def biased(rows: Array, bias: Array, robot: Robot) -> Array:
    """Rows (H, n) that go more and more astray, up to ``bias`` (n,), within limits."""
    onset = 1 - np.exp(-((np.arange(len(rows)) / _ONSET_ROWS) ** 2))
    limits = robot.limits
    return np.asarray(np.clip(rows + onset[:, None] * bias, limits.lower, limits.upper))


class Learner:
    """The policy in training as an act; now and then the expert shows the way."""

    def __init__(
        self,
        learner: DemoBackend,
        recorder: Recorder,
        instruction: str,
        rng: np.random.Generator,
    ) -> None:
        self._learner, self._instruction = learner, instruction
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
