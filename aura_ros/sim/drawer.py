"""The drawer: where its knob will be, and which stops of the tool are still ahead.

The scene's ``cube`` is the knob and its ``goal`` the place of the knob while the drawer is closed.
A drawer opens along -x of the base frame.
"""

from __future__ import annotations

import numpy as np

from aura_ros.sim.arm import FINGER
from aura_ros.sim.furniture import CUBE_HALF, DRAWER_TRAVEL
from aura_ros.sim.scene import GRIP, OPEN, SHUT_ON_NOTHING, TOUCHING, Scene
from aura_ros.sim.stops import CLEARANCE, Stop, grasp, leave, point_at, raised, with_finger
from aura_ros.types import Array

PULL = 0.13
"""How far a drawer is pulled [m]; one that is open by ``_ENOUGH`` is left alone."""
_ENOUGH = 0.115
_AROUND = np.array([0.02, 0.02, 0.02])


def predict_knob(measured: Array, objects: Array, tool: Array) -> Scene:
    """Carry knob and chest, ``objects`` (2, 7), forward to when the tool is at ``tool`` (5,).

    ``measured`` (5,) is the tool at the time of the observation. A knob in the hand moves with
    it as far as its drawer slides; one that the fingers will have closed on by then is held.
    """
    knob, closed = objects[0, :3], objects[1, :3]
    offset = knob - measured[:3]
    finger, will_hold = measured[FINGER], tool[FINGER] < TOUCHING
    around = bool((np.abs(offset) < _AROUND).all()) and finger > SHUT_ON_NOTHING
    above = np.hypot(*offset[:2]) < 0.02 and -0.13 < offset[2] < 0.025
    gripped = around and finger < CUBE_HALF + 0.004
    held = will_hold and (gripped or (bool(above) and finger > SHUT_ON_NOTHING))
    moved = knob.copy()
    if held or gripped:
        reach = tool[0] + offset[0]
        moved[0] = np.clip(reach, closed[0] - DRAWER_TRAVEL, closed[0])
    return Scene(measured, tool, moved, 0.0, closed, held)


def drawer(scene: Scene) -> list[Stop]:
    """Grasp the knob, pull, release, retreat."""
    if scene.held:
        return _pull(scene)
    if _opening(scene) > _ENOUGH:
        return leave(scene)
    at_knob = point_at(scene.cube[:2], scene.cube[2], 0.0, OPEN)
    stops, closed = grasp(scene, at_knob)
    return [*stops, *_pull(scene.holding_from(closed))]


def _pull(scene: Scene) -> list[Stop]:
    """Stops from a hand that closes around the knob to the retreat."""
    closed = with_finger(scene.tool, GRIP)
    pulled = closed.copy()
    pulled[0] = scene.goal[0] - PULL + scene.tool[0] - scene.cube[0]
    pulled[1:3] = scene.goal[1:3]
    opened = with_finger(pulled, OPEN)
    ending = [Stop(opened), Stop(raised(opened, CLEARANCE))]
    if _opening(scene) > PULL - 0.01:
        return ending
    ending = [Stop(pulled), *ending]
    return [Stop(closed), *ending] if scene.finger > GRIP + 0.001 else ending


def _opening(scene: Scene) -> float:
    return float(scene.goal[0] - scene.cube[0])
