"""Whether a plan is a motion of a robot at all."""

from __future__ import annotations

import math

import numpy as np

from aura_ros.robot.description import Robot
from aura_ros.types import Plan

# The fuser's longest way back is half of it; looking at more would keep the guard from its work.
MOST_KNOTS = 2000


def fault_of(plan: Plan, robot: Robot, least: float = 2, most: float = MOST_KNOTS) -> str:
    """What is wrong with ``plan`` as a motion of ``robot`` that has ``least`` to ``most`` knots;
    empty: nothing."""
    shape = plan.position.shape
    if plan.joint_names != robot.joints:
        return f"joints are not those of {robot.name} in order"
    if len(shape) != 2 or not least <= shape[0] <= most or shape[1] != len(robot.joints):
        return f"shape {shape}, expected ({least} to {most}, {len(robot.joints)})"
    if plan.velocity.shape != shape or plan.acceleration.shape != shape:
        return "position, velocity and acceleration differ in shape"
    if plan.knot_period_ns != robot.knot_period_ns or plan.start_ns % plan.knot_period_ns:
        return "knots are not on the robot's grid"
    if not all(np.isfinite(x).all() for x in (plan.position, plan.velocity, plan.acceleration)):
        return "not finite"
    if plan.velocity[-1].any() or plan.acceleration[-1].any():
        return "does not end at rest"
    return ""


def committed_fault_of(plan: Plan, robot: Robot) -> str:
    """The same of committed motion, which may be one knot, or have waited for long."""
    return fault_of(plan, robot, 1, math.inf)
