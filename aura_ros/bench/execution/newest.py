"""Naive asynchronous execution: the newest chunk replaces the one before, whatever it says.

The baseline of Black et al., "Real-Time Execution of Action Chunking Flow Policies"
(arXiv:2506.07339), and ``latest_only`` of LeRobot's asynchronous inference.
"""

from __future__ import annotations

from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.rows import Commanded, Requests, RowClock
from aura_ros.types import ActionChunk, Array, KinematicState


class Newest:
    """Rows are indexed by the row periods since the observation; after them, the last is held."""

    def __init__(self, setup: Setup) -> None:
        self._in_flight = setup.in_flight
        self._clock = RowClock(setup.robot.row_period_ns)
        self._commanded = Commanded(setup)
        self._requests: Requests[int] = Requests()
        self._chunk: ActionChunk | None = None
        self._start = 0
        self._rate = 0.0

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """Always, as far as requests may be in flight."""
        return in_flight < self._in_flight

    def asked(self, now_ns: int) -> KinematicState:
        """The last command."""
        self._requests.add(self._clock.step(now_ns))
        return self._commanded.state(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """Replaces every older chunk at once."""
        if self._chunk is None or chunk.order > self._chunk.order:
            self._chunk, self._start = chunk, self._requests.of(chunk)

    def row(self, now_ns: int) -> Array:
        """The row that the newest chunk holds for this period."""
        index = self._clock.step(now_ns) - self._start
        if self._chunk is None or index >= len(self._chunk.rows):
            self._rate = 0.0
            return self._commanded.hold()
        self._rate = 1.0
        return self._commanded.add(self._chunk.rows[index])

    @property
    def rate(self) -> float:
        """As ``RowExecutor.rate``."""
        return self._rate
