"""The velocity between rows, by differences."""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.worst import worst_joint
from aura_ros.types import Check


def check(context: Context) -> Check:
    """Value: worst velocity over its limit; limit 1."""
    velocity, _ = context.row_rates
    ratio = np.abs(velocity).max(axis=0) / context.robot.limits.velocity
    return worst_joint("row_velocity", ratio, context.robot)
