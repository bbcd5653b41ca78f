"""The tasks: what is asked for, of which of two objects, where things lie, when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aura_ros.sim.furniture import (
    BLUE_CHEST,
    BLUE_CUBE,
    BLUE_KNOB,
    CUBE_HALF,
    DISC,
    GREEN_BALL,
    RED_CHEST,
    RED_CUBE,
    RED_KNOB,
    YELLOW_BALL,
)
from aura_ros.sim.placement import Placement, place_balls, place_cubes, place_drawers
from aura_ros.types import Array

REACHED, PLACED, LIFTED, OPENED = 0.02, 0.04, 0.08, 0.10
"""Tolerances of reach and of push and place, height of a lift, opening of a drawer [m]."""
RELEASED_FINGER = CUBE_HALF + 0.001

TEST_SEED, DEVELOPMENT_SEED, TRAINING_SEED = 0, 1_000, 100_000
"""First seeds of the placements that are reported, tried out on, and trained on."""


@dataclass(frozen=True)
class Situation:
    """What success is judged by, in the base frame: positions of shape (3,) [m].

    ``item`` is the cube or knob to be moved; ``goal`` where it shall be or, of a knob, where it
    is while the drawer is closed. ``finger`` is one finger's travel [m]; ``lifted`` remembers
    that the item was once ``LIFTED`` above the table in this episode.
    """

    tool: Array
    item: Array
    goal: Array
    finger: float
    lifted: bool


@dataclass(frozen=True)
class Task:
    """A task, which may be asked for with either of two objects (0 or 1: the ``target``).

    ``scene`` is the furniture, ``objects`` the bodies whose poses are known, in order.
    ``pairs`` says for each target which rows of them are its item and its goal.
    """

    name: str
    instructions: tuple[str, str]
    scene: str
    objects: tuple[str, ...]
    pairs: tuple[tuple[int, int], tuple[int, int]]
    place: Callable[[np.random.Generator, Array], Placement]
    succeeded: Callable[[Situation], bool]

    @property
    def instruction(self) -> str:
        """The instruction that names the first object."""
        return self.instructions[0]


def _reached(now: Situation) -> bool:
    return bool(np.linalg.norm(now.tool - now.goal) < REACHED)


def _pushed(now: Situation) -> bool:
    return bool(np.linalg.norm(now.item - now.goal) < PLACED)


def _picked_and_placed(now: Situation) -> bool:
    return now.lifted and now.finger > RELEASED_FINGER and _pushed(now)


def _opened(now: Situation) -> bool:
    return bool(now.goal[0] - now.item[0] >= OPENED)


_CUBES = (RED_CUBE, DISC, BLUE_CUBE)
TASKS = {
    task.name: task
    for task in (
        Task(
            "reach",
            ("move the gripper to the green ball", "move the gripper to the yellow ball"),
            "balls",
            (RED_CUBE, GREEN_BALL, YELLOW_BALL),
            ((0, 1), (0, 2)),
            place_balls,
            _reached,
        ),
        Task(
            "push",
            ("push the red cube onto the green disc", "push the blue cube onto the green disc"),
            "cubes",
            _CUBES,
            ((0, 1), (2, 1)),
            place_cubes,
            _pushed,
        ),
        Task(
            "pick_place",
            (
                "pick up the red cube and place it on the green disc",
                "pick up the blue cube and place it on the green disc",
            ),
            "cubes",
            _CUBES,
            ((0, 1), (2, 1)),
            place_cubes,
            _picked_and_placed,
        ),
        Task(
            "drawer",
            ("open the red drawer", "open the blue drawer"),
            "drawers",
            (RED_KNOB, RED_CHEST, BLUE_KNOB, BLUE_CHEST),
            ((0, 1), (2, 3)),
            place_drawers,
            _opened,
        ),
    )
}

INSTRUCTIONS = {
    text: (task.name, target)
    for task in TASKS.values()
    for target, text in enumerate(task.instructions)
}
"""Every instruction, with the name of its task and its target."""


def find_task(name: str) -> Task:
    """The task of that name; ValueError lists the names there are."""
    try:
        return TASKS[name]
    except KeyError:
        raise ValueError(f"unknown task {name!r}: choose one of {', '.join(TASKS)}") from None


def check_target(target: int) -> int:
    """``target`` if it is 0 or 1, else ValueError."""
    if target not in (0, 1):
        raise ValueError(f"target {target!r}: choose 0 (the first object) or 1 (the second)")
    return target
