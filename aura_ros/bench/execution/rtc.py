"""Real-time chunking, as far as it can be had without the policy's gradients.

Black, Galliker and Levine, "Real-Time Execution of Action Chunking Flow Policies"
(arXiv:2506.07339), algorithm 1 and equation 5; Physical-Intelligence/
real-time-chunking-kinetix, ``src/model.py`` (``get_prefix_weights``, schedule ``exp``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.rows import Commanded, Requests, RowClock
from aura_ros.types import ActionChunk, Array, KinematicState

# Delays of which the largest is expected next (b of the paper).
DELAYS = 10
# Rows executed of a chunk before the next is asked for (s_min of the paper).
LEAST_EXECUTED = 1


@dataclass(frozen=True)
class _Asked:
    step: int
    delay: int
    left: Array


class RealTimeChunking:
    """A surrogate of RTC: old and new rows are blended with the weights that guide inpainting.

    When a request leaves, the d rows expected to pass before its answer are frozen, and of the
    other rows left the policy is drawn to the old ones by weights that decay to 0 at their end.
    RTC pulls the samples of a flow toward them, so that the rest of the chunk follows; here the
    rows themselves are blended, in all columns alike, and the rest stays as it is. Beyond d rows
    of delay the switch is a step, in RTC too.
    """

    def __init__(self, setup: Setup) -> None:
        self._clock = RowClock(setup.robot.row_period_ns)
        self._commanded = Commanded(setup)
        self._requests: Requests[_Asked] = Requests()
        self._delays = deque([0], maxlen=DELAYS)
        self._rows = np.empty((0, len(setup.rest)))
        self._start = self._next = 0
        self._last_order = (-1, -1, -1)
        self._rate = 0.0

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """One request at a time, each conditioned on the chunk before it."""
        executed = self._clock.step(now_ns) - self._start
        return in_flight == 0 and (not len(self._rows) or executed >= LEAST_EXECUTED)

    def asked(self, now_ns: int) -> KinematicState:
        """The last command."""
        step = self._clock.step(now_ns)
        left = self._rows[min(step - self._start, len(self._rows)) :]
        self._requests.add(_Asked(step, min(max(self._delays), len(left)), left))
        return self._commanded.state(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """Switches at once to the rows that go on from the old ones."""
        if chunk.order <= self._last_order:
            return
        asked = self._requests.of(chunk)
        self._last_order = chunk.order
        self._delays.append(self._next - asked.step)
        self._rows, self._start = inpainted(chunk.rows, asked.left, asked.delay), asked.step

    def row(self, now_ns: int) -> Array:
        """The row for this period, or the last one again."""
        step = self._clock.step(now_ns)
        self._next = step + 1
        index = step - self._start
        self._rate = 1.0 if index < len(self._rows) else 0.0
        return self._commanded.add(self._rows[index]) if self._rate else self._commanded.hold()

    @property
    def rate(self) -> float:
        """As ``RowExecutor.rate``."""
        return self._rate


def prefix_weights(delay: int, left: int, total: int) -> Array:
    """Weights (total,) of the old rows: 1 for the first ``delay``, 0 from ``left`` on.

    Between them c (e^c - 1) / (e - 1), c falling linearly.
    """
    i = np.arange(total)
    c = np.clip((delay - 1 - i) / (left - delay + 1) + 1, 0.0, 1.0)
    return np.where(i < left, c * np.expm1(c) / np.expm1(1.0), 0.0)


def inpainted(rows: Array, left: Array, delay: int) -> Array:
    """``rows`` (H, n) drawn to ``left`` (m, n), the old rows of the same periods."""
    shared = min(len(left), len(rows))
    weights = prefix_weights(delay, len(left), shared)[:, None]
    blended = rows[:shared] + weights * (left[:shared] - rows[:shared])
    return np.concatenate([blended, rows[shared:]])
