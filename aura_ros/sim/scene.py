"""What an expert reasons about: tool, cube and goal at the time when its chunk begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from transforms3d.euler import quat2euler

from aura_ros.sim.arm import FINGER
from aura_ros.sim.furniture import CUBE_HALF
from aura_ros.types import Array

GRIP = 0.014
"""Finger target that holds the cube [m]: 6 mm less than half of it."""
OPEN = 0.038
TOUCHING = CUBE_HALF + 0.0005
"""Below this the fingers are on a thing 4 cm wide, if one is between them [m]."""
SHUT_ON_NOTHING = GRIP + 0.003
"""Below this measured travel nothing is between the fingers [m]."""


@dataclass(frozen=True)
class Scene:
    """Predicted state: ``tool`` task coordinates (5,), ``cube`` and ``goal`` positions (3,) [m].

    ``before`` (5,) is where the tool was when the objects were seen. ``held``: the cube moves
    with the tool.
    """

    before: Array
    tool: Array
    cube: Array
    cube_yaw: float
    goal: Array
    held: bool

    @property
    def finger(self) -> float:
        """Finger travel [m]."""
        return float(self.tool[FINGER])

    @property
    def cube_to_goal(self) -> Array:
        """Horizontal vector from cube to goal, shape (2,) [m]."""
        return self.goal[:2] - self.cube[:2]

    @property
    def away(self) -> float:
        """Horizontal distance from cube to goal [m]."""
        return float(np.hypot(*self.cube_to_goal))

    def with_cube(self, cube: Array, held: bool = False) -> Scene:
        """The same scene with the cube elsewhere."""
        return replace(self, cube=cube, held=held)

    def holding_from(self, tool: Array) -> Scene:
        """The same scene once the tool at ``tool`` has closed around the cube."""
        return replace(self, tool=tool, held=True)


def predict(measured: Array, objects: Array, tool: Array) -> Scene:
    """Carry cube and goal, ``objects`` (2, 7), forward to when the tool is at ``tool`` (5,).

    ``measured`` (5,) is the tool at the time of the observation. A cube in the hand moves with
    it; one that the fingers will have closed on by then counts as held.
    """
    cube, goal = objects[0, :3], objects[1, :3]
    scene = Scene(measured, tool, cube, _yaw(objects[0, 3:]), goal, False)
    closed = tool[FINGER] < TOUCHING
    offset = cube - measured[:3]
    if _in_hand(offset) and measured[FINGER] < CUBE_HALF + 0.004:
        carried = tool[:3] + offset
        if closed:
            return scene.with_cube(carried, held=True)
        return scene.with_cube(np.append(carried[:2], CUBE_HALF))
    if closed and measured[FINGER] > SHUT_ON_NOTHING and _below(offset):
        reach = np.append(offset[:2], 0.0)
        return scene.with_cube(tool[:3] + reach, held=True)
    return scene


def _in_hand(offset: Array) -> bool:
    return bool(np.hypot(*offset[:2]) < 0.025 and abs(offset[2]) < 0.025)


def _below(offset: Array) -> bool:
    """The tool is on its way down to the cube, or there."""
    return bool(np.hypot(*offset[:2]) < 0.02 and -0.13 < offset[2] < 0.025)


def _yaw(quaternion: Array) -> float:
    x, y, z, w = quaternion
    return float(quat2euler((w, x, y, z), "rzyx")[0])
