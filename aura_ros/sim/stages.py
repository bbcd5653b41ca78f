"""Which stops of the tool are still ahead, by geometry alone: one function a task.

Each function returns the stops in order. Tolerances widen once a stage has begun (a tool low over
the cube may be further off than one above it), so that successive chunks agree.
"""

from __future__ import annotations

import numpy as np

from aura_ros.sim.arm import YAW
from aura_ros.sim.furniture import CUBE_HALF
from aura_ros.sim.scene import GRIP, OPEN, Scene
from aura_ros.sim.stops import (
    CLEARANCE,
    LOW,
    Stop,
    down_to,
    grasp,
    leave,
    point_at,
    raised,
    with_finger,
)
from aura_ros.types import Array

_PUSH_FINGER, _PUSH_HEIGHT, _PUSH_LOW, _PUSH_SPEED = 0.012, 0.02, 0.05, 0.5
_CONTACT, _STANDOFF = CUBE_HALF + 0.009, 0.075
_GRASP_YAW = (-0.95, 0.95)
# A push that has begun may turn further before it would have to turn round.
_PUSH_YAW, _PUSHING_YAW = (-1.30, 2.10), (-1.55, 2.35)


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
    allowed = _PUSHING_YAW if pushing else _PUSH_YAW
    yaw = _nearest_yaw(float(np.arctan2(along[1], along[0])), np.pi, scene.tool[YAW], allowed)
    final = Stop(
        point_at(scene.goal[:2] - _CONTACT * along, _PUSH_HEIGHT, yaw, _PUSH_FINGER), _PUSH_SPEED
    )
    if pushing:
        return [final]
    entry = point_at(scene.cube[:2] - _STANDOFF * along, _PUSH_HEIGHT, yaw, _PUSH_FINGER)
    return [*down_to(scene, entry, ready=True), final]


def pick_place(scene: Scene) -> list[Stop]:
    """Grasp, lift, carry, lower, release, retreat."""
    if scene.held:
        return _carry(scene)
    if scene.away < 0.03:
        return leave(scene)
    return _grasp(scene)


def _grasp(scene: Scene) -> list[Stop]:
    yaw = _nearest_yaw(scene.cube_yaw, np.pi / 2, scene.tool[YAW], _GRASP_YAW)
    at_cube = point_at(scene.cube[:2], max(scene.cube[2], CUBE_HALF), yaw, OPEN)
    stops, closed = grasp(scene, at_cube)
    return [*stops, *_carry(scene.holding_from(closed))]


def _carry(scene: Scene) -> list[Stop]:
    """Stops from a hand that closes around the cube to the retreat."""
    over = with_finger(scene.tool, GRIP)
    over[:3] = [*(scene.goal + scene.tool[:3] - scene.cube)[:2], CLEARANCE]
    down = raised(over, scene.tool[2] - scene.cube[2] + CUBE_HALF + 0.002)
    release = with_finger(down, OPEN)
    ending = [Stop(release), Stop(raised(release, CLEARANCE))]
    if scene.away < 0.015:
        is_down = scene.cube[2] < CUBE_HALF + 0.006
        return ending if is_down else [Stop(down), *ending]
    ending = [Stop(over), Stop(down), *ending]
    if scene.tool[2] > LOW:
        return ending
    closed = with_finger(scene.tool, GRIP)
    lift = Stop(raised(closed, CLEARANCE))
    return [Stop(closed), lift, *ending] if scene.finger > GRIP + 0.001 else [lift, *ending]


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
