"""What the robot and its people say."""

from __future__ import annotations

from dataclasses import dataclass, field

from aura_ros.types.arrays import Array, freeze


@dataclass(frozen=True)
class Now:
    """The two times at which a value arrived [ns]."""

    ros_ns: int
    steady_ns: int


@dataclass(frozen=True)
class Image:
    """One camera image. ``data`` holds raw pixels or, with ``compressed``, an encoded file."""

    source: str
    stamp_ns: int
    encoding: str
    height: int
    width: int
    data: bytes = field(repr=False)
    compressed: bool = False
    fingerprint: int = 0
    black: bool = False


@dataclass(frozen=True)
class JointState:
    """Measured joints: ``position`` and ``velocity``, shape (n,), in the robot's joint order."""

    stamp_ns: int
    position: Array
    velocity: Array

    def __post_init__(self) -> None:
        freeze(self, "position", "velocity")


@dataclass(frozen=True)
class Distance:
    """Least distance [m] between robot and people, as a sensor tells it (ISO/TS 15066)."""

    stamp_ns: int
    metres: float


@dataclass(frozen=True)
class Wrench:
    """Force (3,) [N] and torque (3,) [N m] at a force and torque sensor, in its frame."""

    stamp_ns: int
    force: Array
    torque: Array

    def __post_init__(self) -> None:
        freeze(self, "force", "torque")


@dataclass(frozen=True)
class Instruction:
    """What the robot is told to do. Each new one begins an episode."""

    text: str


@dataclass(frozen=True)
class Objects:
    """Object poses in the base frame, shape (m, 7): x y z [m], quaternion x y z w.

    Privileged: only a simulator knows them, only scripted policies read them.
    """

    stamp_ns: int
    poses: Array

    def __post_init__(self) -> None:
        freeze(self, "poses")
