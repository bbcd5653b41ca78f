"""Rules about the course of a run, in past-time signal temporal logic."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.temporal.rules import OPTIONS
from aura_ros.guard.temporal.run import Run
from aura_ros.guard.watch import Watch
from aura_ros.types import Check, Decision, Now


class Temporal(Watch):
    """One check a rule, ``temporal/NAME``: value: minus the robustness at the last tick; limit 0.

    A rule with a signal that was never heard, went silent or is no number gives at least HOLD.
    """

    name = "temporal"

    def __init__(self, setup: Setup) -> None:
        self._run = Run(setup)

    def hear(self, value: Any, now: Now) -> None:
        """Whatever the rules may speak of, and ticks, at which they are judged."""
        self._run.hear(value, now)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check a rule."""
        standings = self._run.standings
        return tuple(standing.check(f"{self.name}/{standing.rule.name}") for standing in standings)


ENTRY = Entry(Temporal.name, Stage.WORLD, Temporal, Decision.HOLD, OPTIONS, automatic=False)
