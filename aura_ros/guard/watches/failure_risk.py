"""What the monitor predicts."""

from __future__ import annotations

import math
from typing import Any

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.watch import About, Watch
from aura_ros.types import NS, Check, ClockJump, Decision, FailureRisk, Now, RiskLevel


class Risk(Watch):
    """Value: score of the failure risk; limit: its threshold. Where no risk that means anything
    is known and the settings require one, value is its age [s], limit the time-out.

    An alarm is HOLD, a warning slows motion down.
    """

    name = "failure_risk"
    about = About.POLICY

    def __init__(self, setup: Setup) -> None:
        self._settings = setup.settings
        self._heard: tuple[Now, FailureRisk] | None = None

    def hear(self, value: Any, now: Now) -> None:
        """The monitor's word."""
        if isinstance(value, FailureRisk):
            self._heard = (now, value)
        elif isinstance(value, ClockJump):
            self._heard = None

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        config = self._settings()
        fault, age = self._unknown(now, config)
        if config.require_risk and fault:
            return (failed(self.name, age, config.risk_timeout, Decision.HOLD, fault),)
        if self._heard is None:
            return (passed(self.name, 0.0, config.risk_timeout),)
        risk = self._heard[1]
        if risk.level == RiskLevel.ALARM:
            words = "the monitor predicts a failure"
            return (failed(self.name, risk.score, risk.threshold, Decision.HOLD, words),)
        return (passed(self.name, risk.score, risk.threshold),)

    def share(self, now: Now) -> float:
        """A warning slows motion down."""
        warned = self._heard is not None and self._heard[1].level == RiskLevel.WARN
        return self._settings().cautious_share if warned else 1.0

    def _unknown(self, now: Now, config: GuardConfig) -> tuple[str, float]:
        if self._heard is None:
            return "no monitor heard", math.inf
        heard, risk = self._heard
        age = (now.steady_ns - heard.steady_ns) / NS
        if age > config.risk_timeout:
            return "the monitor went silent", age
        if risk.level == RiskLevel.UNKNOWN:
            return "the monitor cannot tell: run `aura calibrate`", age
        return "", age
