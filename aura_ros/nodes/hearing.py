"""What a node hears: messages become values, and what is wrong with them is said."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from rclpy.node import Node

from aura_ros.conversions import ConversionError
from aura_ros.nodes.authenticity import Authenticity
from aura_ros.nodes.inputs import Input, ahead, is_of_another_time
from aura_ros.nodes.messages import message_class
from aura_ros.types import NS, Now


class Listener(Protocol):
    """Who takes what was heard."""

    def now(self) -> Now:
        """ROS time and steady time."""

    def hear(self, value: Any) -> None:
        """A value was heard."""

    def refuse(self, spec: Input, words: str) -> None:
        """A message is not what its sender wrote, or not from its sender."""


class Hearing:
    """The subscriptions of a node, and what is wrong with its inputs.

    Streams are heard from ``begin`` to ``end``: of them the next message will do. Messages that
    are no values are as good as none.
    """

    def __init__(
        self, node: Node, inputs: Sequence[Input], authenticity: Authenticity, listener: Listener
    ) -> None:
        self._node, self._inputs = node, inputs
        self._authenticity, self._listener = authenticity, listener
        self._open = False
        self._heard_ns: dict[str, int] = {}
        self._bad: dict[str, str] = {}
        self._mended: set[str] = set()
        self._subscriptions = [
            node.create_subscription(
                message_class(spec.message), spec.topic, self._taker(spec), spec.qos
            )
            for spec in inputs
        ]

    def begin(self) -> None:
        """Hear streams too; who is silent is silent since now."""
        self._open = True
        self._heard_ns = {spec.name: time.monotonic_ns() for spec in self._inputs}
        self._bad.clear()
        self._mended.clear()

    def end(self) -> None:
        """Hear streams no more."""
        self._open = False

    def close(self) -> None:
        """Hear nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def problems(self) -> list[str]:
        """What is wrong, bad inputs before silent ones. A bad message is said at least once,
        however soon a good one follows."""
        now_ns = time.monotonic_ns()
        silent = (
            f"{spec.name}: nothing on {self._node.resolve_topic_name(spec.topic)}"
            for spec in self._inputs
            if spec.name not in self._bad
            and now_ns - self._heard_ns[spec.name] > spec.silence_s * NS
        )
        found = [*self._bad.values(), *silent]
        for name in self._mended:
            del self._bad[name]
        self._mended.clear()
        return found

    def _taker(self, spec: Input) -> Callable[[Any], None]:
        is_stream = math.isfinite(spec.silence_s)

        def take(message: Any) -> None:
            if is_stream and not self._open:
                return
            try:
                value = spec.read(message)
            except (ConversionError, ValueError) as error:
                self._blame(spec, str(error))
                return
            words = self._authenticity.check(value, message)
            if words:
                self._blame(spec, f"{spec.name}: {words}")
                self._listener.refuse(spec, words)
                return
            self._heard(spec, value)

        return take

    def _heard(self, spec: Input, value: Any) -> None:
        now = self._listener.now()
        self._heard_ns[spec.name] = now.steady_ns
        problem = ahead(value, now)
        if problem:
            self._blame(spec, f"{spec.name}: {problem}")
        elif spec.name in self._bad:
            self._mended.add(spec.name)
        if value is not None and not is_of_another_time(value, now):
            self._listener.hear(value)

    def _blame(self, spec: Input, words: str) -> None:
        if self._bad.get(spec.name) != words:
            self._node.get_logger().error(f"{spec.topic}: {words}")
        self._bad[spec.name] = words
        self._mended.discard(spec.name)
