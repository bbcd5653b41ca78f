"""Where things lie when an episode begins, drawn anew until nothing is in the way of anything.

Things lie anywhere on 22 x 34 cm of the table, the knobs of drawers on 21 x 34 cm. A placement
does not depend on which of the two objects the instruction names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from aura_ros.sim.furniture import (
    BLUE_CHEST,
    BLUE_CUBE,
    CHEST_BACK,
    CHEST_HALF_WIDTH,
    CUBE_HALF,
    DISC,
    GREEN_BALL,
    KNOB_HEIGHT,
    RED_CHEST,
    RED_CUBE,
    YELLOW_BALL,
)
from aura_ros.types import Array

_AREA = np.array([[0.40, -0.17], [0.62, 0.17]])
_KNOB_AREA = np.array([[0.45, -0.17], [0.66, 0.17]])
_AIR_LOW, _AIR_HIGH = 0.15, 0.40
_APART = 0.12
# A push takes with it what lies this near to its way.
_PUSH_HALF_WIDTH = 0.07
# Fingers around a knob stand beside the neighbouring chest, not in it.
_LANE = 0.13
_HAND = 0.10
_DRAWS = 10_000


class Place(NamedTuple):
    """Position (3,) in the base frame [m] and yaw [rad]."""

    position: Array
    yaw: float = 0.0


Placement: TypeAlias = dict[str, Place]
"""Places of bodies by name."""


def place_balls(rng: np.random.Generator, tool: Array) -> Placement:
    """Two balls in the air, and a cube on the table that has no part in the task."""
    cube, green, yellow = _until(rng, _AREA, 3, lambda xy: _spread(xy) and _clear(xy[:1], tool))
    high = rng.uniform(_AIR_LOW, _AIR_HIGH, 2)
    return {
        RED_CUBE: _lying(cube, rng),
        GREEN_BALL: Place(np.append(green, high[0])),
        YELLOW_BALL: Place(np.append(yellow, high[1])),
    }


def place_cubes(rng: np.random.Generator, tool: Array) -> Placement:
    """Two cubes and a disc; neither cube is in the way of a push of the other."""

    def is_good(xy: Array) -> bool:
        red, blue, disc = xy
        ways = _beside_push(red, disc, blue) and _beside_push(blue, disc, red)
        return ways and _spread(xy) and _clear(xy[:2], tool)

    red, blue, disc = _until(rng, _AREA, 3, is_good)
    return {
        RED_CUBE: _lying(red, rng),
        BLUE_CUBE: _lying(blue, rng),
        DISC: Place(np.append(disc, CUBE_HALF)),
    }


def place_drawers(rng: np.random.Generator, tool: Array) -> Placement:
    """Two chests with closed drawers, side by side in any order, each at its own distance."""

    def is_good(xy: Array) -> bool:
        return abs(xy[0, 1] - xy[1, 1]) >= _LANE and all(_off_chest(knob, tool) for knob in xy)

    red, blue = _until(rng, _KNOB_AREA, 2, is_good)
    return {
        RED_CHEST: Place(np.append(red, KNOB_HEIGHT)),
        BLUE_CHEST: Place(np.append(blue, KNOB_HEIGHT)),
    }


def _until(
    rng: np.random.Generator, area: Array, count: int, is_good: Callable[[Array], bool]
) -> Array:
    """Points (count, 2) drawn evenly in ``area`` (2, 2) until they are good together."""
    for _ in range(_DRAWS):
        points = rng.uniform(area[0], area[1], (count, 2))
        if is_good(points):
            return points
    raise RuntimeError("no placement leaves room for the hand: move the tool up, or reset")


def _lying(point: Array, rng: np.random.Generator) -> Place:
    return Place(np.append(point, CUBE_HALF), float(rng.uniform(-np.pi / 4, np.pi / 4)))


def _spread(points: Array) -> bool:
    """All points are apart."""
    first, second = np.triu_indices(len(points), 1)
    distances = np.linalg.norm(points[first] - points[second], axis=1)
    return bool(distances.min() >= _APART)


def _clear(points: Array, tool: Array) -> bool:
    """No cube appears inside the hand."""
    return bool(tool[2] > 0.25 or np.linalg.norm(points - tool[:2], axis=1).min() >= _HAND)


def _beside_push(cube: Array, goal: Array, other: Array) -> bool:
    """``other`` is out of the way of a push of ``cube`` to ``goal``.

    Asked of both cubes, this also keeps the one free behind which a push of the other begins.
    """
    way = goal - cube
    length = float(np.linalg.norm(way))
    forward = (other - cube) @ way / length
    nearest = cube + np.clip(forward, 0.0, length) * way / length
    return bool(np.linalg.norm(other - nearest) >= _PUSH_HALF_WIDTH)


def _off_chest(knob: Array, tool: Array) -> bool:
    """The tool is above the chest with that knob, or beside it."""
    low = knob - np.array([0.02, CHEST_HALF_WIDTH])
    high = knob + np.array([CHEST_BACK, CHEST_HALF_WIDTH])
    beside = np.linalg.norm(tool[:2] - np.clip(tool[:2], low, high))
    return bool(tool[2] > 0.12 or beside >= 0.06)
