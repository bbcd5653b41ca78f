"""The velocity between rows, by differences."""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.worst import worst_joint
from aura_ros.motion.bounds import row_rates
from aura_ros.types import NS, Check


def check(context: Context) -> Check:
    """Value: worst velocity over its limit; limit 1."""
    velocity, _ = row_rates(context.chunk.rows, context.chunk.row_period_ns / NS)
    ratio = np.abs(velocity).max(axis=0) / context.robot.limits.velocity
    return worst_joint("row_velocity", ratio, context.robot)
