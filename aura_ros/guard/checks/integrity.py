"""The plan is whole: finite, on the grid, its own joints, consistent pieces, rest at the end."""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import failed, passed
from aura_ros.types import NS, Array, Check, Decision, Plan

TOLERANCE = 1e-6


def check(context: Context) -> Check:
    """Value: worst jump of position or velocity at a knot, NaN of what is no motion; limit 1e-6."""
    plan = context.plan
    assert plan is not None
    if context.fault:
        return failed("integrity", float("nan"), TOLERANCE, Decision.REFUSE, context.fault)
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
