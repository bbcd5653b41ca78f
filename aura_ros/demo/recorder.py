"""Topics as raw bytes into an mcap: no message is decoded on the way."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer

from aura_ros.nodes.messages import message_class
from aura_ros.replay.typestore import typestore


class Recorder:
    """Records topics of a node's graph until ``close``; ``path`` is replaced."""

    def __init__(self, node: Node, path: Path) -> None:
        shutil.rmtree(path, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._node = node
        self._writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        self._lock = threading.Lock()
        self.messages = 0

    def record(self, topic: str, kind: str, qos: QoSProfile) -> None:
        """Record ``topic`` (relative names are resolved)."""
        name = self._node.resolve_topic_name(topic)
        connection = self._writer.add_connection(
            name, kind, typestore=typestore(), offered_qos_profiles=[_offered(qos)]
        )

        def write(data: bytes) -> None:
            with self._lock:
                stamp_ns = self._node.get_clock().now().nanoseconds
                self._writer.write(connection, stamp_ns, data)
                self.messages += 1

        self._node.create_subscription(message_class(kind), topic, write, qos, raw=True)

    def close(self) -> None:
        """Finish the file."""
        with self._lock:
            self._writer.close()


def _offered(qos: QoSProfile) -> Any:
    """What `ros2 bag play` publishes with: latched topics stay latched."""
    latched = qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
    reliable = qos.reliability == ReliabilityPolicy.RELIABLE
    forever = QosTime(9223372036, 854775807)
    return Qos(
        QosHistory.KEEP_LAST,
        max(qos.depth, 1),
        QosReliability.RELIABLE if reliable else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        forever,
        forever,
        QosLiveliness.AUTOMATIC,
        forever,
        False,
    )
