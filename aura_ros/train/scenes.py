"""The embedded robot as training sees it: a world, the experts of its instructions, pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from aura_ros.policy.demo_network import Pixels
from aura_ros.robot.description import Robot
from aura_ros.sim.arm import Arm
from aura_ros.sim.expert import Expert
from aura_ros.sim.model import CAMERAS, HOME, STEP_NS
from aura_ros.sim.render import Renderer
from aura_ros.sim.tasks import DEVELOPMENT_SEED, INSTRUCTIONS, TRAINING_SEED
from aura_ros.sim.world import World
from aura_ros.train.config import Config
from aura_ros.train.episode import Curve, Pace, View, resting
from aura_ros.train.labels import MOST_AHEAD_S
from aura_ros.train.suite import Label, Suite
from aura_ros.types import NS, Array

IMAGE_SIZE = 96
# Roughly where objects are: on the table in front of the robot, some in the air [m].
_CENTRE, _SPREAD = np.array([0.5, 0.0, 0.1]), np.array([0.07, 0.1, 0.1])
LAYOUT = 8
"""Numbers of a layout, which the network is made to know of."""
# Where the tool may be when an episode does not begin at home, and wherever else it may get to:
# x y z [m], yaw [rad], finger [m].
ABOVE = np.array([[0.36, -0.20, 0.16, -0.8, 0.02], [0.60, 0.20, 0.45, 0.8, 0.038]])
ANYWHERE = np.array([[0.33, -0.24, 0.03, -1.4, 0.012], [0.68, 0.24, 0.46, 1.4, 0.038]])
# Standard deviations of what is added to an expert's chunk: x y z [m], yaw [rad], finger [m]; and
# of each joint [rad, m]. Now and then the fingers open or close at the wrong moment.
_TASK_SPREAD = np.array([0.02, 0.02, 0.015, 0.12, 0.001])
_JOINT_SPREAD = np.array([0.01] * 7 + [0.0005])
_FUMBLE, _HALF_OPEN = 0.05, 0.02
# And of what is added to told states beside the motion: [rad, m] and [rad/s, m/s].
_PLACE_BESIDE = np.array([0.015] * 7 + [0.002])
_SPEED_BESIDE = np.array([0.05] * 7 + [0.01])


@dataclass(frozen=True)
class Assignment:
    """One task with one of its two objects: the ``target`` that the instruction names."""

    task: str
    target: int
    instruction: str


ASSIGNMENTS = tuple(Assignment(*task, text) for text, task in INSTRUCTIONS.items())


class EmbeddedStage:
    """The world of an assignment, its expert and its cameras, at ``pixels`` x ``pixels``."""

    step_s = STEP_NS / NS

    def __init__(self, robot: Robot, assignment: Assignment, pixels: int = 224) -> None:
        self.assignment, self.instruction = assignment, assignment.instruction
        self.world = World(assignment.task, 0, assignment.target)
        self._robot = robot
        self._expert = Expert(assignment.task, assignment.target)
        self._arm = Arm()
        self._pair = list(self.world.task.pairs[assignment.target])
        self._renderer = Renderer(self.world.model, pixels, pixels)

    def begin(self, seed: int, rng: np.random.Generator | None = None, box: Array = ABOVE) -> None:
        """Objects placed by ``seed``; robot at home or, with ``rng``, its tool somewhere in
        ``box`` (2, 5). Raises RuntimeError where it stands in the way of every placement."""
        joints = HOME if rng is None else self._arm.joints_of(rng.uniform(box[0], box[1]), HOME)
        self.world.reset(seed, self.assignment.target, joints)
        self._renderer.renew_noise(seed)

    def still(self, seed: int, rng: np.random.Generator) -> Curve:
        """The robot rests anywhere."""
        self.begin(seed, rng, ANYWHERE)
        return resting(self.position, self._robot.row_period_ns / NS)

    def step(self, set_point: Array) -> None:
        """Advance by ``step_s``."""
        self.world.step(set_point)

    @property
    def position(self) -> Array:
        """Joints (8,)."""
        return self.world.joint_position

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment."""
        return self.world.success

    def pictures(self) -> Pixels:
        """Images (cameras, 96, 96, 3) of this moment."""
        found = self._renderer.render_all(self.world.pose())
        return np.stack([shrunk(found[name]) for name in CAMERAS])

    def layout(self) -> Array:
        """Where the named object and its goal are and how the object is turned, (LAYOUT,).

        Places are centred and scaled; a cube turned by a quarter looks the same.
        """
        poses = self.world.object_poses()[self._pair]
        places = (poses[:, :3] - _CENTRE) / _SPREAD
        z, w = poses[0, 5:]
        turn = 8 * np.arctan2(z, w)
        return np.concatenate([places.ravel(), [np.cos(turn), np.sin(turn)]])

    def labels(self, view: View, count: int, rng: np.random.Generator) -> list[Label]:
        """The expert's chunks from the told state and from others."""
        objects = self.world.object_poses()
        first = Label(view.ahead_s, *view.told, self._plan(view, objects, *view.told))
        return [first, *(self._elsewhere(view, objects, rng) for _ in range(count - 1))]

    def bias(self, rows: Array, shake: float, rng: np.random.Generator) -> Array:
        """An error of the tool and of the joints, now and then a fumble of the fingers."""
        task, joints = shake * _TASK_SPREAD, shake * _JOINT_SPREAD
        bias = self._arm.rates_of(rows[0], rng.normal(0.0, task)) + rng.normal(0.0, joints)
        if rng.random() < _FUMBLE:
            bias[-1] = -np.sign(rows[0, -1] - _HALF_OPEN) * _HALF_OPEN
        return bias

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def _elsewhere(self, view: View, objects: Array, rng: np.random.Generator) -> Label:
        """Another told state on the motion under way or beside it, and the chunk from there."""
        ahead = float(rng.uniform(0.0, MOST_AHEAD_S))
        position, velocity = view.curve.told(view.time_s + ahead)
        if rng.random() < 0.5:
            position = position + rng.normal(0.0, _PLACE_BESIDE)
            velocity = velocity + rng.normal(0.0, _SPEED_BESIDE)
        position = np.clip(position, self._robot.limits.lower, self._robot.limits.upper)
        return Label(ahead, position, velocity, self._plan(view, objects, position, velocity))

    def _plan(self, view: View, objects: Array, position: Array, velocity: Array) -> Array | None:
        start = position, velocity, np.zeros_like(position)
        robot = self._robot
        period = robot.row_period_ns / NS
        try:
            return self._expert.plan(view.measured, objects, start, robot.horizon, period)
        except ValueError:
            return None


def shrunk(image: Pixels) -> Pixels:
    """A square image (s, s, 3) at the network's size."""
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _other(assignment: Assignment) -> str:
    """The instruction that names the other object."""
    same = (a for a in ASSIGNMENTS if a.task == assignment.task and a != assignment)
    return next(same).instruction


SUITE = Suite(
    name="demo",
    robot="embedded_panda",
    artifact="demo.safetensors",
    cameras=CAMERAS,
    image_size=IMAGE_SIZE,
    pixels=(224, 192, 224, 96, 224),
    layout=LAYOUT,
    instructions=tuple(a.instruction for a in ASSIGNMENTS),
    others=tuple(map(_other, ASSIGNMENTS)),
    development_seed=DEVELOPMENT_SEED,
    training_seed=TRAINING_SEED,
    config=Config(),
    pace=Pace(),
    stage=lambda robot, index, pixels: EmbeddedStage(robot, ASSIGNMENTS[index], pixels),
)
