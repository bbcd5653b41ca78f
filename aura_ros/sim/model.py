"""The MuJoCo model: the Panda of ``example-robot-data``, a table, a cube, a goal and two cameras.

The base frame (``panda_link0``) is the world frame: x forward, y left, z up [m]; z = 0 is the
table's top.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np

from aura_ros.types import Array

ARM_JOINTS = tuple(f"panda_joint{i}" for i in range(1, 8))
FINGER_JOINT = "panda_finger_joint1"
JOINTS = (*ARM_JOINTS, FINGER_JOINT)
"""Joint order of everything in this room: seven arm joints [rad], one finger [m]."""

HOME = np.array([0.0, -0.4, 0.0, -2.2, 0.0, 1.8, np.pi / 4, 0.035])
"""Rest configuration: the tool points down, 0.45 m in front of the base."""

BASE, HAND, TOOL, CUBE, GOAL = "panda_link0", "panda_hand", "panda_hand_tcp", "cube", "goal"
CUBE_HALF = 0.02
CAMERAS = ("front", "wrist")
STEP_NS = 2_000_000

# Stiff gains [N m/rad] and damping [N m s/rad]: references at 1 rad/s are tracked within 10 mrad.
_STIFFNESS = (12000.0, 12000.0, 8000.0, 8000.0, 2500.0, 2500.0, 1200.0)
_DAMPING = (85.0, 85.0, 55.0, 55.0, 17.0, 17.0, 8.0)
_ARM_FORCE = (300.0, 300.0, 300.0, 300.0, 60.0, 60.0, 60.0)
_FINGER_STIFFNESS, _FINGER_DAMPING, _FINGER_FORCE = 4000.0, 60.0, 40.0

_ROBOT_BIT, _CUBE_BIT, _TABLE_BIT = 1, 2, 4
_WHITE, _DARK = (0.93, 0.94, 0.95, 1.0), (0.16, 0.18, 0.21, 1.0)
_TABLE, _CUBE_RED = (0.76, 0.66, 0.54, 1.0), (0.86, 0.23, 0.18, 1.0)
_GOAL_GREEN = (0.13, 0.70, 0.42, 0.55)


def panda_directory() -> Path:
    """Folder of the Panda's description; FileNotFoundError names the package that brings it."""
    try:
        files = metadata.files("example-robot-data") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.as_posix().endswith("panda_description/urdf/panda.urdf"):
            return Path(str(file.locate())).resolve().parent.parent
    raise FileNotFoundError(
        "the Panda's URDF is missing: install the package example-robot-data "
        "(pip install example-robot-data)"
    )


def build_model(goal_shape: str = "disc") -> mujoco.MjModel:
    """Compile the scene; the goal is a ``disc`` on the table or a ``sphere`` in the air."""
    spec = robot_spec()
    _drive(spec)
    _furnish(spec, goal_shape)
    _place_cameras(spec)
    return spec.compile()


