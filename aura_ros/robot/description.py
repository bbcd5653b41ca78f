"""Frozen description of a robot, as every room reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array, freeze

# Rotation vectors are singular at pi: a measured one jumps there to the other side.
MAX_ROTATION = 2.8


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

    def of(self, columns: NDArray[Any]) -> Limits:
        """The limits of some joints: indices, or which of them (n,)."""
        return Limits(*(getattr(self, f.name)[columns] for f in fields(self)))


@dataclass(frozen=True)
class Switching:
    """A gripper that is only open or closed: positions ``closed``, ``opened`` [rad or m].

    A row opens above ``high``, closes below ``low``, both shares of the way from closed to
    opened; a change must last ``debounce_s`` and is executed ``lead_s`` before its row.
    """

    closed: float
    opened: float
    low: float = 0.4
    high: float = 0.6
    debounce_s: float = 0.1
    lead_s: float = 0.0


@dataclass(frozen=True)
class JointGroup:
    """Joints that belong together (arm, gripper, head): every error and limit is per group.

    ``kind``: ``joints``; ``gripper``, with ``switching`` if it is discrete; ``base``, whose
    columns x y yaw are distances driven [m, rad], commanded as velocities; ``pose``, whose
    columns are a tool's place [m] and the rotation vector [rad] from ``orientation``
    (quaternion x y z w) in ``frame``, no longer than ``max_rotation`` [rad] and measured on
    ``pose_topic``. The velocity of a base is given in ``frame``, which moves with it (REP 103:
    x forward, y left).
    """

    name: str
    kind: str
    joints: tuple[str, ...]
    unit: str
    switching: Switching | None = None
    frame: str = ""
    orientation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    max_rotation: float = MAX_ROTATION
    pose_topic: str = ""


@dataclass(frozen=True)
class Camera:
    """A camera the policy sees. ``topic`` carries Image, or CompressedImage if compressed."""

    name: str
    topic: str
    compressed: bool = False


@dataclass(frozen=True)
class CommandOutput:
    """One controller: its topic, message type and joints, in the controller's order.

    ``type`` is ``trajectory_msgs/msg/JointTrajectory`` or ``std_msgs/msg/Float64MultiArray`` for
    joints and grippers, ``geometry_msgs/msg/Twist`` or ``TwistStamped`` for a base,
    ``TwistStamped`` or ``PoseStamped`` for a pose.
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
    ``digest`` is the SHA-256 of the files that this was read from. ``wrench_topic`` and
    ``distance_topic`` carry forces at the tool and the distance of people; empty: nobody does.
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
    continuous_joints: frozenset[str] = frozenset()
    wrench_topic: str = ""
    distance_topic: str = ""

    @cached_property
    def joints(self) -> tuple[str, ...]:
        """All joint names in order: group by group."""
        return tuple(joint for group in self.groups for joint in group.joints)

    @cached_property
    def continuous(self) -> NDArray[np.bool_]:
        """Columns (n,) of joints that turn without end: angles equal modulo 2 pi are equal."""
        return np.array([joint in self.continuous_joints for joint in self.joints])

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """Columns (n,) whose position somebody measures; the distance driven by a base is not."""
        return self._by_group(lambda group: group.kind != "base")

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """Joints that joint states name: columns of a base or a pose are no joints."""
        return tuple(
            joint for g in self.groups if g.kind in ("joints", "gripper") for joint in g.joints
        )

    @cached_property
    def poses(self) -> tuple[JointGroup, ...]:
        """Groups that are the pose of a tool."""
        return tuple(group for group in self.groups if group.kind == "pose")

    @cached_property
    def rotations(self) -> tuple[tuple[NDArray[np.intp], float], ...]:
        """Columns (3,) of every rotation vector and its greatest length [rad]."""
        return tuple((self.group_indices(g.name)[3:], g.max_rotation) for g in self.poses)

    @cached_property
    def switched(self) -> NDArray[np.bool_]:
        """Columns (n,) of grippers that are only open or closed."""
        return self._by_group(lambda group: group.switching is not None)

    @cached_property
    def averaged(self) -> NDArray[np.bool_]:
        """Columns (n,) in which rows of agreeing chunks may be averaged: no gripper is."""
        return self._by_group(lambda group: group.kind != "gripper")

    def difference(self, a: Array, b: Array) -> Array:
        """``a - b`` (..., n), the short way round for joints that turn without end."""
        away = a - b
        turned = (away + np.pi) % (2 * np.pi) - np.pi
        return np.where(self.continuous, turned, away)

    def _by_group(self, holds: Callable[[JointGroup], bool]) -> NDArray[np.bool_]:
        return np.array([holds(group) for group in self.groups for _ in group.joints])

    def group_indices(self, name: str) -> NDArray[np.intp]:
        """Columns of a group in the joint order."""
        group = next(g for g in self.groups if g.name == name)
        return np.array([self.joints.index(j) for j in group.joints], dtype=np.intp)

    def group_of(self, index: int) -> JointGroup:
        """The group of the joint in column ``index``."""
        return next(g for g in self.groups if self.joints[index] in g.joints)
