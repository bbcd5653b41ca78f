"""MetaWorld as training sees it: a task, its scripted expert on copies of the simulator."""

from __future__ import annotations

import numpy as np

from aura_ros.policy.demo_network import Pixels
from aura_ros.robot.description import Robot
from aura_ros.sim.metaworld.cameras import CROPS, PIXELS, Cameras
from aura_ros.sim.metaworld.expert import Expert
from aura_ros.sim.metaworld.plant import ROBOT
from aura_ros.sim.metaworld.tasks import TASKS, Task
from aura_ros.sim.metaworld.world import STEP_NS, STEP_S, World
from aura_ros.sim.tasks import DEVELOPMENT_SEED, TRAINING_SEED
from aura_ros.train.config import Config
from aura_ros.train.episode import Curve, Pace, View, resting
from aura_ros.train.labels import MOST_AHEAD_S, biased, draw_shake
from aura_ros.train.suite import Label, Suite
from aura_ros.types import NS, Array

LAYOUT = 6
# Standard deviations of what is added to an expert's chunk: x y z [m], rotation, opening [m].
_SPREAD = np.array([0.025, 0.025, 0.02, 0.004, 0.004, 0.004, 0.01])
# And of what is added to told states beside the motion.
_BESIDE = np.array([0.015, 0.015, 0.01, 0.003, 0.003, 0.003, 0.005])
_BEND_S = 0.4
# Moments are observed once, after an expert moved for up to so long, anew every so often [s].
_LATEST_S, _LEG_S = 1.8, 0.8
_AWAY = 0.5


class MetaWorldStage:
    """A task, its expert and its cameras."""

    step_s = STEP_S

    def __init__(self, robot: Robot, task: Task, pixels: int = PIXELS) -> None:
        self.instruction = task.instruction
        self.world = World(task)
        self._robot, self._task = robot, task
        self._expert = Expert(self.world, robot)
        self._cameras = Cameras(self.world.model, pixels)
        self._period = robot.row_period_ns / NS
        self._steps = round(robot.row_period_ns / STEP_NS)

    def begin(self, seed: int, rng: np.random.Generator | None = None) -> None:
        """Objects placed by ``seed``; the hand at home or, with ``rng``, anywhere free."""
        self.world.reset(seed, None if rng is None else rng.uniform(*self._task.free))
        self._cameras.renew_noise(seed)

    def still(self, seed: int, rng: np.random.Generator) -> Curve:
        """Somewhere on the way of a shaken expert."""
        self.begin(seed, rng if rng.random() < _AWAY else None)
        curve, shake = resting(self.position, self._period), draw_shake(rng)
        # More of them early: most tasks are done before the latest.
        left = _LATEST_S * float(rng.random()) ** 2
        while left > STEP_S:
            leg = min(_LEG_S, left)
            position, velocity = curve.told(0.0)
            rows = self._chunk(np.empty((0, len(position))), position, velocity)
            rows = biased(rows, self.bias(rows, shake, rng), self._robot)
            curve = Curve(-leg, rows, velocity, self._period)
            for set_point in curve.positions(self._times(-leg, leg)):
                self.world.advance(set_point)
            left -= leg
        return curve

    def step(self, set_point: Array) -> None:
        """Advance by ``step_s``."""
        self.world.step(set_point)

    @property
    def position(self) -> Array:
        """Measured (7,)."""
        return self.world.position

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment."""
        return self.world.success

    def pictures(self) -> Pixels:
        """Images (cameras, s, s, 3) of this moment."""
        return np.stack(list(self._cameras.render(self.world.data).values()))

    def layout(self) -> Array:
        """Where the object and the goal are, (LAYOUT,), centred and scaled."""
        return self.world.layout

    def labels(self, view: View, count: int, rng: np.random.Generator) -> list[Label]:
        """The expert's chunks from the told state and from others."""
        lead = view.curve.positions(self._times(view.time_s, view.ahead_s))
        first = Label(view.ahead_s, *view.told, self._chunk(lead, *view.told))
        return [first, *(self._elsewhere(view, rng) for _ in range(count - 1))]

    def bias(self, rows: Array, shake: float, rng: np.random.Generator) -> Array:
        """An error of the tool's place and rotation and of the opening."""
        # A policy's small errors of rotation would add up if it never saw any.
        return rng.normal(0.0, shake * _SPREAD)

    def close(self) -> None:
        """Free the renderer."""
        self._cameras.close()

    def _elsewhere(self, view: View, rng: np.random.Generator) -> Label:
        """Another told state on the motion under way, or where that would end if it were bent."""
        ahead = float(rng.uniform(0.0, MOST_AHEAD_S))
        bend = np.zeros(len(_BESIDE))
        if rng.random() < 0.5:
            bend = rng.normal(0.0, _BESIDE) * min(1.0, ahead / _BEND_S)
        times = self._times(view.time_s, ahead)
        share = (times[:, None] - view.time_s) / ahead
        lead = view.curve.positions(times) + share**2 * (3 - 2 * share) * bend
        position, velocity = view.curve.told(view.time_s + ahead)
        limits = self._robot.limits
        position = np.clip(position + bend, limits.lower, limits.upper)
        return Label(ahead, position, velocity, self._chunk(lead, position, velocity))

    def _chunk(self, lead: Array, position: Array, velocity: Array) -> Array:
        return self._expert.chunk(lead, position, velocity, self._robot.horizon, self._steps)

    @staticmethod
    def _times(begin: float, duration: float) -> Array:
        """Times of the steps of ``duration`` from ``begin`` on [s]."""
        return begin + STEP_S * np.arange(1.0, round(duration / STEP_S) + 1)


_ALL = tuple(TASKS.values())
SUITE = Suite(
    name="metaworld",
    robot=ROBOT,
    artifact="metaworld.safetensors",
    cameras=tuple(CROPS),
    image_size=PIXELS,
    pixels=(PIXELS,),
    layout=LAYOUT,
    instructions=tuple(task.instruction for task in _ALL),
    others=("",) * len(_ALL),
    development_seed=DEVELOPMENT_SEED,
    training_seed=TRAINING_SEED,
    config=Config(steps=6500, stills=5000, episodes=(240, 200), begins=(0.0, 0.5)),
    pace=Pace(limit_s=8.0, after_s=1.0),
    stage=lambda robot, index, pixels: MetaWorldStage(robot, _ALL[index], pixels),
)
