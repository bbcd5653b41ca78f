"""The memory as a deterministic core: features in, readout and cost out."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.memory.gate import ErrorThresholdGate
from aura_ros.memory.state import State, project
from aura_ros.settings import validated
from aura_ros.types import (
    ClockJump,
    Configure,
    Health,
    Level,
    MemoryState,
    Now,
    PolicyFeatures,
    Reset,
    SetEnabled,
    Tick,
)


class Memory:
    """One robot's memory. A new episode (instruction) begins with an empty state.

    ``session`` distinguishes this process from its predecessors.
    """

    def __init__(self, gate: ErrorThresholdGate | None = None, session: int = 0) -> None:
        self._gate = gate or ErrorThresholdGate()
        self._session = session
        self._enabled = True
        self._start_anew()

    def _start_anew(self) -> None:
        self._state = State()
        self._episode: tuple[int, int] | None = None
        self._updates = self._writes = 0
        self._problem = ""

    @singledispatchmethod
    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        raise TypeError(f"the memory takes no {type(value).__name__}")

    @handle.register
    def _(self, value: PolicyFeatures, now: Now) -> list[Any]:
        if not self._enabled or self._is_bad(value):
            return []
        if (value.session, value.episode) != self._episode:
            self._state, self._episode = State(), (value.session, value.episode)
        before = self._state.digest
        key, content = project(value.embedding)
        readout = self._state.recall(key)
        error = self._gate.error(self._state, key, content)
        wrote = self._gate.opens(error)
        if wrote:
            self._state = self._state.written(key, content)
        self._updates += 1
        self._writes += wrote
        return [
            MemoryState(
                value.sequence,
                value.stamp_ns,
                readout.astype(np.float64),
                error,
                wrote,
                self._updates,
                self._writes,
                self._writes * self._state.size_bytes,
                self._state.size_bytes,
                self._state.digest,
                self._session,
                before,
                self._state.norm,
            )
        ]

    @handle.register
    def _(self, value: Reset | ClockJump, now: Now) -> list[Any]:
        self._start_anew()
        return []

    @handle.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        self._enabled = value.enabled
        return []

    @handle.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        return []

    @handle.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._gate = validated(ErrorThresholdGate, value.values)
        return []

    def _is_bad(self, value: PolicyFeatures) -> bool:
        self._problem = ""
        if not len(value.embedding) or not np.isfinite(value.embedding).all():
            self._problem = f"features {value.sequence} are empty or not finite: not written"
        elif self._episode is not None and (value.session, value.episode) < self._episode:
            self._problem = f"features of an earlier episode {value.episode}: not written"
        return bool(self._problem)

    def health(self, now: Now) -> Health:
        """Writes and bytes, and what is wrong."""
        values = {
            "updates": str(self._updates),
            "writes": str(self._writes),
            "bytes_written": str(self._writes * self._state.size_bytes),
            "state_bytes": str(self._state.size_bytes),
        }
        if self._problem:
            return Health(Level.WARN, self._problem, values)
        if not self._enabled:
            return Health(Level.WARN, "disabled: the policy runs without readout", values)
        words = "remembers" if self._updates else "waits for features of the policy"
        return Health(Level.OK, words, values)
