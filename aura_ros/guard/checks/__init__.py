"""The checks, each a module with one function ``check(context) -> Check``.

``CHUNK`` judge a chunk as it arrives; ``PLAN`` judge the plan that was made of it, together
with the chunk's rows, and its freshness again, since time has passed.
"""

from aura_ros.guard.checks import (
    braking,
    continuity,
    freshness,
    integrity,
    plan_acceleration,
    plan_jerk,
    plan_position,
    plan_velocity,
    rotation,
    row_acceleration,
    row_position,
    row_velocity,
    schema,
    sequence,
    timing,
)
from aura_ros.guard.context import CheckFunction

CHUNK: tuple[CheckFunction, ...] = (schema.check, sequence.check, freshness.check)
PLAN: tuple[CheckFunction, ...] = (
    freshness.check,
    row_position.check,
    row_velocity.check,
    row_acceleration.check,
    integrity.check,
    timing.check,
    continuity.check,
    plan_position.check,
    plan_velocity.check,
    plan_acceleration.check,
    plan_jerk.check,
    braking.check,
    rotation.check,
)

__all__ = ["CHUNK", "PLAN"]
