"""What a simulator is to the closed loop: a robot with cameras and a task that can be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from aura_ros.policy.demo_network import Pixels
from aura_ros.robot.description import Robot
from aura_ros.types import Array


class Plant(Protocol):
    """One task in a simulator, in simulated time. It renders: use it in one thread.

    ``step_ns``: time of a step; ``rest`` (n,): where motion begins, in the units of ``robot``.
    """

    robot: Robot
    step_ns: int
    rest: Array

    @property
    def instruction(self) -> str:
        """What is asked for, and what success is judged by."""

    @property
    def other_instruction(self) -> str:
        """The one that names the other object; empty where there is none."""

    def reset(self, seed: int) -> None:
        """A new episode: the robot at rest, everything else placed by ``seed``."""

    def step(self, command: Array) -> None:
        """Advance by a step with set-points (n,)."""

    @property
    def position(self) -> Array:
        """Measured (n,), in the units of ``robot``."""

    @property
    def velocity(self) -> Array:
        """Measured (n,), per second."""

    def pictures(self) -> Mapping[str, Pixels]:
        """Images (h, w, 3), RGB, of this moment, by the names of the robot's cameras."""

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment."""

    @property
    def lost(self) -> bool:
        """Whether it cannot be done any more."""

    def close(self) -> None:
        """Free the renderer."""
