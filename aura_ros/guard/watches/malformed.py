"""Chunks that are malformed one after another mean that their source is broken."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import below
from aura_ros.guard.watch import Judged, Watch
from aura_ros.types import Check, ClockJump, Decision, Now, Reset


class Malformed(Watch):
    """Value: malformed chunks in a row; limit: one less than ``malformed_streak``."""

    name = "malformed_streak"

    def __init__(self, setup: Setup) -> None:
        self._settings = setup.settings
        self._streak = 0

    def hear(self, value: Any, now: Now) -> None:
        """How the schema of a chunk was judged."""
        if isinstance(value, Judged):
            bad = any(check.name == "schema" and not check.passed for check in value.checks)
            self._streak = self._streak + 1 if bad else 0
        elif isinstance(value, ClockJump | Reset):
            self._streak = 0

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        words = "chunk after chunk is malformed: see the verdicts"
        limit = self._settings().malformed_streak - 1
        return (below(self.name, self._streak, limit, words, Decision.HOLD),)
