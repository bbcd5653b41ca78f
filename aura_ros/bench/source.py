"""A robot that costs nothing: two cameras of 640 x 480, joints that are where they were told."""

from __future__ import annotations

import struct
import sys
import time
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String

from aura_ros.conversions.fields import stamp
from aura_ros.nodes.messages import make
from aura_ros.nodes.topics import IMAGE, LATCHED, SENSOR, TOPICS
from aura_ros.sim.tasks import TASKS
from aura_ros.types import NS, Command

WIDTH, HEIGHT = 640, 480
IMAGE_RATE, JOINT_RATE = 30.0, 100.0
GOAL_PERIOD_S = 3.0
# A serialized message begins with four bytes that say how; header.stamp follows.
STAMP_OFFSET = 4
# A Panda with its hand above the table, the usual ready position.
READY = (0.0, -0.785, 0.0, -2.356, 0.0, 1.571, 0.785, 0.04)
JOINTS = (*(f"panda_joint{k}" for k in range(1, 8)), "panda_finger_joint1")
# Goals of the reach task, in front of the robot [m].
GOALS = ((0.45, -0.1, 0.3), (0.55, 0.1, 0.2))


class SourceNode(Node):
    """Publishes what a robot would, stamped at the time of publishing."""

    def __init__(self) -> None:
        super().__init__("source")
        self._position = np.array(READY)
        self._images = {
            name: self.create_publisher(Image, f"camera/{name}/image_raw", IMAGE)
            for name in ("front", "wrist")
        }
        frames = np.random.default_rng(0).integers(0, 255, (8, HEIGHT * WIDTH * 3), np.uint8)
        self._frames = [bytearray(serialize_message(_image(frame))) for frame in frames]
        self._count = 0
        self._joints = self.create_publisher(JointState, "joint_states", SENSOR)
        poses = "geometry_msgs/msg/PoseArray"
        self._objects = self.create_publisher(type(make(poses, {})), "objects", SENSOR)
        self._instruction = self.create_publisher(String, "instruction", LATCHED)
        self._instruction.publish(String(data=TASKS["reach"].instruction))
        command = TOPICS[Command]
        kind = type(make("aura_ros/msg/Command", {}))
        self.create_subscription(kind, command.name, self._obey, command.qos)
        self.create_timer(1 / IMAGE_RATE, self._show)
        self.create_timer(1 / JOINT_RATE, self._tell)

    def _obey(self, message: Any) -> None:
        self._position = np.array(message.position)

    def _show(self) -> None:
        """Both cameras at once, as a synchronised pair."""
        self._count += 1
        self._show_objects()
        # Serialized beforehand: a driver in C++ takes no time for it either.
        frame = self._frames[self._count % len(self._frames)]
        for publisher in self._images.values():
            sec, nanosec = divmod(self.get_clock().now().nanoseconds, NS)
            struct.pack_into("<iI", frame, STAMP_OFFSET, sec, nanosec)
            publisher.publish(bytes(frame))

    def _tell(self) -> None:
        message = JointState(name=list(JOINTS), position=self._position.tolist())
        message.header.stamp = self.get_clock().now().to_msg()
        self._joints.publish(message)

    def _show_objects(self) -> None:
        goal = GOALS[int(time.monotonic() / GOAL_PERIOD_S) % len(GOALS)]
        message = make("geometry_msgs/msg/PoseArray", {})
        for point in ((0.5, 0.0, 0.02), goal):
            pose = make("geometry_msgs/msg/Pose", {})
            pose.position.x, pose.position.y, pose.position.z = point
            message.poses.append(pose)
        message.header.stamp = stamp(make, self.get_clock().now().nanoseconds)
        self._objects.publish(message)


def _image(data: NDArray[np.uint8]) -> Any:
    fields = {"height": HEIGHT, "width": WIDTH, "encoding": "rgb8", "step": WIDTH * 3, "data": data}
    return make("sensor_msgs/msg/Image", fields)


def main() -> int:
    """Publish until interrupted."""
    rclpy.init()
    node = SourceNode()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        executor.spin()
    except (KeyboardInterrupt, rclpy.executors.ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
