"""Which stops of the tool are still ahead, by geometry alone: one function a task.

Each function returns the stops in order. Tolerances widen once a stage has begun (a tool low over
the cube may be further off than one above it), so that successive chunks agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from aura_ros.sim.arm import FINGER, YAW
from aura_ros.sim.model import CUBE_HALF
from aura_ros.sim.scene import GRIP, OPEN, Scene
from aura_ros.types import Array


class Stop(NamedTuple):
    """A point in task coordinates (x y z yaw finger), and the share of full speed on the way."""

    point: Array
    speed: float = 1.0


CLEARANCE = 0.14
"""Height of the tool above which it passes over a standing cube [m]."""
_LOW = 0.10
_PUSH_FINGER, _PUSH_HEIGHT, _PUSH_LOW, _PUSH_SPEED = 0.012, 0.02, 0.05, 0.5
_CONTACT, _STANDOFF = CUBE_HALF + 0.009, 0.075
_GRASP_YAW, _PUSH_YAW = (-0.95, 0.95), (-1.55, 1.75)


def reach(scene: Scene) -> list[Stop]:
    """Straight to the goal."""
    return [Stop(np.array([*scene.goal, scene.tool[YAW], scene.finger]))]


def push(scene: Scene) -> list[Stop]:
    """Behind the cube, down, and with two fingertips through it to the goal."""
    along = scene.cube_to_goal / max(scene.away, 1e-9)
    scene = _pushed(scene, along)
    forward, lateral = _split(scene.cube[:2] - scene.tool[:2], along)
    pushing = scene.tool[2] < _PUSH_LOW and abs(lateral) < 0.02 and 0.0 < forward < 0.12
    if scene.away < 0.012 or (scene.away < 0.03 and not pushing):
        return [Stop(scene.tool)]
    yaw = _nearest_yaw(float(np.arctan2(along[1], along[0])), np.pi, scene.tool[YAW], _PUSH_YAW)
    final = Stop(
        _at(scene.goal[:2] - _CONTACT * along, _PUSH_HEIGHT, yaw, _PUSH_FINGER), _PUSH_SPEED
    )
    if pushing:
        return [final]
    entry = _at(scene.cube[:2] - _STANDOFF * along, _PUSH_HEIGHT, yaw, _PUSH_FINGER)
    return [*_down_to(scene, entry, ready=True), final]


def pick_place(scene: Scene) -> list[Stop]:
    """Grasp, lift, carry, lower, release, retreat."""
    if scene.held:
        return _carry(scene)
    if scene.away < 0.03:
        return _leave(scene)
    return _grasp(scene)


STAGES: dict[str, Callable[[Scene], list[Stop]]] = {
    "reach": reach,
    "push": push,
    "pick_place": pick_place,
}


def _grasp(scene: Scene) -> list[Stop]:
    yaw = _nearest_yaw(scene.cube_yaw, np.pi / 2, scene.tool[YAW], _GRASP_YAW)
    at_cube = _at(scene.cube[:2], max(scene.cube[2], CUBE_HALF), yaw, OPEN)
    # Go down only with an open hand: one that lost the cube is closed.
    is_open = scene.finger > CUBE_HALF + 0.006
    away = scene.tool - at_cube
    is_there = np.abs(away[:3]).max() < 0.005 and abs(away[YAW]) < 0.1
    approach = [] if is_there else _down_to(scene, at_cube, ready=is_open)
    closed = _with_finger(at_cube, GRIP)
    return [*approach, Stop(closed), *_carry(scene.holding_from(closed))]


def _carry(scene: Scene) -> list[Stop]:
    """Stops from a hand that closes around the cube to the retreat."""
    over = _with_finger(scene.tool, GRIP)
    over[:3] = [*(scene.goal + scene.tool[:3] - scene.cube)[:2], CLEARANCE]
    down = _raised(over, scene.tool[2] - scene.cube[2] + CUBE_HALF + 0.002)
    release = _with_finger(down, OPEN)
    ending = [Stop(release), Stop(_raised(release, CLEARANCE))]
    if scene.away < 0.015:
        is_down = scene.cube[2] < CUBE_HALF + 0.006
        return ending if is_down else [Stop(down), *ending]
    ending = [Stop(over), Stop(down), *ending]
    if scene.tool[2] > _LOW:
        return ending
    closed = _with_finger(scene.tool, GRIP)
    lift = Stop(_raised(closed, CLEARANCE))
    return [Stop(closed), lift, *ending] if scene.finger > GRIP + 0.001 else [lift, *ending]


def _leave(scene: Scene) -> list[Stop]:
    """The cube lies at the goal: open the hand if it is around it, and go up."""
    if scene.tool[2] >= CLEARANCE - 0.005:
        return [Stop(scene.tool)]
    opened = _with_finger(scene.tool, OPEN)
    up = Stop(_raised(opened, CLEARANCE))
    return [Stop(opened), up] if scene.finger < OPEN - 0.004 else [up]


def _down_to(scene: Scene, low: Array, ready: bool) -> list[Stop]:
    """Stops to a point on the table: up if between objects, over the point, and down.

    ``ready``: the fingers are as they must be for going down.
    """
    above, is_low = _raised(low, CLEARANCE), scene.tool[2] < _LOW
    near = np.hypot(*(scene.tool - low)[:2]) < (0.02 if is_low else 0.01)
    if ready and near and abs(scene.tool[YAW] - low[YAW]) < 0.2:
        return [Stop(low)]
    lift = _with_finger(_raised(scene.tool, CLEARANCE), low[FINGER])
    return [*([Stop(lift)] if is_low else []), Stop(above), Stop(low)]


def _pushed(scene: Scene, along: Array) -> Scene:
    """The scene with the cube at least as far as the tool will have pushed it."""
    ahead_before, _ = _split(scene.cube[:2] - scene.before[:2], along)
    ahead, lateral = _split(scene.cube[:2] - scene.tool[:2], along)
    is_low = scene.tool[2] < _PUSH_LOW
    if is_low and abs(lateral) < 0.02 and ahead_before > 0.0 and ahead < _CONTACT:
        return scene.with_cube(scene.cube + (_CONTACT - ahead) * np.append(along, 0.0))
    return scene


def _split(vector: Array, along: Array) -> tuple[float, float]:
    """Components of a horizontal vector along a unit vector and across it."""
    return float(vector @ along), float(along[0] * vector[1] - along[1] * vector[0])


def _nearest_yaw(wanted: float, period: float, now: float, allowed: tuple[float, float]) -> float:
    """The angle equal to ``wanted`` modulo ``period`` that is allowed and nearest to ``now``."""
    candidates = wanted + period * np.arange(-5, 6)
    inside = candidates[(candidates >= allowed[0]) & (candidates <= allowed[1])]
    return float(inside[np.abs(inside - now).argmin()])


def _at(place: Array, height: float, yaw: float, finger: float) -> Array:
    return np.array([place[0], place[1], height, yaw, finger])


def _raised(point: Array, height: float) -> Array:
    return np.array([*point[:2], height, *point[3:]])


def _with_finger(point: Array, finger: float) -> Array:
    return np.array([*point[:FINGER], finger])
