"""What formulas may speak of on one robot, and its values along a motion.

| signal | unit | in the run | along a plan |
| --- | --- | --- | --- |
| position[JOINT], velocity[JOINT] | rad or m, per s | measured | at its knots |
| acceleration[JOINT] | per s^2 | of the committed motion | at its knots |
| speed, speed[GROUP] | per s | largest measured velocity | at its knots |
| command_speed, command_speed[GROUP] | per s | of the committed motion | at its knots |
| opening[GROUP] | share | how far a gripper is open, 0 to 1 | at its knots |
| tracking_error, tracking_error[GROUP] | rad or m | largest distance from the motion | held |
| failure_risk | 1 | score of the monitor | held |
| human_distance | m | least distance of people | held |
| force, torque | N, N m | magnitude at the sensor | held |
| instruction_time | s | since the last instruction | goes on |

Velocities that nobody measures (of a base) are those of the committed motion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aura_ros.robot.description import JointGroup, Robot
from aura_ros.robot.problems import closest
from aura_ros.types import Array

# Of others than the robot; those of its motion are in a Catalogue.
FOREIGN = ("failure_risk", "human_distance", "force", "torque", "instruction_time")
GREATEST = {"speed": "velocity", "command_speed": "commanded", "tracking_error": "astray"}
Columns = NDArray[np.intp]


@dataclass(frozen=True)
class Motion:
    """The robot at m times: measured, or as planned; all (m, n). ``commanded`` is the velocity
    of the committed motion or of the plan, ``astray`` the distance from the committed motion."""

    position: Array
    velocity: Array
    acceleration: Array
    commanded: Array
    astray: Array


Read = Callable[[Motion], Array]


def _column(field: str, column: int, motion: Motion) -> Array:
    values: Array = getattr(motion, field)[:, column]
    return values


def _greatest(field: str, columns: Columns | slice, motion: Motion) -> Array:
    values: Array = np.abs(getattr(motion, field)[:, columns]).max(axis=1)
    return values


def _opening(columns: Columns, closed: Array, width: Array, motion: Motion) -> Array:
    values: Array = ((motion.position[:, columns] - closed) / width).mean(axis=1)
    return values


class Catalogue:
    """Every signal of a robot: how those of its motion are read, (m,) of m samples."""

    def __init__(self, robot: Robot) -> None:
        self.reads: dict[str, Read] = {}
        for column, joint in enumerate(robot.joints):
            if robot.measured[column]:
                self.reads[f"position[{joint}]"] = partial(_column, "position", column)
            self.reads[f"velocity[{joint}]"] = partial(_column, "velocity", column)
            self.reads[f"acceleration[{joint}]"] = partial(_column, "acceleration", column)
        for name, field in GREATEST.items():
            self.reads[name] = partial(_greatest, field, slice(None))
            for group in robot.groups:
                columns = robot.group_indices(group.name)
                self.reads[f"{name}[{group.name}]"] = partial(_greatest, field, columns)
        for group in robot.groups:
            if group.kind == "gripper":
                self.reads[f"opening[{group.name}]"] = _opening_of(group, robot)

    def along(self, name: str, last: float, elapsed: Array, motion: Motion) -> Array:
        """A signal at the knots of a plan, ``elapsed`` (m,) [s] after its ``last`` value."""
        if name == "instruction_time":
            return last + elapsed
        if name in FOREIGN or name.startswith("tracking_error"):
            return np.full(len(elapsed), last)
        return self.reads[name](motion)

    def fault(self, name: str, index: str | None) -> str:
        """What is wrong with a signal of this name and index; empty: nothing."""
        said = name if index is None else f"{name}[{index}]"
        if said in self.reads or said in FOREIGN:
            return ""
        names = dict.fromkeys([*(key.split("[")[0] for key in self.reads), *FOREIGN])
        if name not in names:
            return f"unknown signal {name!r}: {closest(name, names)}"
        inside = [key[len(name) + 1 : -1] for key in self.reads if key.startswith(f"{name}[")]
        if not inside:
            return f"{name} is one signal alone: write it without brackets"
        if index is None:
            return f"{name} needs a joint or group: write {name}[{inside[0]}]"
        return f"{name} has no {index!r}: {closest(index, inside)}"


def _opening_of(group: JointGroup, robot: Robot) -> Read:
    columns = robot.group_indices(group.name)
    closed, opened = robot.limits.lower[columns], robot.limits.upper[columns]
    if group.switching is not None:
        closed, opened = (np.full(len(columns), x)
                          for x in (group.switching.closed, group.switching.opened))  # fmt: skip
    return partial(_opening, columns, closed, opened - closed)
