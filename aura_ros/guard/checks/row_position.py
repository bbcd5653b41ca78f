"""Every row of the chunk is inside the position limits."""

from aura_ros.guard.context import Context
from aura_ros.guard.worst import worst_joint
from aura_ros.motion.bounds import position_ratio
from aura_ros.types import Check


def check(context: Context) -> Check:
    """Value: worst distance from mid-range over half the range; limit 1."""
    ratio = position_ratio(context.chunk.rows, context.robot.limits)
    return worst_joint("row_position", ratio.max(axis=0), context.robot)
