"""The acceleration between rows, by differences.

A spline through real rows reads up to twice as much, so splines are not used here.
"""

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.lattice import passed
from aura_ros.guard.worst import worst_joint
from aura_ros.types import Check


def check(context: Context) -> Check:
    """Value: worst acceleration over its limit; limit 1."""
    _, acceleration = context.row_rates
    if not len(acceleration):
        return passed("row_acceleration", 0.0, 1.0)
    ratio = np.abs(acceleration).max(axis=0) / context.robot.limits.acceleration
    return worst_joint("row_acceleration", ratio, context.robot)
