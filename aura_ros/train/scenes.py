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
PLACES = 2
"""Places that are supervised: of the named object and of its goal."""
# Where the tool may be when an episode does not begin at home: x y z [m], yaw [rad], finger [m].
_START_LOW = np.array([0.36, -0.20, 0.16, -0.8, 0.02])
_START_HIGH = np.array([0.60, 0.20, 0.45, 0.8, 0.038])


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

    def begin(self, seed: int, rng: np.random.Generator | None = None) -> None:
        """Objects placed by ``seed``; robot at home or, with ``rng``, anywhere above the table."""
        joints = HOME if rng is None else self.arm.joints_of(self._somewhere(rng), HOME)
        self.world.reset(seed, self.assignment.target, joints)
        self._renderer.renew_noise(seed)

    def pictures(self) -> Pixels:
        """Images (cameras, 96, 96, 3) of this moment."""
        found = self._renderer.render_all(self.world.pose())
        return np.stack([shrunk(found[name]) for name in CAMERAS])

    def places(self) -> Array:
        """Positions of the named object and of its goal, (2, 3) [m]."""
        return self.world.object_poses()[self._pair, :3]

    def close(self) -> None:
        """Free the renderer, in the thread that made it."""
        self._renderer.close()

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _somewhere(rng: np.random.Generator) -> Array:
        return rng.uniform(_START_LOW, _START_HIGH)


def shrunk(image: Pixels) -> Pixels:
    """A square image (s, s, 3) at the network's size."""
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
