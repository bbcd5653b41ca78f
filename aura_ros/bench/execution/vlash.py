"""VLASH: the policy is told the state in which its chunk will begin.

Tang et al., "VLASH: Real-Time VLAs via Future-State-Aware Asynchronous Inference"
(arXiv:2512.01031); mit-han-lab/vlash, ``vlash/run.py`` (``VLASHAsyncManager``).
"""

from __future__ import annotations

import numpy as np

from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.rows import Commanded, Requests, RowClock
from aura_ros.policy.latency import LatencyEstimate
from aura_ros.types import NS, ActionChunk, Array, KinematicState


class Vlash:
    """The next chunk replaces the present one after a number of rows known when it is asked for.

    A request leaves when a chunk begins, d rows before the next switch (``n_action_steps`` equal
    to ``inference_overlap_steps``: the quickest that VLASH allows). The published overlap is a
    setting; here it is the 95th percentile of recent delays. At the switch row 0 is executed. If
    the chunk is not there yet the loop blocks: the last row is held, also if old rows are left.
    Without rows the state is that of now and the answer starts when it comes.
    """

    def __init__(self, setup: Setup) -> None:
        self._period_ns = setup.robot.row_period_ns
        self._clock = RowClock(self._period_ns)
        self._commanded = Commanded(setup)
        self._latency: LatencyEstimate | None = None
        self._requests: Requests[int] = Requests()
        self._rows = np.empty((0, len(setup.rest)))
        self._index = 0
        self._next_rows: Array | None = None
        self._switch: int | None = None
        self._last_order = (-1, -1, -1)
        self._rate = 0.0

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """One request at a time, and none while the next chunk waits for its switch."""
        return in_flight == 0 and not self._waits(self._clock.step(now_ns))

    def asked(self, now_ns: int) -> KinematicState:
        """The state after the rows that will be executed until the switch."""
        step = self._clock.step(now_ns)
        self._take(step)
        if self._switch is not None and step >= self._switch:
            self._rows, self._index = self._rows[:0], 0
        delay = self._overlap() if self._left() else 0
        self._switch = step + delay
        self._requests.add(now_ns)
        return self._ahead(delay, now_ns) if delay else self._commanded.state(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """Kept until the switch; what answers an older request is too late."""
        if chunk.order <= self._last_order or not self._requests.is_last(chunk):
            return
        self._last_order = chunk.order
        took_ns = now_ns - self._requests.of(chunk)
        # The first answer is warm-up: it serves only until there is another.
        self._latency = self._latency or LatencyEstimate(took_ns)
        self._latency.add(took_ns)
        self._next_rows = chunk.rows

    def row(self, now_ns: int) -> Array:
        """The row for this period, or the last one again while there is none or the loop blocks."""
        step = self._clock.step(now_ns)
        self._take(step)
        blocked = self._switch is not None and step >= self._switch
        if blocked or not self._left():
            self._rate = 0.0
            return self._commanded.hold()
        self._rate = 1.0
        self._index += 1
        return self._commanded.add(self._rows[self._index - 1])

    @property
    def rate(self) -> float:
        """As ``RowExecutor.rate``."""
        return self._rate

    def _overlap(self) -> int:
        p95_ns = self._latency.p95_ns if self._latency else 0
        return max(-(-p95_ns // self._period_ns), 1)

    def _left(self) -> int:
        return len(self._rows) - self._index

    def _waits(self, step: int) -> bool:
        return self._next_rows is not None and self._switch is not None and step < self._switch

    def _take(self, step: int) -> None:
        if self._next_rows is not None and not self._waits(step):
            self._rows, self._index = self._next_rows, 0
            self._next_rows = self._switch = None

    def _ahead(self, delay: int, now_ns: int) -> KinematicState:
        reached = self._index + delay - 1 + np.array([-1, 0, 1])
        before, here, after = self._rows[np.clip(reached, 0, len(self._rows) - 1)]
        # The row after it is known as well: the velocity is that at the row, not before it.
        velocity = (after - before) / (2 * self._period_ns / NS)
        time_ns = now_ns + delay * self._period_ns
        return KinematicState(time_ns, here, velocity, np.zeros_like(here))
