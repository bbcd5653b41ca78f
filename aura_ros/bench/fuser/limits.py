"""How far commands and planned motion stay inside the robot's limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aura_ros.bench.execution.record import Record
from aura_ros.motion.bounds import position_ratio
from aura_ros.motion.jerk import sample
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array, Plan

TOLERANCE = 1e-6
QUANTITIES = ("position", "velocity", "acceleration", "jerk")


@dataclass(frozen=True)
class Use:
    """Value over limit of each quantity, shapes (T, n); above 1 is outside."""

    position: Array
    velocity: Array
    acceleration: Array
    jerk: Array

    def worst(self) -> dict[str, float]:
        """Largest ratio by quantity."""
        return {name: float(getattr(self, name).max(initial=0.0)) for name in QUANTITIES}

    def shares(self) -> dict[str, float]:
        """Share of time with any joint outside, by quantity."""
        return {name: float(_outside(getattr(self, name)).mean()) for name in QUANTITIES}

    def violations(self) -> int:
        """Ticks at which any joint is outside any limit."""
        outside = [_outside(getattr(self, name)).sum() for name in QUANTITIES]
        return int(sum(outside))


def differences(record: Record, robot: Robot) -> tuple[Array, Array, Array]:
    """Velocity (T - 1, n), acceleration (T - 2, n), jerk (T - 3, n) of commands, by differences.

    An angle that turns without end goes the short way.
    """
    period = float(record.times_ns[1] - record.times_ns[0]) / NS
    velocity = robot.difference(record.commands[1:], record.commands[:-1]) / period
    acceleration = np.diff(velocity, axis=0) / period
    return velocity, acceleration, np.diff(acceleration, axis=0) / period


def use_of(record: Record, robot: Robot) -> Use:
    """What the commands use of each limit, by differences over ticks."""
    limits = robot.limits
    velocity, acceleration, jerk = differences(record, robot)
    return Use(
        position_ratio(record.commands, limits),
        np.abs(velocity) / limits.velocity,
        np.abs(acceleration) / limits.acceleration,
        np.abs(jerk) / limits.jerk,
    )


def motion_figures(record: Record, robot: Robot) -> dict[str, float]:
    """Largest steps between ticks, use of limits, and RMS jerk [rad/s^3] of the arm."""
    use = use_of(record, robot)
    velocity, acceleration, jerk = differences(record, robot)
    period = float(record.times_ns[1] - record.times_ns[0]) / NS
    arm = robot.group_indices(robot.groups[0].name)
    return {
        "step_position": float(np.abs(velocity).max() * period),
        "step_velocity": float(np.abs(acceleration).max() * period),
        "step_acceleration": float(np.abs(jerk).max() * period),
        **{f"over_{name}": share for name, share in use.shares().items()},
        **{f"worst_{name}": ratio for name, ratio in use.worst().items()},
        "rms_jerk": float(np.sqrt(np.mean(jerk[:, arm] ** 2))),
    }


def track_violations(tracks: Sequence[tuple[int, Plan]], end_ns: int, robot: Robot) -> int:
    """Pieces of motion outside a limit, and changes of track with a step in p, v or a.

    ``tracks`` are planned motions with the times from which each was followed, until
    ``end_ns``. Extremes between knots are exact, so this sees what commands only sample.
    """
    ends = [time_ns for time_ns, _ in tracks[1:]] + [end_ns]
    count = sum(
        _piece_violations(plan, begin_ns, until_ns, robot)
        for (begin_ns, plan), until_ns in zip(tracks, ends, strict=True)
    )
    return count + sum(
        _has_step(old, new, time_ns, robot) for (_, old), (time_ns, new) in pairwise(tracks)
    )


def _piece_violations(plan: Plan, begin_ns: int, end_ns: int, robot: Robot) -> int:
    period, last = plan.knot_period_ns, len(plan.position) - 1
    first = min(max((begin_ns - plan.start_ns) // period, 0), last)
    until = min(max(-(-(end_ns - plan.start_ns) // period), first), last)
    if until == first:
        return 0
    knots = slice(first, until + 1)
    arrays = (plan.position[knots], plan.velocity[knots], plan.acceleration[knots])
    use = _extremes(*arrays, period / NS, robot)
    return int(sum(_outside(getattr(use, name)).sum() for name in QUANTITIES))


def _extremes(p: Array, v: Array, a: Array, h: float, robot: Robot) -> Use:
    """Exact largest use of each limit in every piece of constant jerk."""
    jerk = np.diff(a, axis=0) / h
    p0, v0, a0 = p[:-1], v[:-1], a[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = -a0 / jerk
        root = np.sqrt(a0**2 - 2 * jerk * v0)
        # Both roots of v0 + a0 s + j s^2 / 2, also where the jerk is almost zero.
        q = -(a0 + np.copysign(root, a0))
        stops = (q / jerk, 2 * v0 / q)
    speed = np.maximum(np.abs(v[:-1]), np.abs(v[1:]))
    s = _inside(turn, h)
    speed = np.maximum(speed, np.abs(v0 + s * (a0 + s * jerk / 2)))
    limits = robot.limits
    reach = np.maximum(position_ratio(p[:-1], limits), position_ratio(p[1:], limits))
    for at in stops:
        s = _inside(at, h)
        there = p0 + s * (v0 + s * (a0 / 2 + s * jerk / 6))
        reach = np.maximum(reach, position_ratio(there, limits))
    return Use(
        reach,
        speed / limits.velocity,
        np.maximum(np.abs(a0), np.abs(a[1:])) / limits.acceleration,
        np.abs(jerk) / limits.jerk,
    )


def _inside(s: Array, h: float) -> Array:
    """Times into a piece; its beginning where there is none inside."""
    return np.where((s > 0) & (s < h), s, 0.0)


def _has_step(old: Plan, new: Plan, time_ns: int, robot: Robot) -> bool:
    before, after = sample(old, time_ns), sample(new, time_ns)
    limits = robot.limits
    steps = (
        np.abs(before.position - after.position),
        np.abs(before.velocity - after.velocity) / limits.velocity,
        np.abs(before.acceleration - after.acceleration) / limits.acceleration,
    )
    return bool(max(step.max() for step in steps) > TOLERANCE)


def _outside(ratio: Array) -> Array:
    return np.asarray((ratio > 1.0 + TOLERANCE).any(axis=1))
