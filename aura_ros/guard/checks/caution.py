"""Where caution is asked for, motion is slower.

A plan that goes on from faster motion needs the time of a stop to become slow.
"""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import below
from aura_ros.types import Check, Decision


def check(context: Context) -> Check:
    """Value: largest velocity over its limit once slow motion can be; limit: the share allowed."""
    plan, robot = context.plan, context.robot
    assert plan is not None
    after = np.abs(plan.velocity[min(robot.stop_knots, len(plan.velocity) - 1) :])
    used = float((after / robot.limits.velocity).max())
    words = f"motion may use {context.share:.0%} of its velocity limits now"
    return below("caution", used, context.share, words, Decision.SLOW)
