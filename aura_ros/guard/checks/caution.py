"""Where caution is asked for, motion is slower.

A plan that goes on from faster motion needs the time of a stop to become slow; until then no joint
gets faster than a stop lets it be.
"""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import below
from aura_ros.motion.bounds import TOLERANCE
from aura_ros.motion.jerk import integrate
from aura_ros.motion.stop import stop_jerk
from aura_ros.types import NS, Array, Check, Decision, KinematicState, Plan


def check(context: Context) -> Check:
    """Value: largest velocity over its limit that is not left from before; limit: the share
    allowed."""
    plan, robot, share = context.plan, context.robot, context.share
    assert plan is not None
    used = np.abs(plan.velocity) / robot.limits.velocity
    if share < 1.0:
        before = used[: robot.stop_knots]
        left = left_over(plan, robot.stop_knots) / robot.limits.velocity
        used[: robot.stop_knots] = np.where(before <= left, np.minimum(before, share), before)
    value = float(used.max())
    words = f"motion may use {share:.0%} of its velocity limits now"
    value = value if value > share + TOLERANCE else min(value, share)
    return below("caution", value, share, words, Decision.SLOW)


def left_over(plan: Plan, knots: int) -> Array:
    """The largest speed (n,) of a stop from the first knot of ``plan``."""
    h = plan.knot_period_ns / NS
    p, v, a = plan.position[0], plan.velocity[0], plan.acceleration[0]
    _, stop, _ = integrate(KinematicState(0, p, v, a), stop_jerk(v, a, knots, h), h)
    return np.asarray(np.abs(stop).max(axis=0) * (1 + TOLERANCE))
