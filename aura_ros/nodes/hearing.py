"""What was heard of a node's inputs, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node

from aura_ros.nodes.inputs import Input
from aura_ros.types import NS


class Hearing:
    """The inputs of a node since ``start_ns`` (steady)."""

    def __init__(self, node: Node, inputs: Sequence[Input] = (), start_ns: int = 0) -> None:
        self._node, self._inputs = node, inputs
        self._heard_ns = {spec.name: start_ns for spec in inputs}
        self._bad: dict[str, str] = {}

    def heard(self, spec: Input, now_ns: int, problem: str = "") -> None:
        """A usable value arrived, perhaps with something to say against it."""
        self._heard_ns[spec.name] = now_ns
        if problem:
            self.blame(spec, f"{spec.name}: {problem}")
        else:
            self._bad.pop(spec.name, None)

    def blame(self, spec: Input, words: str) -> None:
        """Say what is wrong with an input; a message that is no value is as good as none."""
        if self._bad.get(spec.name) != words:
            self._node.get_logger().error(f"{spec.topic}: {words}")
        self._bad[spec.name] = words

    def problems(self, now_ns: int) -> list[str]:
        """What is wrong now: bad inputs, then silent ones."""
        silent = (
            f"{spec.name}: nothing on {self._node.resolve_topic_name(spec.topic)}"
            for spec in self._inputs
            if spec.name not in self._bad
            and now_ns - self._heard_ns[spec.name] > spec.silence_s * NS
        )
        return [*self._bad.values(), *silent]
