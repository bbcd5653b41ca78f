"""The plan is whole: finite, on the grid, its own joints, consistent pieces, rest at the end."""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import failed, passed
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array, Check, Decision, Plan

TOLERANCE = 1e-6


def check(context: Context) -> Check:
    """Value: worst jump of position or velocity at a knot; limit 1e-6."""
    plan = context.plan
    assert plan is not None
    fault = fault_of(plan, context.robot)
    if fault:
        return failed("integrity", float("nan"), TOLERANCE, Decision.REFUSE, fault)
    worst = max(float(np.abs(jump).max()) for jump in _jumps(plan))
    if worst <= TOLERANCE:
        return passed("integrity", worst, TOLERANCE)
    words = "knots do not belong to one motion"
    return failed("integrity", worst, TOLERANCE, Decision.REFUSE, words)


def _jumps(plan: Plan) -> tuple[Array, Array]:
    """How far position and velocity (K, n) at every knot are from where the piece before it leads,
    whose jerk is constant."""
    h = plan.knot_period_ns / NS
    p, v, a = plan.position, plan.velocity, plan.acceleration
    moved = h * (v[:-1] + h * (a[:-1] / 3 + a[1:] / 6))
    return p[1:] - p[:-1] - moved, v[1:] - v[:-1] - (h / 2) * (a[:-1] + a[1:])


def fault_of(plan: Plan, robot: Robot, least_knots: int = 2) -> str:
    """What is wrong with ``plan`` as a motion of ``robot``; empty: nothing."""
    shape = plan.position.shape
    if plan.joint_names != robot.joints:
        return f"joints are not those of {robot.name} in order"
    if len(shape) != 2 or shape[0] < least_knots or shape[1] != len(robot.joints):
        return f"shape {shape}, expected ({least_knots} or more, {len(robot.joints)})"
    if plan.velocity.shape != shape or plan.acceleration.shape != shape:
        return "position, velocity and acceleration differ in shape"
    if plan.knot_period_ns != robot.knot_period_ns or plan.start_ns % plan.knot_period_ns:
        return "knots are not on the robot's grid"
    if not all(np.isfinite(x).all() for x in (plan.position, plan.velocity, plan.acceleration)):
        return "not finite"
    if plan.velocity[-1].any() or plan.acceleration[-1].any():
        return "does not end at rest"
    return ""
