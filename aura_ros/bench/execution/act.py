"""Temporal ensembling of ACT.

Zhao et al., "Learning Fine-Grained Bimanual Manipulation with Low-Cost Hardware"
(arXiv:2304.13705); tonyzhaozh/act, ``imitate_episodes.py``, ``temporal_agg``.
"""

from __future__ import annotations

import numpy as np

from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.rows import Commanded, Requests, RowClock
from aura_ros.types import ActionChunk, Array, KinematicState

# k of the published code: the larger, the less newer chunks count.
DECAY = 0.01


class TemporalEnsemble:
    """Weighted mean of what all chunks say for a row period, grippers included.

    The weights are exp(-0.01 i), i = 0 for the chunk that was asked for first. The published
    loop asks every step and waits for the answer; here it asks every step as far as requests
    may be in flight, and what has not arrived has no vote.
    """

    def __init__(self, setup: Setup) -> None:
        self._in_flight = setup.in_flight
        self._clock = RowClock(setup.robot.row_period_ns)
        self._commanded = Commanded(setup)
        self._requests: Requests[int] = Requests()
        self._chunks: dict[int, Array] = {}
        self._rate = 0.0

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """Every step, as far as requests may be in flight."""
        return in_flight < self._in_flight

    def asked(self, now_ns: int) -> KinematicState:
        """The last command."""
        self._requests.add(self._clock.step(now_ns))
        return self._commanded.state(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """Kept under the step of its question, as the published table of all actions is."""
        self._chunks[self._requests.of(chunk)] = chunk.rows

    def row(self, now_ns: int) -> Array:
        """The ensemble for this period, or the last row where no chunk reaches."""
        step = self._clock.step(now_ns)
        self._chunks = {s: rows for s, rows in self._chunks.items() if s + len(rows) > step}
        votes = [self._chunks[s][step - s] for s in sorted(self._chunks) if s <= step]
        self._rate = 1.0 if votes else 0.0
        return self._commanded.add(ensemble(np.array(votes))) if votes else self._commanded.hold()

    @property
    def rate(self) -> float:
        """As ``RowExecutor.rate``."""
        return self._rate


def ensemble(votes: Array) -> Array:
    """Mean (n,) of ``votes`` (m, n), oldest first, weighted by exp(-0.01 i)."""
    weights = np.exp(-DECAY * np.arange(len(votes)))
    return np.asarray((weights / weights.sum()) @ votes)
