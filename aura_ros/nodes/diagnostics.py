"""Health on /diagnostics (REP 107): once a second, and at once when it changes."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from aura_ros.types import NS, Health, Level, Now


class Diagnostics:
    """Publishes a node's health."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._said: tuple[Level, str] | None = None
        self._at_ns = 0

    def update(self, health: Health, now: Now) -> None:
        """Publish if a second has passed or level or summary changed; log what got worse."""
        said = (health.level, health.summary)
        if said == self._said and now.steady_ns - self._at_ns < NS:
            return
        if said != self._said and self._said is not None:
            self._log(health)
        self._said, self._at_ns = said, now.steady_ns
        self._publisher.publish(self._message(health))

    def _log(self, health: Health) -> None:
        logger = self._node.get_logger()
        # Two calls: rclpy holds every call to the severity it had first.
        if health.level == Level.OK:
            logger.info(health.summary)
        else:
            logger.warning(health.summary)

    def _message(self, health: Health) -> Any:
        status = DiagnosticStatus(
            level=bytes([health.level]),
            name=self._node.get_fully_qualified_name(),
            message=health.summary,
            hardware_id="aura_ros",
            values=[KeyValue(key=key, value=value) for key, value in health.values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        return array
