"""Frozen description of a robot, as every room reads it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array, freeze


@dataclass(frozen=True)
class Limits:
    """Hard limits of n joints, each array of shape (n,), in the robot's joint order.

    ``lower``, ``upper`` [rad or m], ``velocity`` [per s], ``acceleration`` [per s^2], ``jerk``
    [per s^3]; infinite where the robot has none. ``margin`` [rad or m] is how far inside
    the position limits references are kept, so that smoothing cannot cross them.
    """

    lower: Array
    upper: Array
    velocity: Array
    acceleration: Array
    jerk: Array
    margin: Array

    def __post_init__(self) -> None:
        freeze(self, "lower", "upper", "velocity", "acceleration", "jerk", "margin")


@dataclass(frozen=True)
class JointGroup:
    """Joints that belong together (arm, gripper, head): every error and limit is per group."""

    name: str
    kind: str
    joints: tuple[str, ...]
    unit: str


@dataclass(frozen=True)
class Camera:
    """A camera the policy sees. ``topic`` carries Image, or CompressedImage if compressed."""

    name: str
    topic: str
    compressed: bool = False


@dataclass(frozen=True)
class CommandOutput:
    """One controller: its topic, message type and joints, in the controller's order.

    ``type`` is ``trajectory_msgs/msg/JointTrajectory`` or ``std_msgs/msg/Float64MultiArray``.
    """

    name: str
    topic: str
    type: str
    joints: tuple[str, ...]


@dataclass(frozen=True)
class Robot:
    """A robot: its joints in one fixed order, limits, inputs, outputs and motion grid.

    ``row_period_ns`` and ``horizon`` describe the policy's chunks; ``knot_period_ns`` and
    ``stop_knots`` the grid on which motion is planned and the length of the stop tail.
    ``digest`` is the SHA-256 of the files that this was read from.
    """

    name: str
    groups: tuple[JointGroup, ...]
    limits: Limits
    cameras: tuple[Camera, ...]
    joint_states_topic: str
    instruction_topic: str
    objects_topic: str
    recorded_action_topic: str
    row_period_ns: int
    horizon: int
    knot_period_ns: int
    stop_knots: int
    commands: tuple[CommandOutput, ...]
    digest: str

    @cached_property
    def joints(self) -> tuple[str, ...]:
        """All joint names in order: group by group."""
        return tuple(joint for group in self.groups for joint in group.joints)

    def group_indices(self, name: str) -> NDArray[np.intp]:
        """Columns of a group in the joint order."""
        group = next(g for g in self.groups if g.name == name)
        return np.array([self.joints.index(j) for j in group.joints], dtype=np.intp)

    def group_of(self, index: int) -> JointGroup:
        """The group of the joint in column ``index``."""
        return next(g for g in self.groups if self.joints[index] in g.joints)
