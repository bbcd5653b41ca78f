"""Rotation vectors stay short of pi in rows, plan and stop tails: there the chart is singular.

Limits of single columns cannot say it. A motion lies in the hull of its control points, so the
longest of these bounds it between the knots too.
"""

import numpy as np
from numpy.typing import NDArray

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import below, passed
from aura_ros.motion.bounds import TOLERANCE, control_points
from aura_ros.motion.jerk import integrate
from aura_ros.motion.stop import stop_jerk
from aura_ros.types import NS, Array, Check, KinematicState, Plan


def check(context: Context) -> Check:
    """Value: longest rotation vector over its limit; limit 1."""
    robot, plan = context.robot, context.plan
    assert plan is not None
    if not robot.poses:
        return passed("rotation", 0.0, 1.0)
    ratios = [
        _longest(context.chunk.rows, plan, columns, robot.stop_knots) / longest
        for columns, longest in robot.rotations
    ]
    worst = int(np.argmax(ratios))  # NaN is worst
    value = ratios[worst]
    words = f"{robot.poses[worst].name}: turned {value:.3f} of what its orientation allows"
    return below("rotation", value if value > 1 + TOLERANCE else min(value, 1.0), 1.0, words)


def _longest(rows: Array, plan: Plan, columns: NDArray[np.intp], stop_knots: int) -> float:
    """Length [rad] that rows, plan and the stop tail from every knot do not exceed."""
    h = plan.knot_period_ns / NS
    p, v, a = (x[:, columns] for x in (plan.position, plan.velocity, plan.acceleration))
    along, _ = control_points(p, v, a, h)
    state = KinematicState(plan.start_ns, p[:, None], v[:, None], a[:, None])
    tails, _ = control_points(*integrate(state, stop_jerk(v, a, stop_knots, h), h), h)
    points = np.concatenate([rows[:, columns], along, tails.reshape(-1, len(columns))])
    return float(np.linalg.norm(points, axis=-1).max())
