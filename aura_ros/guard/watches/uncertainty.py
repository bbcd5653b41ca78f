"""The policy is sure of what to do: its samples and its consecutive chunks agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, unknown
from aura_ros.guard.ood.uncertainty import KINDS, GroupLimits, Uncertainties
from aura_ros.guard.risk.calibration import OPTION, part_of
from aura_ros.guard.risk.session import Boundary
from aura_ros.guard.watch import About, Watch
from aura_ros.robot.spec import Field, Number, Table
from aura_ros.types import Array, Check, Decision, Now

FAR = 3.0


class UncertaintyWatch(Watch):
    """Value: worst of spread and disagreement of a joint group over its limit, of the last chunk;
    limit 1. Above ``ask_above`` it asks. Without alternatives only the disagreement counts, without
    a motion that goes on only the spread. HOLD while chunks come from another policy than the one
    that was calibrated."""

    name = "uncertainty"
    about = About.POLICY

    def __init__(self, setup: Setup) -> None:
        calibrated: GroupLimits
        calibrated, self._policy = part_of(setup, self.name)
        self._names = [f"{kind} of {group}" for kind in KINDS for group in calibrated.groups]
        self._decision, self._limits = setup.decision, calibrated.limits
        self._far = float(setup.options.get("ask_above", FAR))
        self._boundary, self._uncertainties = Boundary(), Uncertainties(setup.robot)
        self._shares: Array = np.zeros_like(self._limits)

    def hear(self, value: Any, now: Now) -> None:
        """Judged chunks, and where episodes begin."""
        if self._boundary.crossed(value):
            self._uncertainties.forget()
            self._shares = np.zeros_like(self._limits)
        self._policy.hear(value)
        found = self._uncertainties.read(value, now)
        if found is not None:
            self._shares = np.where(np.isnan(found), 0.0, found / self._limits)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        if self._policy.fault:
            return (unknown(self.name, f"uncertainty: {self._policy.fault}"),)
        worst = int(np.argmax(self._shares))
        share = float(self._shares[worst])
        decision = max(self._decision, Decision.ASK) if share > self._far else self._decision
        words = f"the policy is unsure: {self._names[worst]} at {share:.2f} of its limit"
        return (below(self.name, share, 1.0, words, decision),)


ENTRY = Entry(
    UncertaintyWatch.name,
    Stage.WORLD,
    UncertaintyWatch,
    Decision.SLOW,
    Table(
        {
            "calibration": OPTION,
            "ask_above": Field(
                Number(1.0), "share of the limit above which a person is asked", FAR
            ),
        }
    ),
)
