"""The MuJoCo model: the Panda of ``example-robot-data``, furniture on a table, two cameras.

The base frame (``panda_link0``) is the world frame: x forward, y left, z up [m]; z = 0 is the
table's top.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np

from aura_ros.sim.furniture import FURNITURE, ROBOT_BIT, add_room
from aura_ros.types import Array

ARM_JOINTS = tuple(f"panda_joint{i}" for i in range(1, 8))
FINGER_JOINT = "panda_finger_joint1"
JOINTS = (*ARM_JOINTS, FINGER_JOINT)
"""Joint order of everything in this room: seven arm joints [rad], one finger [m]."""

HOME = np.array([0.0, -0.4, 0.0, -2.2, 0.0, 1.8, np.pi / 4, 0.035])
"""Rest configuration: the tool points down, 0.45 m in front of the base."""

BASE, HAND, TOOL = "panda_link0", "panda_hand", "panda_hand_tcp"
CAMERAS = ("front", "wrist")
STEP_NS = 2_000_000

# Stiff gains [N m/rad] and damping [N m s/rad]: references at 1 rad/s are tracked within 10 mrad.
_STIFFNESS = (12000.0, 12000.0, 8000.0, 8000.0, 2500.0, 2500.0, 1200.0)
_DAMPING = (85.0, 85.0, 55.0, 55.0, 17.0, 17.0, 8.0)
_ARM_FORCE = (300.0, 300.0, 300.0, 300.0, 60.0, 60.0, 60.0)
_FINGER_STIFFNESS, _FINGER_DAMPING, _FINGER_FORCE = 4000.0, 60.0, 40.0

_WHITE, _DARK = (0.93, 0.94, 0.95, 1.0), (0.16, 0.18, 0.21, 1.0)


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


def build_model(scene: str) -> mujoco.MjModel:
    """Compile the robot on its table with one of ``FURNITURE``: balls, cubes or drawers."""
    spec = robot_spec()
    _drive(spec)
    add_room(spec)
    FURNITURE[scene](spec)
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
    """The robot touches things and table, never itself; joints alternate light and dark."""
    geom.contype, geom.conaffinity = ROBOT_BIT, 0
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


def _place_cameras(spec: mujoco.MjSpec) -> None:
    front, at = np.array([1.40, 0.0, 0.80]), np.array([0.46, 0.0, 0.15])
    spec.worldbody.add_camera(name="front", pos=front, quat=_looking(front, at), fovy=36.0)
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
