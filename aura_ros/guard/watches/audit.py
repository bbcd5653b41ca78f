"""What cannot be written down does not happen."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.watch import Watch
from aura_ros.types import AuditState, Check, Decision, Now


class Audit(Watch):
    """Value: 1 while the audit log cannot be written; limit 0."""

    name = "audit"

    def __init__(self, setup: Setup) -> None:
        self._fault = ""

    def hear(self, value: Any, now: Now) -> None:
        """How the audit log is."""
        if isinstance(value, AuditState):
            self._fault = value.fault

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        if not self._fault:
            return (passed(self.name, 0, 0),)
        return (failed(self.name, 1, 0, Decision.HOLD, f"audit log: {self._fault}"),)
