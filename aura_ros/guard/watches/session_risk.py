"""A session as a whole: small deviations that add up."""

from __future__ import annotations

from typing import Any

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, unknown
from aura_ros.guard.risk.calibration import OPTION, part_of
from aura_ros.guard.risk.features import Features
from aura_ros.guard.risk.fit_session import SessionRisk
from aura_ros.guard.risk.made_with import REMEDY
from aura_ros.guard.risk.session import Boundary, Reader
from aura_ros.guard.risk.statistics import CENTROID, FEATURE_CUSUM, NAMES, Memory
from aura_ros.guard.watch import About, Watch
from aura_ros.robot.spec import Table
from aura_ros.types import Array, Check, Decision, Now


class SessionRiskWatch(Watch):
    """Value: the worst statistic of the session over its calibrated limit; limit 1.

    HOLD while chunks come from another policy, or checks have other limits, than those that were
    calibrated. A session is an episode, or what follows a person's word to resume
    (:mod:`aura_ros.guard.risk.statistics` says what is added up).
    """

    name = "session_risk"
    about = About.POLICY

    def __init__(self, setup: Setup) -> None:
        self._robot, self._decision = setup.robot, setup.decision
        self._calibrated: SessionRisk
        self._calibrated, self._policy = part_of(setup, self.name)
        self._shape, self._limits = self._calibrated.shape, self._calibrated.limits
        self._boundary, self._reader = Boundary(), Reader(setup.robot)
        self._memory = Memory(self._shape)
        self._forget()

    def _forget(self) -> None:
        self._memory.forget()
        self._reader.forget()
        self._shares: Array = np.zeros_like(self._limits)
        self._words = ""
        self._changed = ""

    def hear(self, value: Any, now: Now) -> None:
        """Turns, the monitor's word, and where sessions begin."""
        if self._boundary.crossed(value):
            self._forget()
        self._policy.hear(value)
        features = self._reader.read(value, now)
        if features is not None:
            self._take(features)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        if self._policy.fault:
            return (unknown(self.name, f"session_risk: {self._policy.fault}"),)
        if self._changed:
            words = f"session_risk was calibrated with {self._changed}: {REMEDY} by these rules"
            return (unknown(self.name, words),)
        worst = float(self._shares.max())
        return (below(self.name, worst, 1.0, self._words, self._decision),)

    def _take(self, features: Features) -> None:
        self._changed = self._calibrated.changed(features)
        self._shares = self._memory.update(features.vector(self._shape.uses)) / self._limits
        if self._shares.max() > 1.0:
            self._words = self._what()

    def _what(self) -> str:
        """Which statistic, and which feature is behind it."""
        statistic = int(np.argmax(self._shares))
        if statistic == FEATURE_CUSUM:
            feature = self._feature(self._memory.worst_feature)
        else:
            drift = self._memory.centroid
            feature = self._feature(int(np.argmax(self._shape.both_ways(drift))))
        kept = "drifts" if statistic in (CENTROID, FEATURE_CUSUM) else "is too high for too long"
        return f"risk of the session {kept} ({NAMES[statistic]}, most of all {feature})"

    def _feature(self, index: int) -> str:
        uses, joints = self._shape.uses, self._robot.joints
        if index < len(uses):
            return f"the use of {uses[index]}"
        if index == len(uses):
            return "the monitor's score"
        place = index - len(uses) - 1
        kinds = ("the start", "the disagreement", "the start", "the disagreement")
        sign = "+" if place < 2 * len(joints) else "-"
        return f"{kinds[place // len(joints)]} of {joints[place % len(joints)]} ({sign})"


ENTRY = Entry(
    SessionRiskWatch.name,
    Stage.WORLD,
    SessionRiskWatch,
    Decision.ASK,
    Table({"calibration": OPTION}),
)