def robot_spec() -> mujoco.MjSpec:
    """The arm and hand alone, from the URDF's collision meshes, without actuators."""
    directory = panda_directory()
    root = ElementTree.parse(directory / "urdf" / "panda.urdf").getroot()
    for link in root.iter("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
        for index, collision in enumerate(link.findall("collision")):
            collision.set("name", f"{link.get('name')}_{index}")
    extension = ElementTree.SubElement(root, "mujoco")
    ElementTree.SubElement(
        extension,
        "compiler",
        meshdir=str(directory / "meshes" / "collision"),
        strippath="true",
        fusestatic="false",
        discardvisual="false",
    )
    spec = mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"))
    spec.option.timestep = STEP_NS * 1e-9
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for body in spec.bodies[1:]:
        body.gravcomp = 1.0
        for geom in body.geoms:
            _dress(geom, body.name)
    return spec


def _dress(geom: mujoco.MjsGeom, link: str) -> None:
    """The robot touches cube and table, never itself; joints alternate light and dark."""
    geom.contype, geom.conaffinity = _ROBOT_BIT, 0
    is_finger = link.endswith("finger")
    geom.rgba = _DARK if is_finger or link in (HAND, "panda_link3", "panda_link5") else _WHITE
    if is_finger:
        geom.friction = (1.5, 0.02, 0.0005)


def _drive(spec: mujoco.MjSpec) -> None:
    """Position actuators on the arm and on finger 1; finger 2 mirrors finger 1."""
    for name, kp, kv, force in zip(ARM_JOINTS, _STIFFNESS, _DAMPING, _ARM_FORCE, strict=True):
        spec.joint(name).armature = 0.1
        _add_position_actuator(spec, name, kp, kv, force)
    for finger in ("panda_finger_joint1", "panda_finger_joint2"):
        spec.joint(finger).armature = 0.05
    _add_position_actuator(spec, FINGER_JOINT, _FINGER_STIFFNESS, _FINGER_DAMPING, _FINGER_FORCE)
    mirror = spec.add_equality()
    mirror.type = mujoco.mjtEq.mjEQ_JOINT
    mirror.objtype = mujoco.mjtObj.mjOBJ_JOINT
    mirror.name1, mirror.name2 = "panda_finger_joint2", FINGER_JOINT
    mirror.data[:5] = (0.0, 1.0, 0.0, 0.0, 0.0)
    mirror.solref = (0.004, 1.0)


def _add_position_actuator(
    spec: mujoco.MjSpec, joint: str, stiffness: float, damping: float, force: float
) -> None:
    actuator = spec.add_actuator()
    actuator.name = actuator.target = joint
    actuator.trntype = mujoco.mjtTrn.mjTRN_JOINT
    actuator.gaintype = mujoco.mjtGain.mjGAIN_FIXED
    actuator.biastype = mujoco.mjtBias.mjBIAS_AFFINE
    actuator.gainprm[0] = stiffness
    actuator.biasprm[:3] = (0.0, -stiffness, -damping)
    actuator.forcelimited = True
    actuator.forcerange = (-force, force)


def _furnish(spec: mujoco.MjSpec, goal_shape: str) -> None:
    world = spec.worldbody
    _add_sky_and_floor(spec)
    table = world.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.55, 0.6, 0.02))
    table.pos, table.rgba = (0.35, 0.0, -0.02), _TABLE
    table.contype, table.conaffinity = _TABLE_BIT, _ROBOT_BIT | _CUBE_BIT
    cube = world.add_body(name=CUBE, pos=(0.5, 0.0, CUBE_HALF))
    cube.add_freejoint(name=CUBE)
    cube.add_geom(
        name=CUBE,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=(CUBE_HALF,) * 3,
        mass=0.06,
        rgba=_CUBE_RED,
        friction=(1.0, 0.01, 0.0005),
        priority=1,
        condim=4,
        contype=_CUBE_BIT,
        conaffinity=_ROBOT_BIT,
    )
    goal = world.add_body(name=GOAL, mocap=True)
    if goal_shape == "sphere":
        marker = goal.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(0.02, 0.0, 0.0))
    else:
        marker = goal.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(0.04, 0.0005, 0.0))
        marker.pos = (0.0, 0.0, 0.001 - CUBE_HALF)
    marker.rgba, marker.contype, marker.conaffinity = _GOAL_GREEN, 0, 0


def _add_sky_and_floor(spec: mujoco.MjSpec) -> None:
    spec.visual.headlight.ambient = (0.38,) * 3
    spec.visual.headlight.diffuse = (0.22,) * 3
    spec.visual.headlight.specular = (0.0,) * 3
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
    floor.contype, floor.conaffinity = _TABLE_BIT, _CUBE_BIT
    for position, strength in (((1.0, 1.2, 2.5), 0.42), ((0.5, -1.5, 1.8), 0.2)):
        lamp = spec.worldbody.add_light(pos=position, diffuse=(strength,) * 3)
        lamp.dir = np.array([0.4, 0.0, 0.0]) - position
        lamp.directional = True
        lamp.specular, lamp.castshadow = (0.1,) * 3, False


def _place_cameras(spec: mujoco.MjSpec) -> None:
    front, at = np.array([1.40, 0.0, 0.80]), np.array([0.32, 0.0, 0.20])
    spec.worldbody.add_camera(name="front", pos=front, quat=_looking(front, at), fovy=46.0)
    # In front of the hand and along it: the fingertips stay at the lower edge of the image.
    wrist, tips = np.array([0.085, 0.0, 0.02]), np.array([0.055, 0.0, 0.16])
    quaternion = _looking(wrist, tips, up=(1.0, 0.0, 0.0))
    spec.body(HAND).add_camera(name="wrist", pos=wrist, quat=quaternion, fovy=75.0)


def _looking(eye: Array, at: Array, up: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> Array:
    """Quaternion (w x y z) of a camera at ``eye`` that looks at ``at``."""
    back = (eye - at) / np.linalg.norm(eye - at)
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    rotation = np.column_stack([right, np.cross(back, right), back])
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, rotation.ravel())
    return quaternion
