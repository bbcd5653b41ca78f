"""Robots, plans and options for tests of the guard's geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
from chain_values import at, chunk

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.entry import Entry, Setup
from aura_ros.motion.jerk import integrate, sample
from aura_ros.robot.load import load_robot
from aura_ros.robot.problems import Problems
from aura_ros.robot.urdf_source import urdf_of
from aura_ros.types import NS, Array, KinematicState, Plan

PANDA = load_robot("embedded_panda")
PANDA_URDF = urdf_of("embedded_panda")
# The embedded robot at rest, its tool pointing down.
HOME = np.array([0.0, -0.4, 0.0, -2.2, 0.0, 1.8, np.pi / 4, 0.035])
HOME_OF_JOINTS = dict(zip(PANDA.joints, HOME.tolist(), strict=True))


def setup(entry: Entry, given: Any, robot: Any = PANDA, urdf: bytes | None = PANDA_URDF) -> Setup:
    """What ``entry`` is made from with the options ``given``, read as the rules read them."""
    problems = Problems("rules.yaml")
    options = entry.options.read(given, entry.name, problems)
    problems.raise_if_any()
    source = None if urdf is None else lambda: urdf
    return Setup(robot, GuardConfig, options, entry.decision, source)


def straight(begin: Array, end: Array, seconds: float = 1.5, robot: Any = PANDA) -> Plan:
    """From rest to rest along a line between joints, (n,) to (n,)."""
    h = robot.knot_period_ns / NS
    s = np.linspace(0.0, 1.0, round(seconds / h) + 1)
    jerk = np.diff(60 * s - 180 * s**2 + 120 * s**3)[:, None] / h
    rest = np.zeros(1)
    way, rate, bend = integrate(KinematicState(0, rest, rest, rest), jerk, h)
    move = (end - begin) / way[-1]
    knots = (begin + way * move, rate * move, bend * move)
    return Plan(0, robot.knot_period_ns, *knots, robot.joints)


def context(plan: Plan, robot: Any = PANDA) -> Context:
    return Context(at(0.0), robot, GuardConfig(), chunk(robot), plan)


def dense(plan: Plan, period_s: float = 0.001) -> Array:
    """Positions of the plan every ``period_s``, as the fuser moves them."""
    steps = np.arange(0, plan.end_ns - plan.start_ns + 1, round(period_s * NS))
    return np.array([sample(plan, plan.start_ns + int(step)).position for step in steps])
