"""The node's publishers, and the delay that a fault may put before them."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Bool, String

from aura_ros.sim import messages
from aura_ros.sim.faults import DelayLine, Faults, noisy
from aura_ros.sim.model import CAMERAS
from aura_ros.sim.render import Pixels
from aura_ros.sim.simulation import Snapshot

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Outputs:
    """Publishes observations and status. Thread-safe.

    Observations (joint states, images, objects) pass the faults; the rest does not.
    """

    def __init__(self, node: Node, seed: int) -> None:
        self.faults = Faults()
        self._rng = np.random.default_rng(seed)
        self._lock = Lock()
        self._delayed: DelayLine[tuple[Publisher, Any]] = DelayLine()
        sensor = qos_profile_sensor_data
        self._joints = node.create_publisher(JointState, "joint_states", sensor)
        self._objects = node.create_publisher(PoseArray, "objects", sensor)
        self._images = {
            camera: node.create_publisher(Image, f"camera/{camera}/image_raw", sensor)
            for camera in CAMERAS
        }
        self._instruction = node.create_publisher(String, "instruction", LATCHED)
        self._success = node.create_publisher(Bool, "success", LATCHED)
        self._diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._clock = node.create_publisher(Clock, "/clock", sensor)

    def joint_states(self, now_ns: int, state: Snapshot) -> None:
        """Publish measured joints, unless a fault drops them."""
        if self.faults.drop_joint_states:
            return
        position = noisy(state.position, self.faults.joint_noise, self._rng)
        self._observe(self._joints, messages.joint_state(now_ns, position, state.velocity), now_ns)

    def objects(self, now_ns: int, state: Snapshot) -> None:
        """Publish the objects' poses."""
        self._observe(self._objects, messages.pose_array(now_ns, state.objects), now_ns)

    def image(self, stamp_ns: int, camera: str, pixels: Pixels) -> None:
        """Publish one image."""
        self._observe(self._images[camera], messages.image(stamp_ns, camera, pixels), stamp_ns)

    def instruction(self, text: str) -> None:
        """Publish the instruction; each one begins an episode."""
        self._instruction.publish(String(data=text))

    def success(self, succeeded: bool) -> None:
        """Publish whether the task is done."""
        self._success.publish(Bool(data=succeeded))

    def clock(self, now_ns: int) -> None:
        """Publish simulated time."""
        self._clock.publish(Clock(clock=messages.stamp(now_ns)))

    def diagnostics(self, now_ns: int, lines: list[DiagnosticStatus]) -> None:
        """Publish diagnostics."""
        message = DiagnosticArray(status=lines)
        message.header.stamp = messages.stamp(now_ns)
        self._diagnostics.publish(message)

    def flush(self, now_ns: int) -> None:
        """Publish what was delayed and is due."""
        with self._lock:
            due = self._delayed.pop_due(now_ns)
        for publisher, message in due:
            publisher.publish(message)

    def _observe(self, publisher: Publisher, message: Any, stamp_ns: int) -> None:
        latency_s = self.faults.latency_s
        if latency_s > 0.0:
            with self._lock:
                self._delayed.push((publisher, message), stamp_ns, latency_s)
        else:
            publisher.publish(message)
