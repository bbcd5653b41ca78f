"""A task of MetaWorld as a plant of the closed loop, seen by two of its cameras."""

from __future__ import annotations

from collections.abc import Mapping

from aura_ros.policy.demo_network import Pixels
from aura_ros.robot.load import load_robot
from aura_ros.sim.metaworld.cameras import PIXELS, Cameras
from aura_ros.sim.metaworld.tasks import find_task
from aura_ros.sim.metaworld.world import STEP_NS, World
from aura_ros.types import Array

ROBOT = "metaworld_sawyer"


class MetaWorldPlant:
    """One task; goal and object are drawn as MetaWorld draws them with the seed of an episode.

    ``success`` is MetaWorld's own at the last step. Raises ValueError for an unknown task and
    MetaWorldMissingError.
    """

    step_ns = STEP_NS
    other_instruction = ""

    def __init__(self, task: str) -> None:
        self.robot = load_robot(ROBOT)
        self._world = World(find_task(task))
        self._cameras = Cameras(self._world.model, PIXELS)
        self.reset(0)
        self.rest: Array = self._world.rest

    @property
    def instruction(self) -> str:
        """What is asked for."""
        return self._world.task.instruction

    def reset(self, seed: int) -> None:
        """A new episode: the hand at rest, everything else placed by ``seed``."""
        self._world.reset(seed)
        self._cameras.renew_noise(seed)

    def step(self, command: Array) -> None:
        """Advance by a step with set-points (7,)."""
        self._world.step(command)

    @property
    def position(self) -> Array:
        """Measured (7,)."""
        return self._world.position

    @property
    def velocity(self) -> Array:
        """Measured (7,), per second."""
        return self._world.velocity

    def pictures(self) -> Mapping[str, Pixels]:
        """Images (96, 96, 3), RGB, by the names of the robot's cameras."""
        return self._cameras.render(self._world.data)

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment."""
        return self._world.success

    @property
    def lost(self) -> bool:
        """Whether it cannot be done any more."""
        return self._world.lost

    def close(self) -> None:
        """Free the renderer."""
        self._cameras.close()
