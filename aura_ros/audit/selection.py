"""What of a guard's turns is recorded: verdicts, changes of lease and mode, what people say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from aura_ros.types import (
    NS,
    Answer,
    Arm,
    AuditState,
    ClockJump,
    Configure,
    Decision,
    GuardStatus,
    Instruction,
    Lease,
    Mode,
    Now,
    Question,
    Reset,
    Retreat,
    SetEnabled,
    Tampered,
    Verdict,
)

# A record: its kind, and the value.
Entry = tuple[str, Any]

ALWAYS = (
    Answer,
    Arm,
    ClockJump,
    Configure,
    Question,
    Reset,
    Retreat,
    SetEnabled,
    Tampered,
    Verdict,
)
# Leases that change nothing are summed up this often.
SUMMED_UP_NS = NS


@dataclass(frozen=True)
class Selection:
    """What was recorded last, against which news are told from repetitions."""

    fault: str = ""
    instruction: str | None = None
    status: tuple[Mode, str, bool, bool] | None = None
    lease: Lease | None = None
    renewed: int = 0
    summed_up_ns: int = 0

    def turn(self, now: Now, value: Any, said: Iterable[Any]) -> tuple[list[Entry], Selection]:
        """The records of one input and of what followed, and the selection once they are
        written."""
        entries: list[Entry] = []
        selection = self
        for item in (value, *said):
            found, selection = selection._take(item, now)
            entries += found
        return entries, selection

    def _take(self, value: Any, now: Now) -> tuple[list[Entry], Selection]:
        if isinstance(value, ALWAYS):
            return [_entry(value)], self
        if isinstance(value, Lease):
            return self._take_lease(value, now)
        if isinstance(value, AuditState) and value.fault != self.fault:
            return [_entry(value)], replace(self, fault=value.fault)
        if isinstance(value, Instruction) and value.text != self.instruction:
            return [_entry(value)], replace(self, instruction=value.text)
        if isinstance(value, GuardStatus):
            return self._take_status(value)
        return [], self

    def _take_status(self, status: GuardStatus) -> tuple[list[Entry], Selection]:
        new = (status.mode, status.rules, status.asking, status.recovering)
        if new == self.status:
            return [], self
        fields = {"asking": status.asking, "mode": status.mode, "reason": status.reason,
                  "recovering": status.recovering, "rules": status.rules}  # fmt: skip
        return [("Mode", fields)], replace(self, status=new)

    def _take_lease(self, lease: Lease, now: Now) -> tuple[list[Entry], Selection]:
        last = self.lease
        if last is None or (last.granted, last.mode) != (lease.granted, lease.mode):
            entries = [*self._summary(), _entry(lease)]
            return entries, replace(self, lease=lease, renewed=0, summed_up_ns=now.steady_ns)
        after = replace(self, lease=lease, renewed=self.renewed + 1)
        if now.steady_ns - self.summed_up_ns < SUMMED_UP_NS:
            return [], after
        return after._summary(), replace(after, renewed=0, summed_up_ns=now.steady_ns)

    def _summary(self) -> list[Entry]:
        if self.lease is None or not self.renewed:
            return []
        fields = {"granted": self.lease.granted, "last": self.lease.sequence,
                  "leases": self.renewed, "session": self.lease.session}  # fmt: skip
        return [("Renewed", fields)]


def is_permission(value: Any) -> bool:
    """Whether ``value`` lets something move: what is not written down must not be said."""
    if isinstance(value, Verdict):
        return value.decision == Decision.ALLOW
    return isinstance(value, Lease) and value.granted


def _entry(value: Any) -> Entry:
    return type(value).__name__, value
