"""What published methods have in common: numbered row periods, requests, the last command."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from aura_ros.bench.execution.executor import Setup
from aura_ros.types import NS, ActionChunk, Array, KinematicState

T = TypeVar("T")


class RowClock:
    """Numbers the row periods; number 0 begins at the first time that is looked up."""

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._origin_ns: int | None = None

    def step(self, time_ns: int) -> int:
        """The row period that begins nearest to ``time_ns``."""
        if self._origin_ns is None:
            self._origin_ns = time_ns
        return round((time_ns - self._origin_ns) / self._period_ns)


class Requests(Generic[T]):
    """What is to be known of each request when its answer comes.

    Answers are matched by number, as remote calls are, never by stamps: none of the published
    methods compares the clocks of two machines to place a chunk. The k-th chunk asked for has
    sequence k, counted from 1.
    """

    def __init__(self) -> None:
        self._known: list[T] = []

    def add(self, known: T) -> None:
        """One request leaves."""
        self._known.append(known)

    def of(self, chunk: ActionChunk) -> T:
        """What was known when ``chunk`` was asked for. Raises ValueError if it never was."""
        if not 1 <= chunk.sequence <= len(self._known):
            raise ValueError(
                f"chunk {chunk.sequence} answers no request: {len(self._known)} were made, "
                "numbered from 1"
            )
        return self._known[chunk.sequence - 1]

    def is_last(self, chunk: ActionChunk) -> bool:
        """Whether ``chunk`` answers the last request."""
        return chunk.sequence == len(self._known)


class Commanded:
    """The last two rows that were commanded, each of shape (n,)."""

    def __init__(self, setup: Setup) -> None:
        self._period_s = setup.robot.row_period_ns / NS
        self._last = self._before = setup.rest

    def add(self, row: Array) -> Array:
        """Remember ``row`` (n,) as the newest; returns it."""
        self._before, self._last = self._last, row
        return row

    def hold(self) -> Array:
        """Command the last row once more."""
        return self.add(self._last)

    def state(self, now_ns: int) -> KinematicState:
        """What a policy is told: the last row, and the velocity between the last two."""
        return state_of(self._before, self._last, self._period_s, now_ns)


def state_of(before: Array, last: Array, period_s: float, time_ns: int) -> KinematicState:
    """A robot that reaches row ``last`` (n,) one period after row ``before``."""
    return KinematicState(time_ns, last, (last - before) / period_s, np.zeros_like(last))
