"""Help for tests on a live graph: a probe node that hears topics, waits, and calls services."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from aura_ros.nodes.messages import message_class
from aura_ros.nodes.topics import RELIABLE

TIMEOUT_S = 20.0


class Probe:
    """A node in this process. Messages of every topic heard are kept in order with arrival."""

    def __init__(self, name: str = "probe", namespace: str = "", **options: Any) -> None:
        if not rclpy.ok():
            rclpy.init()
        self.node = Node(name, namespace=namespace, **options)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.heard: dict[str, list[tuple[float, Any]]] = {}

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self.node.destroy_node()

    def hear(self, topic: str, kind: str, qos: Any = RELIABLE) -> list[tuple[float, Any]]:
        """Subscribe; the list of (monotonic arrival, message) grows while spinning."""
        kept: list[tuple[float, Any]] = self.heard.setdefault(topic, [])
        self.node.create_subscription(
            message_class(kind), topic, lambda m: kept.append((time.monotonic(), m)), qos
        )
        return kept

    def publisher(self, topic: str, kind: str, qos: Any = RELIABLE) -> Any:
        """A publisher of ``kind``."""
        return self.node.create_publisher(message_class(kind), topic, qos)

    def spin(self, seconds: float = 0.01) -> None:
        """One turn of the executor."""
        self._executor.spin_once(timeout_sec=seconds)

    def until(self, what: Callable[[], Any], why: str, timeout_s: float = TIMEOUT_S) -> Any:
        """Spin until ``what()`` is true and return it; fail with ``why`` after the time-out."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            result = what()
            if result:
                return result
            self.spin()
        raise AssertionError(f"not within {timeout_s:g} s: {why}")

    def call(self, service: str, kind: Any, timeout_s: float = TIMEOUT_S, **fields: Any) -> Any:
        """Call a service and return its response."""
        client = self.node.create_client(kind, service)
        self.until(client.service_is_ready, f"service {service}", timeout_s)
        future = client.call_async(kind.Request(**fields))
        self.until(future.done, f"answer of {service}", timeout_s)
        self.node.destroy_client(client)
        return future.result()
