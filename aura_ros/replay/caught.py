"""What the guard did about a fault that was injected.

A catch is a verdict other than ALLOW on a faulty chunk or its plan, or a mode that does not move,
after the fault began. It is in time within a second, or before the first faulty row would be
executed. What the fuser refused before the guard saw a plan is no catch of the guard's. A
correction (CLAMP, SLOW) is a catch of what it took away; that it was committed is counted apart,
since the rest of a fault moves on with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any

from aura_ros.figures import Metric
from aura_ros.guard.mode import MOVING
from aura_ros.replay.faults import Fault
from aura_ros.types import (
    NS,
    ActionChunk,
    Commitment,
    Decision,
    FuserStatus,
    GuardStatus,
    Mode,
    Now,
    Verdict,
)

IN_TIME_S = 1.0
MODE = "mode"
"""The reason where nothing moves anyway: what brought that about is the catch, if it is one."""


@dataclass(frozen=True)
class Catch:
    """The first word of the guard: its ``decision`` or mode, the reason, how long after the fault
    began [s], and whether that was in time."""

    decision: str
    by: str
    after_s: float
    in_time: bool


class Caught:
    """Takes every decision, and counts what became of faulty chunks."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.catch: Catch | None = None
        self.faulty = self.refused = self.committed = self.fuser_refused = self.corrected = 0
        self.before = 0
        """Words against motion before the fault began: false alarms."""
        self._pending = self._correction = ""
        self._mode: Mode | None = None
        self._counts: dict[str, int] = {}

    def metrics(self) -> dict[str, Metric]:
        """Figures for the summary; ``caught`` is 1 for a catch in time."""
        catch = self.catch or Catch("", "", 0.0, False)
        return {
            "injected": self.fault.injected.text,
            "injected_began": int(self.fault.began_ns is not None),
            "caught": int(catch.in_time),
            "caught_decision": catch.decision,
            "caught_by": catch.by,
            "caught_after_s": catch.after_s,
            "faulty_chunks": self.faulty,
            "faulty_refused": self.refused,
            "faulty_fuser_refused": self.fuser_refused,
            "faulty_corrected": self.corrected,
            "faulty_committed": self.committed,
            "blocked_before_fault": self.before,
        }

    @singledispatchmethod
    def take(self, value: Any, now: Now) -> None:
        """Look at one decision; most kinds say nothing here."""

    @take.register
    def _(self, value: ActionChunk, now: Now) -> None:
        self._pending = value.digest if self.fault.faulty else ""
        self.faulty += self.fault.faulty

    @take.register
    def _(self, value: Verdict, now: Now) -> None:
        if value.decision == Decision.ALLOW:
            return
        if value.chunk_digest == self._pending:
            self._pending = ""
            self.refused += 1
            self._correction = value.correction.digest if value.correction else ""
            if value.reason != MODE:
                self._found(value.decision.name, value.reason, now)
        elif self.fault.began_ns is None:
            self.before += 1

    @take.register
    def _(self, value: Commitment, now: Now) -> None:
        if self._pending and value.plan.chunk_digest == self._pending:
            self._pending = ""
            self.committed += 1
        elif self._correction and value.plan.chunk_digest == self._correction:
            self._correction = ""
            self.corrected += 1

    @take.register
    def _(self, value: FuserStatus, now: Now) -> None:
        grown = [code for code, n in value.refused.items() if n > self._counts.get(code, 0)]
        self._counts = dict(value.refused)
        if self._pending and any(not code.startswith("guard_") for code in grown):
            self._pending = ""
            self.fuser_refused += 1

    @take.register
    def _(self, value: GuardStatus, now: Now) -> None:
        if value.mode not in MOVING and self._mode in MOVING:
            failing = [check.name for check in value.checks if not check.passed]
            if self.fault.began_ns is None:
                self.before += 1
            else:
                self._found(value.mode.name, failing[0] if failing else value.reason, now)
        self._mode = value.mode

    def _found(self, decision: str, by: str, now: Now) -> None:
        if self.catch is not None or self.fault.began_ns is None:
            return
        after_s = (now.steady_ns - self.fault.began_ns) / NS
        due_ns = self.fault.due_ns
        early = due_ns is not None and now.ros_ns < due_ns
        self.catch = Catch(decision, by, after_s, early or after_s <= IN_TIME_S)
