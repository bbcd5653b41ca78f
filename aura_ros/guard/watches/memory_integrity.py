"""The memory is one history: nobody rolled it back, cut it or wrote into it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, failed, passed
from aura_ros.guard.watch import Watch
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import NS, Check, ClockJump, Decision, MemoryState, Now, PolicyFeatures, Reset

OPTIONS = Table(
    {
        "norm": Field(
            Number(0.0, above=True),
            "largest Frobenius norm of the state; 5,000 random writes reach 6 (aura_ros/memory)",
            20.0,
        )
    }
)


class MemoryIntegrity(Watch):
    """``memory_integrity``: value: states that do not follow from the one before; limit 0, until
    a person resets. ``memory_norm``: value: norm of the state; limit: its option.

    Within a session of the memory updates and stamps only grow, and every state names the digest
    of the one before it. The state is emptied where an episode begins, or where a person reset
    the memory: then its updates begin anew. A memory that says nothing is not missed. A state
    about an observation of a time to come is of no history: where the clock jumped back the
    memory may hear of it last. It counts until the next state.
    """

    name = "memory_integrity"

    def __init__(self, setup: Setup) -> None:
        self._decision, self._limit = setup.decision, float(setup.options["norm"])
        self._settings = setup.settings
        self._forget()

    def _forget(self) -> None:
        self._last: MemoryState | None = None
        self._empty = ""
        self._features: tuple[int, int, int] | None = None
        self._episode: tuple[int, int] | None = None
        self._norm, self._faults, self._words = 0.0, 0, ""
        self._ahead = ""

    def hear(self, value: Any, now: Now) -> None:
        """States, and the features that they answer to."""
        if isinstance(value, PolicyFeatures):
            self._features = (value.session, value.episode, value.sequence)
        elif isinstance(value, MemoryState):
            self._ahead = self._of_another_time(value, now)
            if not self._ahead:
                self._take(value)
        elif isinstance(value, ClockJump | Reset):
            self._forget()

    def checks(self, now: Now) -> tuple[Check, ...]:
        """The history, and the size of the state."""
        words = f"the state has norm {self._norm:.1f}"
        norm = below("memory_norm", self._norm, self._limit, words, self._decision)
        if not self._faults and self._ahead:
            return (failed(self.name, 1, 0, self._decision, self._ahead), norm)
        if not self._faults:
            return (passed(self.name, 0, 0), norm)
        words = f"{self._words}: call ~/reset of memory and guard"
        return (failed(self.name, self._faults, 0, self._decision, words), norm)

    def _of_another_time(self, state: MemoryState, now: Now) -> str:
        ahead_s = (state.stamp_ns - now.ros_ns) / NS
        if ahead_s <= self._settings().clock_tolerance:
            return ""
        words = f"is about an observation {ahead_s:.3f} s ahead of the clock"
        return f"memory state {state.sequence} {words}"

    def _take(self, state: MemoryState) -> None:
        self._norm = state.state_norm
        begins = self._may_begin(state)
        words = _not_finite(state) or self._disorder(state) or self._break(state, begins)
        if words:
            self._faults += 1
            self._words = f"memory state {state.sequence} {words}"
            return
        if state.updates == 1 or (self._follows(state) and self._is_cut(state)):
            self._empty = state.previous_digest
        self._last = state
        if self._features is not None:
            self._episode = self._features[:2]

    def _may_begin(self, state: MemoryState) -> bool:
        """Whether the state may have been emptied before this update."""
        if self._last is None or state.updates == 1 or self._features is None:
            return True
        # Of features that are still on their way the episode is not known.
        return self._features[2] != state.sequence or self._features[:2] != self._episode

    def _disorder(self, state: MemoryState) -> str:
        last = self._last
        if last is None:
            return ""
        if state.session < last.session:
            return "is of a process before the present one"
        if state.stamp_ns <= last.stamp_ns:
            return "is about an observation that was remembered before"
        is_new = state.session > last.session
        if not is_new and state.updates <= last.updates and state.updates != 1:
            return f"goes back: {state.updates} updates after {last.updates}"
        # Numbers of features begin anew with their policy, which the guard may hear of late.
        return ""

    def _break(self, state: MemoryState, begins: bool) -> str:
        """Why the state does not follow from the last one."""
        if not state.previous_digest:
            return "names no state before it"
        if not state.wrote and state.state_digest != state.previous_digest:
            return "changed without a write"
        if not self._follows(state) or not self._is_cut(state):
            return ""
        if begins and self._empty in ("", state.previous_digest):
            return ""
        return "does not continue the state before it"

    def _follows(self, state: MemoryState) -> bool:
        """Whether it is the very next state; between others some were not heard."""
        last = self._last
        if last is None or state.session != last.session:
            return False
        return state.updates == last.updates + 1

    def _is_cut(self, state: MemoryState) -> bool:
        """Whether the state before it was not the last one."""
        return self._last is not None and state.previous_digest != self._last.state_digest


def _not_finite(state: MemoryState) -> str:
    numbers = math.isfinite(state.prediction_error) and math.isfinite(state.state_norm)
    return "" if numbers and np.isfinite(state.readout).all() else "is not finite"


ENTRY = Entry(MemoryIntegrity.name, Stage.WORLD, MemoryIntegrity, Decision.HOLD, OPTIONS)
