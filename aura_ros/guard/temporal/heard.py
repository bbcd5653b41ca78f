"""What the guard last heard of everything that formulas may speak of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.temporal.expression import Signals
from aura_ros.guard.temporal.signals import FOREIGN, Catalogue, Motion
from aura_ros.motion.jerk import sample
from aura_ros.robot.description import Robot
from aura_ros.types import (
    NS,
    Array,
    Commitment,
    Distance,
    FailureRisk,
    Instruction,
    JointState,
    Now,
    Plan,
    Wrench,
)

# The values behind each signal; every other one is of the robot's joints.
SOURCES: dict[str, type] = {
    "failure_risk": FailureRisk,
    "human_distance": Distance,
    "force": Wrench,
    "torque": Wrench,
    "instruction_time": Instruction,
}


def source_of(name: str) -> type:
    """The kind of value that a signal comes from."""
    return SOURCES.get(name, JointState)


class Heard:
    """The last value of each kind with its arrival, and the committed motion."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._last: dict[type, tuple[Any, int]] = {}
        self._committed: Plan | None = None

    def hear(self, value: Any, now: Now) -> None:
        """Take one value; joint states that are not finite are none."""
        if isinstance(value, Commitment):
            self._committed = value.plan
        elif isinstance(value, JointState):
            if np.isfinite(value.position).all() and np.isfinite(value.velocity).all():
                self._last[JointState] = (value, now.steady_ns)
        elif isinstance(value, Distance | Wrench | FailureRisk | Instruction):
            self._last[type(value)] = (value, now.steady_ns)

    def jump(self) -> None:
        """ROS time jumped: the committed motion is of another time."""
        self._committed = None

    def missing(self, names: Iterable[str], now: Now, config: GuardConfig) -> str:
        """The first of the signals that was never heard, or went silent, in words; or empty."""
        for name in names:
            kind = source_of(name)
            if kind not in self._last:
                return f"{name} was never heard: is its topic remapped?"
            age = (now.steady_ns - self._last[kind][1]) / NS
            limit = config.risk_timeout if kind is FailureRisk else config.source_timeout
            if kind is not Instruction and age > limit:
                return f"{name} went silent {age:.1f} s ago"
        return ""

    def signals(self, names: Iterable[str], catalogue: Catalogue, now: Now) -> Signals:
        """The signals at ``now``, each (1,); none of them may be missing."""
        motion = self._motion() if JointState in self._last else None
        found = {}
        for name in names:
            if name in FOREIGN:
                found[name] = np.array([self._held(name, now)])
            else:
                assert motion is not None
                found[name] = catalogue.reads[name](motion)
        return found

    def _held(self, name: str, now: Now) -> float:
        value, arrived = self._last[source_of(name)]
        if name == "instruction_time":
            return (now.steady_ns - arrived) / NS
        if isinstance(value, FailureRisk):
            return value.score
        if isinstance(value, Distance):
            return value.metres
        return float(np.linalg.norm(value.force if name == "force" else value.torque))

    def _motion(self) -> Motion:
        measured: JointState = self._last[JointState][0]
        velocity, still = measured.velocity, np.zeros_like(measured.velocity)
        if self._committed is None:
            return Motion(*_row(measured.position, velocity, still, still, still))
        planned = sample(self._committed, measured.stamp_ns)
        away = self._robot.difference(planned.position, measured.position) * self._robot.measured
        velocity = np.where(self._robot.measured, velocity, planned.velocity)
        return Motion(
            *_row(measured.position, velocity, planned.acceleration, planned.velocity, away)
        )


def _row(*values: Array) -> tuple[Array, ...]:
    return tuple(value[None, :] for value in values)
