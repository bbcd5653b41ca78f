"""What stands on the table: cubes, a disc, balls on stems, and chests with a drawer each.

A marker (disc, ball, chest) stands where it was put; cubes move freely, drawers slide.
"""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np

CUBE_HALF = 0.02
RED_CUBE, BLUE_CUBE, DISC = "red_cube", "blue_cube", "disc"
GREEN_BALL, YELLOW_BALL = "green_ball", "yellow_ball"
RED_CHEST, BLUE_CHEST, RED_KNOB, BLUE_KNOB = "red_chest", "blue_chest", "red_knob", "blue_knob"
CUBES, KNOBS = (RED_CUBE, BLUE_CUBE), (RED_KNOB, BLUE_KNOB)

KNOB_HEIGHT, DRAWER_TRAVEL = 0.045, 0.15
"""Height of a knob's centre over the table and how far its drawer slides [m]."""
CHEST_HALF_WIDTH, CHEST_BACK = 0.05, 0.22
"""Half the width of a chest, and its depth behind the knob of the closed drawer [m]."""

ROBOT_BIT, THING_BIT, TABLE_BIT = 1, 2, 4
"""The robot touches things and the table, and things touch each other only if they are cubes."""

Rgba = tuple[float, float, float, float]
_TABLE, _WOOD = (0.76, 0.66, 0.54, 1.0), (0.55, 0.46, 0.38, 1.0)
_RED, _BLUE = (0.86, 0.23, 0.18, 1.0), (0.12, 0.32, 0.85, 1.0)
_GREEN, _YELLOW = (0.13, 0.70, 0.42, 1.0), (0.95, 0.80, 0.10, 1.0)
_DISC_GREEN, _STEM = (0.13, 0.70, 0.42, 0.55), (0.45, 0.45, 0.45, 1.0)

_BALL_RADIUS, _STEM_LENGTH = 0.022, 0.42
_FRONT = 0.06
_BOX, _PLATE = mujoco.mjtGeom.mjGEOM_BOX, 0.003


def add_room(spec: mujoco.MjSpec) -> None:
    """Light, sky, floor and the table, whose top is z = 0."""
    _add_light(spec)
    sky = spec.add_texture(name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX)
    sky.builtin, sky.width, sky.height = mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, 64, 384
    sky.rgb1, sky.rgb2 = (0.86, 0.90, 0.94), (0.55, 0.63, 0.72)
    tiles = spec.add_texture(name="tiles", type=mujoco.mjtTexture.mjTEXTURE_2D)
    tiles.builtin, tiles.width, tiles.height = mujoco.mjtBuiltin.mjBUILTIN_CHECKER, 128, 128
    tiles.rgb1, tiles.rgb2 = (0.50, 0.54, 0.58), (0.46, 0.50, 0.54)
    material = spec.add_material(name="floor", texrepeat=(6.0, 6.0))
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "tiles"
    floor = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=(4.0, 4.0, 0.1))
    floor.pos, floor.material = (0.0, 0.0, -0.75), "floor"
    floor.contype, floor.conaffinity = TABLE_BIT, THING_BIT
    table = spec.worldbody.add_geom(type=_BOX, size=(0.55, 0.6, 0.02))
    table.pos, table.rgba = (0.35, 0.0, -0.02), _TABLE
    table.contype, table.conaffinity = TABLE_BIT, ROBOT_BIT | THING_BIT


def _add_light(spec: mujoco.MjSpec) -> None:
    spec.visual.headlight.ambient = (0.38,) * 3
    spec.visual.headlight.diffuse = (0.22,) * 3
    spec.visual.headlight.specular = (0.0,) * 3
    for position, strength in (((1.0, 1.2, 2.5), 0.42), ((0.5, -1.5, 1.8), 0.2)):
        lamp = spec.worldbody.add_light(pos=position, diffuse=(strength,) * 3)
        lamp.dir = np.array([0.4, 0.0, 0.0]) - position
        lamp.directional = True
        lamp.specular, lamp.castshadow = (0.1,) * 3, False


def _balls(spec: mujoco.MjSpec) -> None:
    _add_cube(spec, RED_CUBE, _RED)
    _add_ball(spec, GREEN_BALL, _GREEN)
    _add_ball(spec, YELLOW_BALL, _YELLOW)


