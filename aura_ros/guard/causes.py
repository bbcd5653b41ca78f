"""What stands against motion beside dead sources: the mode, predicted failure, and a robot that
is far from its plan."""

from __future__ import annotations

import math

import numpy as np

from aura_ros.guard.context import GuardConfig, below, failed, passed
from aura_ros.guard.mode import MOVING
from aura_ros.motion.jerk import sample
from aura_ros.robot.description import Robot
from aura_ros.types import (
    NS,
    Check,
    Decision,
    FailureRisk,
    JointState,
    Mode,
    Now,
    Plan,
    RiskLevel,
)


def mode_check(mode: Mode, reason: str) -> Check:
    """Value: the mode; limit: ACTIVE. Plans are allowed only where motion is."""
    if mode in MOVING:
        return passed("mode", mode, Mode.ACTIVE)
    decision = Decision.HOLD if mode == Mode.HOLD else Decision.REFUSE
    words = f"the guard is {mode.name}: {reason}"
    return failed("mode", mode, Mode.ACTIVE, decision, words)


def risk_check(risk: tuple[Now, FailureRisk] | None, now: Now, config: GuardConfig) -> Check:
    """Value: score of the failure risk; limit: its threshold. Where no risk that means anything
    is known and the configuration requires one, value is its age [s], limit the time-out."""
    if config.require_risk:
        age = math.inf if risk is None else (now.steady_ns - risk[0].steady_ns) / NS
        fault = _unknown(risk, age, config)
        if fault:
            return failed("failure_risk", age, config.risk_timeout, Decision.HOLD, fault)
    if risk is None:
        return passed("failure_risk", 0.0, config.risk_timeout)
    _, heard = risk
    if heard.level == RiskLevel.ALARM:
        words = "the monitor predicts a failure"
        return failed("failure_risk", heard.score, heard.threshold, Decision.HOLD, words)
    return passed("failure_risk", heard.score, heard.threshold)


def _unknown(risk: tuple[Now, FailureRisk] | None, age: float, config: GuardConfig) -> str:
    if risk is None:
        return "no monitor heard"
    if age > config.risk_timeout:
        return "the monitor went silent"
    if risk[1].level == RiskLevel.UNKNOWN:
        return "the monitor cannot tell: run `aura calibrate`"
    return ""


def tracking_check(
    committed: Plan | None, measured: JointState | None, robot: Robot, config: GuardConfig
) -> Check:
    """Value: largest distance of measured from planned joints [rad or m]; limit: tracking_error.

    What nobody measures is not compared: the distance that a base has driven.
    """
    limit = config.tracking_error
    if committed is None or measured is None:
        return passed("tracking_error", 0.0, limit)
    planned = sample(committed, measured.stamp_ns).position
    error = np.abs(robot.difference(planned, measured.position)) * robot.measured
    joint = robot.joints[int(np.argmax(error))]
    words = f"{joint} is far from its plan: is it blocked?"
    return below("tracking_error", float(error.max()), limit, words, Decision.HOLD)
