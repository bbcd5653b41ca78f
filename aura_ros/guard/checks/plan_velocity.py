"""The velocity of the plan that will move, between its knots too."""

from aura_ros.guard.context import Context
from aura_ros.guard.worst import worst_joint
from aura_ros.types import Check


def check(context: Context) -> Check:
    """Value: worst velocity over its limit; limit 1."""
    return worst_joint("plan_velocity", context.ratios.velocity, context.robot)