def _cubes(spec: mujoco.MjSpec) -> None:
    _add_cube(spec, RED_CUBE, _RED)
    _add_cube(spec, BLUE_CUBE, _BLUE)
    disc = spec.worldbody.add_body(name=DISC, mocap=True)
    marker = disc.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(0.04, 0.0005, 0.0))
    marker.pos, marker.rgba = (0.0, 0.0, 0.001 - CUBE_HALF), _DISC_GREEN
    marker.contype = marker.conaffinity = 0


def _drawers(spec: mujoco.MjSpec) -> None:
    _add_chest(spec, RED_CHEST, RED_KNOB, _RED)
    _add_chest(spec, BLUE_CHEST, BLUE_KNOB, _BLUE)


FURNITURE: dict[str, Callable[[mujoco.MjSpec], None]] = {
    "balls": _balls,
    "cubes": _cubes,
    "drawers": _drawers,
}


def _add_cube(spec: mujoco.MjSpec, name: str, rgba: Rgba) -> None:
    cube = spec.worldbody.add_body(name=name, pos=(0.5, 0.0, CUBE_HALF))
    cube.add_freejoint(name=name)
    cube.add_geom(
        name=name,
        type=_BOX,
        size=(CUBE_HALF,) * 3,
        mass=0.06,
        rgba=rgba,
        friction=(1.0, 0.01, 0.0005),
        priority=1,
        condim=4,
        contype=THING_BIT,
        conaffinity=ROBOT_BIT | THING_BIT,
    )


def _add_ball(spec: mujoco.MjSpec, name: str, rgba: Rgba) -> None:
    """A ball that nothing touches; its stem shows where on the table it stands."""
    ball = spec.worldbody.add_body(name=name, mocap=True)
    sphere = ball.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(_BALL_RADIUS, 0.0, 0.0))
    half = _STEM_LENGTH / 2
    stem = ball.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(0.003, half, 0.0))
    stem.pos = (0.0, 0.0, -half)
    for geom, colour in ((sphere, rgba), (stem, _STEM)):
        geom.rgba, geom.contype, geom.conaffinity = colour, 0, 0


def _add_chest(spec: mujoco.MjSpec, chest: str, knob: str, rgba: Rgba) -> None:
    """A chest whose origin is the centre of its knob while the drawer is closed."""
    body = spec.worldbody.add_body(name=chest, mocap=True)
    middle, depth = (_FRONT + CHEST_BACK) / 2, (CHEST_BACK - _FRONT) / 2
    side, low, high = CHEST_HALF_WIDTH - _PLATE, -KNOB_HEIGHT, 0.06 - KNOB_HEIGHT
    half, centre = (high - low) / 2, (high + low) / 2
    _add_box(body, (middle, 0.0, high - _PLATE), (depth, CHEST_HALF_WIDTH, _PLATE), rgba)
    _add_box(body, (middle, side, centre), (depth, _PLATE, half), _WOOD)
    _add_box(body, (middle, -side, centre), (depth, _PLATE, half), _WOOD)
    _add_box(body, (CHEST_BACK, 0.0, centre), (_PLATE, CHEST_HALF_WIDTH, half), _WOOD)
    drawer = body.add_body(name=knob)
    drawer.add_joint(
        name=knob,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=(-1.0, 0.0, 0.0),
        limited=True,
        range=(0.0, DRAWER_TRAVEL),
        damping=8.0,
        frictionloss=0.8,
        armature=0.1,
    )
    inside, half = side - 2 * _PLATE, half - 2 * _PLATE
    _add_box(drawer, (0.0, 0.0, 0.0), (0.015, 0.02, 0.02), rgba, friction=1.0)
    _add_box(drawer, (_FRONT / 2, 0.0, 0.0), (_FRONT / 2, 0.005, 0.005), _STEM)
    _add_box(drawer, (_FRONT, 0.0, centre), (_PLATE, inside, half), rgba)
    _add_box(drawer, (middle, 0.0, centre - half), (depth, inside, _PLATE), _WOOD)
    for y in (-inside, inside):
        _add_box(drawer, (middle, y, centre - half / 3), (depth, _PLATE, 2 * half / 3), _WOOD)


def _add_box(
    body: mujoco.MjsBody,
    position: tuple[float, float, float],
    size: tuple[float, float, float],
    rgba: Rgba,
    friction: float = 0.5,
) -> None:
    geom = body.add_geom(type=_BOX, pos=position, size=size, rgba=rgba, mass=0.05)
    geom.friction = (friction, 0.01, 0.0005)
    geom.contype, geom.conaffinity = THING_BIT, ROBOT_BIT
