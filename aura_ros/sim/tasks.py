"""The tasks: what is asked for, where things lie, and when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aura_ros.sim.model import CUBE_HALF
from aura_ros.types import Array

LIFT_HEIGHT = 0.08
RELEASED_FINGER = CUBE_HALF + 0.001

_AREA_LOW = np.array([0.40, -0.17])
_AREA_HIGH = np.array([0.62, 0.17])
_AIR_LOW, _AIR_HIGH = 0.15, 0.40


@dataclass(frozen=True)
class Situation:
    """What success is judged by, in the base frame: positions of shape (3,) [m].

    ``finger`` is one finger's travel [m]; ``lifted`` remembers that the cube was once
    ``LIFT_HEIGHT`` above the table in this episode.
    """

    tool: Array
    cube: Array
    goal: Array
    finger: float
    lifted: bool


@dataclass(frozen=True)
class Placement:
    """Where an episode begins: positions of shape (3,) [m] and the cube's yaw [rad]."""

    cube: Array
    cube_yaw: float
    goal: Array


@dataclass(frozen=True)
class Task:
    """A task: its instruction, the goal's shape and place, and its test of success."""

    name: str
    instruction: str
    goal_shape: str
    goal_in_air: bool
    succeeded: Callable[[Situation], bool]

    def place(self, rng: np.random.Generator, tool: Array) -> Placement:
        """Draw positions: cube and goal at least 12 cm apart, the cube 10 cm off ``tool``.

        The distance to the tool keeps a cube from appearing inside the hand.
        """
        while True:
            cube, goal = rng.uniform(_AREA_LOW, _AREA_HIGH, (2, 2))
            apart = np.linalg.norm(cube - goal) >= 0.12
            clear = np.linalg.norm(cube - tool[:2]) >= 0.10 or tool[2] > 0.25
            if apart and clear:
                break
        height = rng.uniform(_AIR_LOW, _AIR_HIGH) if self.goal_in_air else CUBE_HALF
        yaw = rng.uniform(-np.pi / 4, np.pi / 4)
        return Placement(np.append(cube, CUBE_HALF), yaw, np.append(goal, height))


def _reached(now: Situation) -> bool:
    return bool(np.linalg.norm(now.tool - now.goal) < 0.02)


def _pushed(now: Situation) -> bool:
    return bool(np.linalg.norm(now.cube - now.goal) < 0.04)


def _picked_and_placed(now: Situation) -> bool:
    return now.lifted and now.finger > RELEASED_FINGER and _pushed(now)


TASKS = {
    task.name: task
    for task in (
        Task("reach", "move the gripper to the green ball", "sphere", True, _reached),
        Task("push", "push the red cube onto the green disc", "disc", False, _pushed),
        Task(
            "pick_place",
            "pick up the red cube and place it on the green disc",
            "disc",
            False,
            _picked_and_placed,
        ),
    )
}


def find_task(name: str) -> Task:
    """The task of that name; ValueError lists the names there are."""
    try:
        return TASKS[name]
    except KeyError:
        raise ValueError(f"unknown task {name!r}: choose one of {', '.join(TASKS)}") from None
