"""Faults of transport and of memory: content that was changed on its way, states of the past."""

from __future__ import annotations

from collections import deque
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.memory.memory import Memory
from aura_ros.pipeline import Room
from aura_ros.types import NS, ActionChunk, Now, PolicyFeatures


@dataclass(frozen=True)
class Changed:
    """A chunk that was changed on its way: what its sender wrote, and what arrives."""

    sent: ActionChunk
    arrives: ActionChunk


class TamperedDigest(Fault):
    """A chunk is changed after its digest was written: a row, all rows, or when it begins."""

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """What arrives."""
        return [Changed(chunk, self._other(chunk))] if self.strikes(now) else [chunk]

    def _other(self, chunk: ActionChunk) -> ActionChunk:
        rows = np.array(chunk.rows)
        if self.severity == 0:
            rows[self.rng.integers(len(rows)), self.rng.integers(7)] += 1e-3
        elif self.severity == 1:
            rows[:, self.rng.integers(7)] += 0.02
        else:
            return replace(chunk, start_ns=chunk.start_ns + NS // 10)
        return replace(chunk, rows=rows)


class MemoryRollback(Fault):
    """The memory is restored from so many updates ago, and goes on from there."""

    back = (1, 3, 6)

    def memory(self) -> Room:
        """A memory that is restored once."""
        return _Restored(self, self.back[self.severity])


class _Restored:
    """A memory that becomes again what it was ``back`` updates before, when the fault strikes."""

    def __init__(self, fault: Fault, back: int) -> None:
        self._fault, self._memory = fault, Memory()
        self._past: deque[Memory] = deque(maxlen=back + 1)
        self._is_done = self._is_used = False
        self.health = self._memory.health

    def handle(self, value: Any, now: Now) -> list[Any]:
        """As ``Room.handle``."""
        if isinstance(value, PolicyFeatures) and not self._is_done:
            # One that was never written is a new memory, which a person may ask for.
            if self._is_used:
                self._past.append(deepcopy(self._memory))
            self._is_used = True
            if len(self._past) == self._past.maxlen and self._fault.strikes(now):
                self._memory, self._is_done = self._past[0], True
        return self._memory.handle(value, now)
