"""From every knot of the plan after its first the stop tail stays inside the limits.

A stop at the first knot is one of the motion before, which may be a stop tail already.
"""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.worst import worst_joint
from aura_ros.motion.stop import tail_bounds, tail_ratios
from aura_ros.types import NS, Check


def check(context: Context) -> Check:
    """Value: worst use of a limit by any tail, or a bound of it that is below the limit; limit 1.

    The bound is taken first: most joints are far from where it matters.
    """
    plan, robot = context.plan, context.robot
    assert plan is not None
    h = plan.knot_period_ns / NS
    p, v, a = plan.position[1:], plan.velocity[1:], plan.acceleration[1:]
    worst = np.array(tail_bounds(p, v, a, robot.stop_knots, h, robot.limits).worst)
    close = ~(worst <= 1.0)
    if close.any():
        limits = robot.limits.of(close)
        near = tail_ratios(p[:, close], v[:, close], a[:, close], robot.stop_knots, h, limits)
        worst[close] = near.worst
    return worst_joint("braking", worst, robot)
