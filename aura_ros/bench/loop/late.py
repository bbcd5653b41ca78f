"""Answers that come late, in simulated time."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

# Apart from other noise, which is drawn by (seed, request).
LATENCY_STREAM = 1


class Late(Generic[T]):
    """Answers on their way. That to the k-th request of an episode takes the same time whoever
    asks: it is drawn by (seed, k), uniformly within ``jitter`` (a share) of ``latency_ns``."""

    def __init__(self, latency_ns: int, jitter: float, seed: int) -> None:
        self._latency_ns, self._jitter, self._seed = latency_ns, jitter, seed
        self._coming: list[tuple[int, int, T]] = []

    def __len__(self) -> int:
        return len(self._coming)

    def takes_ns(self, request: int) -> int:
        """How long the answer to a request takes [ns]."""
        draw = np.random.default_rng((self._seed, request, LATENCY_STREAM)).uniform(-1, 1)
        return round(self._latency_ns * (1 + self._jitter * float(draw)))

    def add(self, now_ns: int, request: int, answer: T) -> None:
        """The answer to a request that left at ``now_ns``."""
        heapq.heappush(self._coming, (now_ns + self.takes_ns(request), request, answer))

    def arrived(self, now_ns: int) -> list[T]:
        """Answers due by ``now_ns``, in order of arrival."""
        due = []
        while self._coming and self._coming[0][0] <= now_ns:
            due.append(heapq.heappop(self._coming)[2])
        return due
