"""The plan that a chunk becomes: it continues the committed motion and ends at rest."""

from __future__ import annotations

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.reference import knots_left, reference
from aura_ros.fuser.solve import Grid, solve
from aura_ros.motion.jerk import integrate, knot_at_or_after
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk, Now, Plan


def propose(
    chunk: ActionChunk, moving: Moving, robot: Robot, grid: Grid, attempt: int, now: Now
) -> Plan | Refusal:
    """The plan of ``chunk`` from the first knot at which it can still be vetted, or why not."""
    # A verdict that came too late once needs more time, not the same again.
    delay_ns = int(moving.config.commit_delay * attempt * NS)
    start_ns = knot_at_or_after(now.ros_ns + delay_ns, grid.period_ns)
    if knots_left(chunk, start_ns, grid.period_ns) < moving.config.min_knots:
        return Refusal("expired", "the chunk ends before it could start")
    state = moving.base(start_ns, now)
    if isinstance(state, Refusal):
        return state
    rows = reference(chunk, start_ns, grid.period_ns, robot.limits)
    jerk = solve(state, rows, moving.plan(now), grid, moving.config.smoothing)
    position, velocity, acceleration = integrate(state, jerk, grid.h)
    # The end conditions hold to rounding; rest is exact.
    velocity[-1] = 0.0
    acceleration[-1] = 0.0
    return Plan(
        start_ns,
        grid.period_ns,
        position,
        velocity,
        acceleration,
        robot.joints,
        chunk.digest,
        moving.identity,
    )
