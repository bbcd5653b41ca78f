"""Measured poses of tools, and how they and joint states make one state of the robot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from aura_ros.conversions.fields import nanoseconds
from aura_ros.conversions.sensors import ConversionError, JointReader
from aura_ros.robot.description import JointGroup, Robot
from aura_ros.types import NS, Array, JointState

# Rotation vector (3,) of a quaternion x y z w (4,) from a reference (4,).
FromQuaternion: TypeAlias = Callable[[Any, Any], Array]

# A quaternion of another length is no rotation that somebody measured.
UNIT_NORM = 0.01
JOINTS = "joint_states"


class PoseReader:
    """PoseStamped messages of one group of kind pose."""

    def __init__(self, group: JointGroup, from_quaternion: FromQuaternion) -> None:
        self._group = group
        self._vector = from_quaternion
        self._last: JointState | None = None

    def read(self, message: Any) -> JointState:
        """Place [m] and rotation vector [rad] (6,), with their differences as velocity.

        ConversionError for another frame, for what is not finite, and for no unit quaternion.
        """
        group, frame = self._group, str(message.header.frame_id)
        if frame != group.frame:
            raise ConversionError(
                f"pose of {group.name} is in the frame {frame!r}, the configuration says "
                f"{group.frame!r}: transform it with tf2, or correct `frame`"
            )
        place, turn = message.pose.position, message.pose.orientation
        quaternion = np.array([turn.x, turn.y, turn.z, turn.w])
        if not abs(np.linalg.norm(quaternion) - 1.0) <= UNIT_NORM:
            raise ConversionError(f"pose of {group.name}: {quaternion} is no unit quaternion")
        vector = self._vector(quaternion, np.array(group.orientation))
        position = np.array([place.x, place.y, place.z, *vector])
        if not np.isfinite(position).all():
            raise ConversionError(f"pose of {group.name} is not finite")
        stamp_ns = nanoseconds(message.header.stamp)
        self._last = JointState(stamp_ns, position, self._velocity(position, stamp_ns))
        return self._last

    def _velocity(self, position: Array, stamp_ns: int) -> Array:
        last = self._last
        if last is None or stamp_ns <= last.stamp_ns:
            return np.zeros_like(position)
        return np.asarray((position - last.position) * (NS / (stamp_ns - last.stamp_ns)))


class StateReader:
    """One state of joints and poses, whenever every one of them is new.

    A pose that goes silent, or comes again with an old stamp, silences the whole state: rooms
    see a dead source, not half a robot. The stamp is that of the oldest part.
    """

    def __init__(self, robot: Robot, from_quaternion: FromQuaternion) -> None:
        self._robot = robot
        self._joints = JointReader(robot)
        self._poses = {g.name: PoseReader(g, from_quaternion) for g in robot.poses}
        self._columns = {g.name: robot.group_indices(g.name) for g in robot.poses}
        self._parts: dict[str, JointState] = {}
        self._new: set[str] = set()

    def read_joints(self, message: Any) -> JointState | None:
        """Take a JointState message; the state, or None while a pose is not new."""
        return self._take(JOINTS, self._joints.read_joints(message))

    def read_pose(self, group: str, message: Any) -> JointState | None:
        """Take a PoseStamped message of ``group``; the state, or None while a part is not new."""
        return self._take(group, self._poses[group].read(message))

    def _take(self, name: str, part: JointState) -> JointState | None:
        last = self._parts.get(name)
        self._parts[name] = part
        if last is None or part.stamp_ns != last.stamp_ns:
            self._new.add(name)
        if len(self._new) <= len(self._poses):
            return None
        self._new.clear()
        return self._joined()

    def _joined(self) -> JointState:
        joints = self._parts[JOINTS]
        position, velocity = joints.position.copy(), joints.velocity.copy()
        for name, columns in self._columns.items():
            position[columns] = self._parts[name].position
            velocity[columns] = self._parts[name].velocity
        stamp_ns = min(part.stamp_ns for part in self._parts.values())
        return JointState(stamp_ns, position, velocity)
