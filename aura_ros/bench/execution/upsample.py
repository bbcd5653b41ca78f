"""The upsampler that all published methods share: straight lines between their rows."""

from __future__ import annotations

from aura_ros.bench.execution.executor import RowExecutor, Setup
from aura_ros.types import ActionChunk, Array, KinematicState


class Upsampled:
    """An Executor out of a RowExecutor: each row is reached one row period after it was given.

    Row periods are counted from the first call, whatever ticks come between them. The method is
    asked for a row, and whether it wants to ask the policy, at the first tick of each.
    """

    def __init__(self, executor: RowExecutor, setup: Setup) -> None:
        self._executor = executor
        self._period_ns = setup.robot.row_period_ns
        self._origin_ns: int | None = None
        self._rows = 0
        self._consulted = (-1, 0)
        self._from = self._to = setup.rest

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """As ``Executor.wants``: true only at the first tick of a row period."""
        period = self._period_at(now_ns)
        if self._consulted[0] == period and self._consulted[1] != now_ns:
            return False
        self._consulted = (period, now_ns)
        return self._executor.wants(now_ns, in_flight)

    def asked(self, now_ns: int) -> KinematicState:
        """As ``Executor.asked``; rows begin with the row period that has begun."""
        return self._executor.asked(self._begin(self._period_at(now_ns)))

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """As ``Executor.receive``."""
        self._executor.receive(chunk, now_ns)

    def command(self, now_ns: int) -> Array:
        """As ``Executor.command``."""
        period = self._period_at(now_ns)
        while self._rows <= period:
            self._from, self._to = self._to, self._executor.row(self._begin(self._rows))
            self._rows += 1
        share = (now_ns - self._begin(period)) / self._period_ns
        return self._from + share * (self._to - self._from)

    @property
    def rate(self) -> float:
        """As ``Executor.rate``."""
        return self._executor.rate

    def _period_at(self, now_ns: int) -> int:
        if self._origin_ns is None:
            self._origin_ns = now_ns
        return (now_ns - self._origin_ns) // self._period_ns

    def _begin(self, period: int) -> int:
        return (self._origin_ns or 0) + period * self._period_ns
