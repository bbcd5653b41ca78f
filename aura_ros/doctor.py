"""What this installation has: for `aura doctor`."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

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
    ("pinocchio", "pin", "poses of tools turned into joints: extra kinematics", False),
    ("matplotlib", "matplotlib", "the plot of a replay: extra plot", False),
    ("rclpy", "ros-rclpy", "live nodes: from ROS, or make setup", False),
    ("aura_ros.msg", "", "this package's messages, built with CMake: make setup", False),
    ("launch_ros", "", "ros2 launch, from ROS; `aura demo` works without", False),
    ("mujoco", "mujoco", "the embedded robot: extra sim", False),
    ("ruckig", "ruckig", "the embedded robot's experts: extra sim", False),
    ("torch", "torch", "training of the demo policy: extra learn", False),
    ("safetensors", "safetensors", "weights of the demo policy", False),
    ("metaworld", "metaworld", "outside check of bench closed-loop: extra metaworld", False),
    ("websockets", "websockets", "policies behind a server, openpi's too: extra serve", False),
    ("msgpack", "msgpack", "messages of such servers: extra serve", False),
)

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Environment:
    """A virtual environment for policies that cannot share one: what must be in it, and why."""

    name: str
    distributions: tuple[str, ...]
    purpose: str


ENVIRONMENTS = (
    Environment("lerobot", ("lerobot", "torch", "torchvision", "transformers", "websockets"),
                "LeRobot's ACT, Diffusion, SmolVLA behind aura serve"),
    Environment("pi0", ("transformers", "torch", "torchvision", "pillow", "websockets"),
                "transformers' pi0 behind aura serve"),
)  # fmt: skip


def findings() -> Iterator[Finding]:
    """Everything that was looked for."""
    yield Finding("python", platform.python_version(), "3.11 to 3.13", needed=True)
    for module, distribution, purpose, needed in PARTS:
        yield Finding(distribution or module, _version(module, distribution), purpose, needed)
    shared = find_share("config/fastdds_shm.xml")
    yield Finding(
        "config/", str(shared.parent) if shared else "", "robots, transport profile", True
    )
    policy = find_share("config/policies/demo.safetensors")
    yield Finding("demo policy", str(policy or ""), "the trained policy that ships")
    yield Finding("robots", _robots(), "URDFs of example-robot-data: extra robots")
    yield Finding("rendering", _rendering(), "pictures of the embedded robot")
    for environment in ENVIRONMENTS:
        yield _environment(environment)


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


def _environment(wanted: Environment) -> Finding:
    """The environment of a checkout: complete with its versions, or what is missing in it."""
    folder = ROOT / f".venv-{wanted.name}"
    make = f"make env-{wanted.name}"
    libraries = [str(path) for path in folder.glob("lib/python3*/site-packages")]
    if not libraries:
        return Finding(folder.name, "", f"{wanted.purpose}: {make}")
    versions = {d.name.lower(): d.version for d in metadata.distributions(path=libraries)}
    missing = [name for name in wanted.distributions if name not in versions]
    if missing or not (folder / "stamps/ready").exists():
        what = f"lacks {', '.join(missing)}" if missing else "was not finished"
        return Finding(folder.name, "", f"{wanted.purpose}; it {what}: {make}")
    first = wanted.distributions[:2]
    return Finding(folder.name, ", ".join(f"{n} {versions[n]}" for n in first), wanted.purpose)


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
