"""Between ROS messages and the values of this room."""

from __future__ import annotations

import array

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point as PointMsg
from geometry_msgs.msg import Pose, PoseArray, Quaternion
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory

from aura_ros.sim.model import BASE, JOINTS
from aura_ros.sim.render import Pixels
from aura_ros.sim.trajectory import Point, TrajectoryCommand
from aura_ros.types import NS, Array


def stamp(time_ns: int) -> Time:
    """A time [ns] as a message."""
    return Time(sec=time_ns // NS, nanosec=time_ns % NS)


def joint_state(time_ns: int, position: Array, velocity: Array) -> JointState:
    """Measured joints, arrays of shape (8,)."""
    message = JointState(name=list(JOINTS))
    message.header.stamp = stamp(time_ns)
    message.position = array.array("d", position.tobytes())
    message.velocity = array.array("d", velocity.tobytes())
    return message


def image(time_ns: int, camera: str, pixels: Pixels) -> Image:
    """Pixels (height, width, 3), RGB, seen by ``camera``."""
    height, width = pixels.shape[:2]
    message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
    message.header.stamp, message.header.frame_id = stamp(time_ns), f"{camera}_camera"
    # An array is taken over as it is; bytes, lists and numpy arrays are copied item by item.
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(pixels).reshape(-1).data)
    message.data = data
    return message


def pose_array(time_ns: int, poses: Array) -> PoseArray:
    """Poses (m, 7), x y z and quaternion x y z w, in the base frame."""
    message = PoseArray()
    message.header.stamp, message.header.frame_id = stamp(time_ns), BASE
    message.poses = [
        Pose(
            position=PointMsg(x=x, y=y, z=z),
            orientation=Quaternion(x=qx, y=qy, z=qz, w=qw),
        )
        for x, y, z, qx, qy, qz, qw in poses.tolist()
    ]
    return message


def trajectory(message: JointTrajectory) -> TrajectoryCommand:
    """A received trajectory, unchecked."""
    points = tuple(
        Point(
            point.time_from_start.sec * NS + point.time_from_start.nanosec,
            np.array(point.positions),
            np.array(point.velocities),
            np.array(point.accelerations),
        )
        for point in message.points
    )
    time = message.header.stamp
    return TrajectoryCommand(time.sec * NS + time.nanosec, tuple(message.joint_names), points)
