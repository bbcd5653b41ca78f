"""The motion that was executed, knot by knot: what can be retraced, and what a hand has done."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aura_ros.motion.jerk import integrate, jerk_of, slice_from, splice
from aura_ros.types import NS, Array, KinematicState, Plan

# Knots that are farther apart than this belong to two motions.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Executed:
    """Past motion: ``plan`` holds its knots, the newest last (it need not be at rest there);
    ``measured`` (K, n) where the joints were measured at each, NaN: unknown."""

    plan: Plan
    measured: Array


def recorded(
    old: Executed | None, motion: Plan, measured: Array | None, now_ns: int, keep_ns: int
) -> Executed | None:
    """``old`` with what ``motion`` did up to ``now_ns``; the last ``keep_ns`` of it are kept.

    ``measured`` (n,) is where the joints are. Motion that does not continue what is known began
    anew: nothing before it is kept. None before the first knot.
    """
    first = motion.start_ns
    if old is not None:
        first = max(first, old.plan.end_ns + motion.knot_period_ns)
    count = (now_ns - first) // motion.knot_period_ns + 1
    if count <= 0:
        return old
    new = knots_of(motion, first, count)
    here = np.full_like(new.position, np.nan)
    if measured is not None:
        here[:] = measured
    if old is not None and continues(old.plan, new):
        new, here = splice(old.plan, new), np.concatenate([old.measured, here])
    kept = slice_from(new, now_ns - keep_ns)
    return Executed(kept, here[-len(kept.position) :])


def knots_of(motion: Plan, first_ns: int, count: int) -> Plan:
    """``count`` knots of ``motion`` from ``first_ns`` on, not before its start; at rest after
    its end."""
    k = (first_ns - motion.start_ns) // motion.knot_period_ns + np.arange(count)
    k = np.minimum(k, len(motion.position) - 1)
    return replace(
        motion,
        start_ns=first_ns,
        position=motion.position[k],
        velocity=motion.velocity[k],
        acceleration=motion.acceleration[k],
    )


def continues(old: Plan, new: Plan) -> bool:
    """The first knot of ``new`` is where the motion of ``old`` leads, one knot later."""
    if new.start_ns != old.end_ns + old.knot_period_ns:
        return False
    both = splice(slice_from(old, old.end_ns), new)
    state = KinematicState(0, both.position[0], both.velocity[0], both.acceleration[0])
    position, velocity, _ = integrate(state, jerk_of(both)[:1], both.knot_period_ns / NS)
    away = np.abs([position[1] - both.position[1], velocity[1] - both.velocity[1]])
    return bool(away.max() < TOLERANCE)
