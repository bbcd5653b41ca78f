"""Set-points at control rate: positions of joints, velocities of bases, both and poses of tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aura_ros.conversions.fields import stamp
from aura_ros.nodes.commands import POSITIONS, columns, positions
from aura_ros.nodes.messages import make
from aura_ros.robot.description import CommandOutput, JointGroup, Robot
from aura_ros.types import Array, Command

TWIST = "geometry_msgs/msg/Twist"
TWIST_STAMPED = "geometry_msgs/msg/TwistStamped"
POSE_STAMPED = "geometry_msgs/msg/PoseStamped"
# A robot at rest is told so this often, then others may drive it: twist_mux hears silence.
STILL_REPEATS = 50

MessageOf: TypeAlias = Callable[[Command], Any]
# Velocity [m/s] and angular velocity [rad/s] of a group, each (3,), that a command asks for.
Rates: TypeAlias = Callable[[Command], tuple[Array, Array]]


class SetPoints:
    """The output of every command to one controller. Of velocities the last word is zero."""

    def __init__(self, publisher: Any, output: CommandOutput, robot: Robot) -> None:
        self._publisher = publisher
        self._message_of = message_of(output, robot)
        self._is_velocity = output.type in (TWIST, TWIST_STAMPED)
        self._still = STILL_REPEATS
        self._last: Command | None = None

    def publish(self, command: Command) -> None:
        """Pass a command on; a robot that is to rest hears so ``STILL_REPEATS`` times."""
        message = self._message_of(command)
        if self._is_velocity:
            self._still = self._still + 1 if is_still(message) else 0
            if self._still > STILL_REPEATS:
                return
        self._last = command
        self._publisher.publish(message)

    def halt(self) -> None:
        """No command follows: a velocity would go on for as long as its controller believes it."""
        if self._last is not None and self._is_velocity and self._still == 0:
            self._still = STILL_REPEATS
            rest = replace(self._last, velocity=np.zeros_like(self._last.velocity))
            self._publisher.publish(self._message_of(rest))


def message_of(output: CommandOutput, robot: Robot) -> MessageOf:
    """How a command becomes the message of an output at control rate."""
    chosen = columns(output, robot)
    if output.type == POSITIONS:
        return lambda command: positions(command.position, chosen)
    group = robot.group_of(int(chosen[0]))
    if output.type == POSE_STAMPED:
        return _pose(group, chosen)
    rates = _base_rates(chosen) if group.kind == "base" else _tool_rates(group, chosen)
    if output.type == TWIST:
        return lambda command: twist(*rates(command))
    return lambda command: _stamped(TWIST_STAMPED, "twist", twist(*rates(command)), group, command)


def twist(linear: Array, angular: Array) -> Any:
    """Velocity [m/s] and angular velocity [rad/s], each (3,), as a Twist."""
    message = make(TWIST, {})
    for vector, values in ((message.linear, linear), (message.angular, angular)):
        vector.x, vector.y, vector.z = values.tolist()
    return message


def is_still(message: Any) -> bool:
    """A Twist or TwistStamped that asks for no motion."""
    twist = getattr(message, "twist", message)
    vectors = (twist.linear, twist.angular)
    return not any(axis for vector in vectors for axis in (vector.x, vector.y, vector.z))


def _base_rates(chosen: NDArray[np.intp]) -> Rates:
    """Rates of the columns x, y, yaw or x, yaw: distances along the axes of the moving base.

    Their planned rates are the velocity in the base's own frame (REP 103: x forward, y left), so
    that no odometry is needed.
    """
    place = np.zeros((2, 3, len(chosen)))
    place[0, range(len(chosen) - 1), range(len(chosen) - 1)] = 1.0
    place[1, 2, -1] = 1.0

    def rates(command: Command) -> tuple[Array, Array]:
        linear, angular = place @ command.velocity[chosen]
        return linear, angular

    return rates


def _tool_rates(group: JointGroup, chosen: NDArray[np.intp]) -> Rates:
    """Velocity of a tool's place and its true angular velocity, both in the group's frame.

    The rate of a rotation vector is no angular velocity: the two differ by the Jacobian of SO(3).
    """
    from aura_ros.motion.rotations import angular_velocity  # loads scipy

    reference = np.array(group.orientation)

    def rates(command: Command) -> tuple[Array, Array]:
        rate = command.velocity[chosen]
        return rate[:3], angular_velocity(command.position[chosen[3:]], rate[3:], reference)

    return rates


def _pose(group: JointGroup, chosen: NDArray[np.intp]) -> MessageOf:
    from aura_ros.motion.rotations import to_quaternion  # loads scipy

    reference = np.array(group.orientation)

    def message(command: Command) -> Any:
        pose = make("geometry_msgs/msg/Pose", {})
        place, turn = pose.position, pose.orientation
        place.x, place.y, place.z = command.position[chosen[:3]].tolist()
        quaternion = to_quaternion(command.position[chosen[3:]], reference)
        turn.x, turn.y, turn.z, turn.w = quaternion.tolist()
        return _stamped(POSE_STAMPED, "pose", pose, group, command)

    return message


def _stamped(kind: str, field: str, value: Any, group: JointGroup, command: Command) -> Any:
    message = make(kind, {field: value})
    message.header.stamp = stamp(make, command.stamp_ns)
    message.header.frame_id = group.frame
    return message
