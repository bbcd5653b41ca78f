"""The jerk of the plan that will move, constant between its knots."""

from aura_ros.guard.context import Context
from aura_ros.guard.worst import worst_joint
from aura_ros.types import Check


def check(context: Context) -> Check:
    """Value: worst jerk over its limit; limit 1."""
    return worst_joint("plan_jerk", context.ratios.jerk, context.robot)
