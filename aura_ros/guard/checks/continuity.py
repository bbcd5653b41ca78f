"""The plan begins in the state of the committed motion, or at rest where the robot is."""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import below
from aura_ros.motion.jerk import sample
from aura_ros.types import Check, Plan

# Far below what a robot can tell, far above rounding.
TOLERANCE = 1e-6


def check(context: Context) -> Check:
    """Value: worst jump of position, velocity or acceleration at the seam; limit 1e-6.

    A first motion has no seam: value is its distance from the measured joints [rad or m],
    limit ``start_tolerance``; it must begin at rest, after the committed motion has ended.
    Angles of continuous joints are compared modulo 2 pi; what nobody measures is not compared.
    """
    plan, committed = context.plan, context.committed
    assert plan is not None
    if committed is None or not plan.base_digest:
        return _first(plan, context)
    state = sample(committed, plan.start_ns)
    jump = max(
        np.abs(plan.position[0] - state.position).max(),
        np.abs(plan.velocity[0] - state.velocity).max(),
        np.abs(plan.acceleration[0] - state.acceleration).max(),
    )
    return below("continuity", jump, TOLERANCE, "the plan does not continue the committed motion")


def _first(plan: Plan, context: Context) -> Check:
    if context.committed is not None and plan.start_ns < context.committed.end_ns:
        words = "a first plan while committed motion runs"
        return below("continuity", np.nan, TOLERANCE, words)
    if plan.velocity[0].any() or plan.acceleration[0].any():
        return below("continuity", np.nan, TOLERANCE, "the first plan does not begin at rest")
    if context.measured is None:
        return below("continuity", np.nan, TOLERANCE, "no joint states to begin from")
    away = context.robot.difference(plan.position[0], context.measured.position)
    worst = float((np.abs(away) * context.robot.measured).max())
    words = "the first plan does not begin where the robot is"
    return below("continuity", worst, context.config.start_tolerance, words)
