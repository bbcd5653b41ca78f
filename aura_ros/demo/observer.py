"""A node beside the chain: it watches commands and success, drives episodes, injects faults."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from aura_ros.conversions import MESSAGES, from_message
from aura_ros.demo.meter import MotionMeter, Sample
from aura_ros.demo.recorder import Recorder
from aura_ros.nodes.messages import message_class
from aura_ros.nodes.topics import LATCHED, NEWEST, SENSOR, TOPICS
from aura_ros.robot.description import Robot
from aura_ros.types import Command, GuardStatus, Mode, Verdict

SERVICE_TIMEOUT_S = 20.0
RECORDED = {
    "joint_states": ("sensor_msgs/msg/JointState", SENSOR),
    "objects": ("geometry_msgs/msg/PoseArray", SENSOR),
    "instruction": ("std_msgs/msg/String", LATCHED),
    "success": ("std_msgs/msg/Bool", LATCHED),
    "joint_trajectory_controller/joint_trajectory": (
        "trajectory_msgs/msg/JointTrajectory",
        NEWEST,
    ),
}


class Observer:
    """Runs in a thread of its own; its state may be read from any other."""

    def __init__(self, robot: Robot, record: Path) -> None:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self._node = Node("observer")
        self._clients: dict[str, Any] = {}
        self.meter = MotionMeter(robot.limits)
        self.success = False
        self.mode = Mode.INIT
        self.mode_reason = "no guard heard"
        self.asks = False
        self.allowed = 0
        self.refused: dict[str, int] = {}
        self._hear(Command, self._on_command)
        self._hear(GuardStatus, self._on_status)
        self._hear(Verdict, self._on_verdict)
        self._node.create_subscription(Bool, "success", self._on_success, LATCHED)
        self.recorder = Recorder(self._node, record)
        for name, (kind, qos) in RECORDED.items():
            self.recorder.record(name, kind, qos)
        for value, topic in TOPICS.items():
            self.recorder.record(topic.name, MESSAGES[value], topic.qos)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._open = True
        self._thread = threading.Thread(target=self._spin, name="observer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the recording and leave the graph."""
        self._open = False
        self._thread.join(timeout=5.0)
        self.recorder.close()
        self._node.destroy_node()
        rclpy.try_shutdown()

    def now_ns(self) -> int:
        """ROS time [ns]."""
        return int(self._node.get_clock().now().nanoseconds)

    def trigger(self, service: str) -> str:
        """Call a Trigger service; its message."""
        response = self._call(service, Trigger, Trigger.Request())
        if not response.success:
            raise RuntimeError(f"{service}: {response.message}")
        return str(response.message)

    def set_parameter(self, node: str, name: str, value: Any) -> None:
        """Set a parameter of another node."""
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        result = self._call(f"{node}/set_parameters", SetParameters, request).results[0]
        if not result.successful:
            raise RuntimeError(f"{node}: {result.reason}")

    def _spin(self) -> None:
        while self._open:
            self._executor.spin_once(timeout_sec=0.1)

    def _call(self, service: str, kind: Any, request: Any) -> Any:
        # Kept: to find a service again takes longer than what is measured around the call.
        client = self._clients.get(service) or self._node.create_client(kind, service)
        self._clients[service] = client
        if not client.wait_for_service(SERVICE_TIMEOUT_S):
            raise TimeoutError(f"no service {service} for {SERVICE_TIMEOUT_S:g} s")
        done = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(SERVICE_TIMEOUT_S):
            raise TimeoutError(f"no answer of {service} for {SERVICE_TIMEOUT_S:g} s")
        return future.result()

    def _hear(self, kind: type, callback: Callable[[Any], None]) -> None:
        topic = TOPICS[kind]
        message = message_class(MESSAGES[kind])
        self._node.create_subscription(message, topic.name, callback, topic.qos)

    def _on_command(self, message: Any) -> None:
        command = from_message(Command, message)
        sample = Sample(command.stamp_ns, np.asarray(command.position), command.velocity)
        self.meter.add(sample, command.passed)

    def _on_status(self, message: Any) -> None:
        self.mode, self.mode_reason = Mode(message.mode), str(message.reason)
        self.asks = bool(message.asking)

    def _on_verdict(self, message: Any) -> None:
        if not message.decision:
            self.allowed += 1
        else:
            self.refused[message.reason] = self.refused.get(message.reason, 0) + 1

    def _on_success(self, message: Bool) -> None:
        if message.data and not self.success:
            self.meter.end()
        self.success = bool(message.data)
