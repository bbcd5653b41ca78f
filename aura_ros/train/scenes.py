"""The simulator as training sees it: a world, the experts of its instructions, small pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from aura_ros.policy.demo_network import Pixels
from aura_ros.sim.arm import Arm
from aura_ros.sim.expert import Expert
from aura_ros.sim.model import CAMERAS, HOME
from aura_ros.sim.render import Renderer
from aura_ros.sim.tasks import INSTRUCTIONS
from aura_ros.sim.world import World
from aura_ros.types import Array

IMAGE_SIZE = 96
# Roughly where objects are: on the table in front of the robot, some in the air [m].
_CENTRE, _SPREAD = np.array([0.5, 0.0, 0.1]), np.array([0.07, 0.1, 0.1])
LAYOUT = 8
"""Numbers of a layout, which the network is made to know of."""
# Where the tool may be when an episode does not begin at home, and wherever else it may get to:
# x y z [m], yaw [rad], finger [m].
ABOVE = np.array([[0.36, -0.20, 0.16, -0.8, 0.02], [0.60, 0.20, 0.45, 0.8, 0.038]])
ANYWHERE = np.array([[0.33, -0.24, 0.03, -1.4, 0.012], [0.68, 0.24, 0.46, 1.4, 0.038]])


@dataclass(frozen=True)
class Assignment:
    """One task with one of its two objects: the ``target`` that the instruction names."""

    task: str
    target: int
    instruction: str


ASSIGNMENTS = tuple(Assignment(*task, text) for text, task in INSTRUCTIONS.items())


class Stage:
    """The world of an assignment, its expert and its cameras, at ``pixels`` x ``pixels``.

    It renders: make, use and close it in one thread, one at a time.
    """

    def __init__(self, assignment: Assignment, pixels: int = 224) -> None:
        self.assignment = assignment
        self.world = World(assignment.task, 0, assignment.target)
        self.expert = Expert(assignment.task, assignment.target)
        self.arm = Arm()
        self._pair = list(self.world.task.pairs[assignment.target])
        self._renderer = Renderer(self.world.model, pixels, pixels)

    def begin(self, seed: int, rng: np.random.Generator | None = None, box: Array = ABOVE) -> None:
        """Objects placed by ``seed``; robot at home or, with ``rng``, its tool somewhere in
        ``box`` (2, 5). Raises RuntimeError where it stands in the way of every placement."""
        joints = HOME if rng is None else self.arm.joints_of(rng.uniform(box[0], box[1]), HOME)
        self.world.reset(seed, self.assignment.target, joints)
        self._renderer.renew_noise(seed)

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

    def close(self) -> None:
        """Free the renderer, in the thread that made it."""
        self._renderer.close()

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def shrunk(image: Pixels) -> Pixels:
    """A square image (s, s, 3) at the network's size."""
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
