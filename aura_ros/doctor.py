"""What this installation has: for `aura doctor`."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from aura_ros.robot.find import find_share


@dataclass(frozen=True)
class Finding:
    """One part: its version or place ("": missing), what it is for, and if all needs it."""

    name: str
    found: str
    meaning: str
    needed: bool = False


# Import name, distribution name, purpose, needed by everything.
PARTS = (
    ("numpy", "numpy", "arrays", True),
    ("yaml", "pyyaml", "robot configurations", True),
    ("daqp", "daqp", "plans within limits", True),
    ("rosbags", "rosbags", "replay", False),
    ("cv2", "opencv-python-headless", "compressed images", False),
    ("pinocchio", "pin", "poses of tools turned into joints", False),
    ("matplotlib", "matplotlib", "the plot of a replay", False),
    ("rclpy", "ros-rclpy", "live nodes", False),
    ("aura_ros.msg", "", "this package's messages, built with CMake: make setup", False),
    ("launch_ros", "", "ros2 launch; `aura demo` works without", False),
    ("mujoco", "mujoco", "the embedded robot", False),
    ("ruckig", "ruckig", "the embedded robot's experts", False),
)


def findings() -> Iterator[Finding]:
    """Everything that was looked for."""
    yield Finding("python", platform.python_version(), "3.11 to 3.13", needed=True)
    for module, distribution, purpose, needed in PARTS:
        yield Finding(distribution or module, _version(module, distribution), purpose, needed)
    shared = find_share("config/fastdds_shm.xml")
    yield Finding(
        "config/", str(shared.parent) if shared else "", "robots, transport profile", True
    )
    yield Finding("robots", _robots(), "URDFs of example-robot-data")
    yield Finding("rendering", _rendering(), "pictures of the embedded robot")


def _version(module: str, distribution: str) -> str:
    try:
        if importlib.util.find_spec(module) is None:
            return ""
    except ModuleNotFoundError:
        return ""
    try:
        return metadata.version(distribution or module)
    except metadata.PackageNotFoundError:
        return "yes"


def _robots() -> str:
    try:
        return metadata.version("example-robot-data")
    except metadata.PackageNotFoundError:
        return ""


def _rendering() -> str:
    if importlib.util.find_spec("mujoco") is None:
        return ""
    from aura_ros.sim.gl import RenderingUnavailableError, backends, make_context

    try:
        make_context(16, 16).free()
    except RenderingUnavailableError:
        return ""
    return backends()[0]
