"""Stops of the tool, and how to get down to something on the table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aura_ros.sim.arm import FINGER, YAW
from aura_ros.sim.furniture import CUBE_HALF
from aura_ros.sim.scene import GRIP, OPEN, Scene
from aura_ros.types import Array

CLEARANCE = 0.14
"""Height of the tool above which it passes over a standing cube or a chest [m]."""
LOW = 0.10


class Stop(NamedTuple):
    """A point in task coordinates (x y z yaw finger), and the share of full speed on the way."""

    point: Array
    speed: float = 1.0


def grasp(scene: Scene, at: Array) -> tuple[list[Stop], Array]:
    """Stops that close the fingers around something 4 cm wide at ``at`` (5,), and the last one."""
    # Go down only with an open hand: one that lost the cube is closed.
    is_open = scene.finger > CUBE_HALF + 0.006
    away = scene.tool - at
    is_there = np.abs(away[:3]).max() < 0.005 and abs(away[YAW]) < 0.1
    approach = [] if is_there else down_to(scene, at, ready=is_open)
    closed = with_finger(at, GRIP)
    return [*approach, Stop(closed)], closed


def down_to(scene: Scene, low: Array, ready: bool) -> list[Stop]:
    """Stops to a point on the table: up if between objects, over the point, and down.

    ``ready``: the fingers are as they must be for going down.
    """
    above, is_low = raised(low, CLEARANCE), scene.tool[2] < LOW
    # What is still off is put right on the way down, before the fingers are beside the thing.
    near = np.hypot(*(scene.tool - low)[:2]) < (0.025 if is_low else 0.015)
    if ready and near and abs(scene.tool[YAW] - low[YAW]) < 0.3:
        return [Stop(low)]
    lift = with_finger(raised(scene.tool, CLEARANCE), low[FINGER])
    return [*([Stop(lift)] if is_low else []), Stop(above), Stop(low)]


def leave(scene: Scene) -> list[Stop]:
    """It is done: open the hand if it is around the thing, and go up."""
    if scene.tool[2] >= CLEARANCE - 0.005:
        return [Stop(scene.tool)]
    opened = with_finger(scene.tool, OPEN)
    up = Stop(raised(opened, CLEARANCE))
    return [Stop(opened), up] if scene.finger < OPEN - 0.004 else [up]


def point_at(place: Array, height: float, yaw: float, finger: float) -> Array:
    """Task coordinates (5,) over the point ``place`` (2,) of the table."""
    return np.array([place[0], place[1], height, yaw, finger])


def raised(point: Array, height: float) -> Array:
    """The same point at another height."""
    return np.array([*point[:2], height, *point[3:]])


def with_finger(point: Array, finger: float) -> Array:
    """The same point with another travel of the fingers."""
    return np.array([*point[:FINGER], finger])
