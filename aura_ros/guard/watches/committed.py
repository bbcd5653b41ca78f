"""Only motion that the guard has allowed is committed."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.watch import Stray, Watch
from aura_ros.types import Check, ClockJump, Commitment, Decision, Now


class Committed(Watch):
    """Value: 1 while committed motion goes on that the guard did not allow and that is no stop of
    what it did; limit 0."""

    name = "committed"

    def __init__(self, setup: Setup) -> None:
        self._stray: Stray | None = None

    def hear(self, value: Any, now: Now) -> None:
        """What is committed, and what is not what was allowed."""
        if isinstance(value, Stray):
            self._stray = value
        elif isinstance(value, Commitment | ClockJump):
            self._stray = None

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        if self._stray is None or now.ros_ns >= self._stray.until_ns:
            return (passed(self.name, 0, 0),)
        return (failed(self.name, 1, 0, Decision.HOLD, self._stray.words),)
