"""The embedded robot as a plant: one of its tasks, seen by two cameras."""

from __future__ import annotations

from collections.abc import Mapping

from aura_ros.policy.demo_network import Pixels
from aura_ros.robot.load import load_robot
from aura_ros.sim.model import HOME, STEP_NS
from aura_ros.sim.render import Renderer
from aura_ros.sim.tasks import TASKS
from aura_ros.sim.world import World
from aura_ros.types import Array

ROBOT = "embedded_panda"
# As the robot node sends them.
PIXELS = 224


class EmbeddedPlant:
    """One task. Even seeds ask for the first of its two objects, odd ones for the second."""

    step_ns = STEP_NS
    rest = HOME

    def __init__(self, task: str) -> None:
        self.robot = load_robot(ROBOT)
        self._world = World(task)
        self._renderer = Renderer(self._world.model, PIXELS, PIXELS)

    @property
    def instruction(self) -> str:
        """As ``Plant.instruction``."""
        return self._world.instruction

    @property
    def other_instruction(self) -> str:
        """As ``Plant.other_instruction``."""
        return TASKS[self._world.task.name].instructions[1 - self._world.target]

    def reset(self, seed: int) -> None:
        """As ``Plant.reset``."""
        self._world.reset(seed, seed % 2)
        self._renderer.renew_noise(seed)

    def step(self, command: Array) -> None:
        """As ``Plant.step``."""
        self._world.step(command)

    @property
    def position(self) -> Array:
        """As ``Plant.position``."""
        return self._world.joint_position

    @property
    def velocity(self) -> Array:
        """As ``Plant.velocity``."""
        return self._world.joint_velocity

    def pictures(self) -> Mapping[str, Pixels]:
        """As ``Plant.pictures``."""
        return self._renderer.render_all(self._world.pose())

    @property
    def success(self) -> bool:
        """As ``Plant.success``."""
        return self._world.success

    @property
    def lost(self) -> bool:
        """As ``Plant.lost``."""
        return self._world.lost

    def close(self) -> None:
        """As ``Plant.close``."""
        self._renderer.close()
