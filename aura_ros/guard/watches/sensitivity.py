"""The policy's flow leads straight to its rows."""

from __future__ import annotations

import math
from typing import Any

from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, passed, unknown
from aura_ros.guard.ood.debounce import DebouncedLimit
from aura_ros.guard.ood.seen import Seen
from aura_ros.guard.ood.shown import Shown
from aura_ros.guard.risk.calibration import OPTION, part_of
from aura_ros.guard.watch import About, Watch
from aura_ros.robot.spec import Field, Flag, Table
from aura_ros.types import Check, Decision, Now, PolicyFeatures


class SensitivityWatch(Watch):
    """Value: directional sensitivity of the flow (SafeFlow, arXiv 2603.23983), the third largest
    of the last five; limit: its calibrated quantile.

    A policy that shows no flow passes; HOLD with ``require``, and while chunks come from another
    policy than the one that was calibrated. What is shown while motion is held
    does not count.
    """

    name = "sensitivity"
    about = About.POLICY

    def __init__(self, setup: Setup) -> None:
        calibrated: DebouncedLimit
        calibrated, self._policy = part_of(setup, self.name)
        self._decision, self._limit = setup.decision, calibrated.limit
        self._required = bool(setup.options.get("require", False))
        self._shown, self._seen = Shown(), Seen()
        self._known = True

    def hear(self, value: Any, now: Now) -> None:
        """Features, chunks, leases, and where episodes begin."""
        self._seen.hear(value, now)
        self._shown.hear(value)
        self._policy.hear(value)
        if isinstance(value, PolicyFeatures):
            self._known = math.isfinite(value.sensitivity)
            if self._known and self._seen.counts(value.stamp_ns):
                self._seen.take(value.sensitivity)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        if self._policy.fault:
            return (unknown(self.name, f"sensitivity: {self._policy.fault}"),)
        fault = self._shown.fault or ("" if self._known else "the policy shows no flow")
        if fault and self._required:
            return (unknown(self.name, f"sensitivity is required: {fault}"),)
        if fault:
            return (passed(self.name, 0.0, self._limit),)
        words = "the policy's flow is unsteady here"
        return (below(self.name, self._seen.value, self._limit, words, self._decision),)


ENTRY = Entry(
    SensitivityWatch.name,
    Stage.WORLD,
    SensitivityWatch,
    Decision.SLOW,
    Table(
        {
            "calibration": OPTION,
            "require": Field(Flag(), "HOLD while the policy shows no flow", False),
        }
    ),
)
