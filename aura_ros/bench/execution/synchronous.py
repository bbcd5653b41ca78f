"""Synchronous execution: the whole chunk, then the next question.

openpi, ``packages/openpi-client/src/openpi_client/action_chunk_broker.py``: the policy is asked
when the rows of the last answer are used up, and the caller waits for it.
"""

from __future__ import annotations

from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.rows import Commanded
from aura_ros.types import ActionChunk, Array, KinematicState


class Synchronous:
    """Asks only when empty; row 0 is executed when the answer comes, however late that is."""

    def __init__(self, setup: Setup) -> None:
        self._commanded = Commanded(setup)
        self._rows: list[Array] = []
        self._last_order = (-1, -1, -1)
        self._rate = 0.0

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """Only without rows, and one question at a time."""
        return not self._rows and in_flight == 0

    def asked(self, now_ns: int) -> KinematicState:
        """The last command, at rest or not."""
        return self._commanded.state(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """The answer to a call; a copy of an older answer has nobody waiting for it."""
        if self._rows or chunk.order <= self._last_order:
            return
        self._last_order = chunk.order
        self._rows = list(chunk.rows)

    def row(self, now_ns: int) -> Array:
        """The next row, or the last one again while the policy thinks."""
        self._rate = 1.0 if self._rows else 0.0
        return self._commanded.add(self._rows.pop(0)) if self._rows else self._commanded.hold()

    @property
    def rate(self) -> float:
        """As ``RowExecutor.rate``."""
        return self._rate
