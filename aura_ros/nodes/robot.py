"""The robot of a node: parameters ``robot``, ``limit_set``, ``command_output``, and its URDF."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node
from std_msgs.msg import String

from aura_ros.nodes.parameters import declare
from aura_ros.nodes.topics import LATCHED
from aura_ros.robot.description import Robot
from aura_ros.robot.load import load_robot, urdf_topic
from aura_ros.robot.urdf_source import urdf_of
from aura_ros.settings import Setting

SETTINGS = (
    Setting("robot", "", "robot configuration: a name in config/robots, or a path", 0, 0),
    Setting("limit_set", "", "set of tighter limits of the configuration; empty: none", 0, 0),
    Setting("command_outputs", [""], "outputs to publish; empty: the default ones", 0, 0),
)


class RobotSource:
    """Loads the robot; waits for ``robot_description`` where the configuration names a topic."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._text: str | None = None
        for spec in SETTINGS:
            declare(node, spec, read_only=True)
        name = str(node.get_parameter("robot").value)
        if not name:
            raise ValueError("parameter robot is empty: give a name in config/robots, or a path")
        topic = urdf_topic(name)
        if topic:
            node.create_subscription(String, topic, self._hear, LATCHED)
        self.topic = topic

    def _hear(self, message: String) -> None:
        self._text = message.data

    def wait(self, spin: Callable[[], None], timeout_s: float) -> None:
        """Spin until the URDF came on its topic."""
        # On the steady clock: simulated time may stand still.
        deadline = time.monotonic() + timeout_s
        while self.topic and self._text is None:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"no URDF on topic {self.topic} for {timeout_s:g} s: start "
                    "robot_state_publisher, remap the topic, or name a file in the configuration"
                )
            spin()

    def urdf(self) -> bytes:
        """The URDF: from its topic, or as the configuration names it."""
        if self._text is not None:
            return self._text.encode()
        return urdf_of(str(self._node.get_parameter("robot").value))

    def load(self) -> Robot:
        """The robot as the parameters say."""
        value = self._node.get_parameter
        outputs = [name for name in value("command_outputs").value if name]
        return load_robot(
            str(value("robot").value),
            urdf_text=self._text,
            limit_set=str(value("limit_set").value) or None,
            commands=outputs or None,
        )
