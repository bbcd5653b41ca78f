"""Motion with constant jerk between knots of period h.

Position, velocity and acceleration are continuous by construction. Knots lie on one global
grid (multiples of the period since the epoch), so plans can be joined and compared knot by knot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from aura_ros.types import NS, Array, KinematicState, Plan


def knot_at_or_after(time_ns: int, period_ns: int) -> int:
    """First knot of the global grid at or after ``time_ns`` [ns]."""
    return -(-time_ns // period_ns) * period_ns


def integrate(state: KinematicState, jerk: Array, h: float) -> tuple[Array, Array, Array]:
    """Knots of the motion that starts in ``state`` under ``jerk`` (..., K, n) [per s^3].

    Returns position, velocity and acceleration, each (..., K + 1, n).
    """
    a0 = np.broadcast_to(state.acceleration, (*jerk.shape[:-2], 1, jerk.shape[-1]))
    acceleration = np.concatenate([a0, a0 + h * np.cumsum(jerk, axis=-2)], axis=-2)
    step_v = h * acceleration[..., :-1, :] + (h * h / 2) * jerk
    v0 = np.broadcast_to(state.velocity, a0.shape)
    velocity = np.concatenate([v0, v0 + np.cumsum(step_v, axis=-2)], axis=-2)
    step_p = h * velocity[..., :-1, :] + (h * h / 2) * acceleration[..., :-1, :]
    step_p = step_p + (h**3 / 6) * jerk
    p0 = np.broadcast_to(state.position, a0.shape)
    position = np.concatenate([p0, p0 + np.cumsum(step_p, axis=-2)], axis=-2)
    return position, velocity, acceleration


def jerk_of(plan: Plan) -> Array:
    """Jerk of each piece, shape (K, n) [per s^3]."""
    return np.diff(plan.acceleration, axis=0) / (plan.knot_period_ns / NS)


def sample(plan: Plan, time_ns: int) -> KinematicState:
    """State of the plan at ``time_ns``; at rest in its last position after its end.

    Before its start the first knot's state is returned: a plan says nothing of its past.
    """
    last = len(plan.position) - 1
    offset = min(max(time_ns - plan.start_ns, 0), last * plan.knot_period_ns)
    k = offset // plan.knot_period_ns
    p, v, a = plan.position[k], plan.velocity[k], plan.acceleration[k]
    if offset == k * plan.knot_period_ns:
        return KinematicState(time_ns, p, v, a)
    s = (offset - k * plan.knot_period_ns) / NS
    j = (plan.acceleration[k + 1] - a) * (NS / plan.knot_period_ns)
    return KinematicState(
        time_ns,
        p + s * (v + s * (a / 2 + s * (j / 6))),
        v + s * (a + s * (j / 2)),
        a + s * j,
    )


def slice_from(plan: Plan, time_ns: int) -> Plan:
    """The plan from its last knot at or before ``time_ns`` on."""
    last = len(plan.position) - 1
    k = min(max((time_ns - plan.start_ns) // plan.knot_period_ns, 0), last)
    return _knots(plan, k, last + 1)


def splice(old: Plan, new: Plan) -> Plan:
    """``old`` up to the start of ``new``, then ``new`` (same grid, same state at the seam)."""
    k = (new.start_ns - old.start_ns) // new.knot_period_ns
    if k <= 0:
        return new
    knots: dict[str, Any] = {}
    for name in ("position", "velocity", "acceleration"):
        kept = getattr(old, name)[:k]
        rest = np.repeat(getattr(old, name)[-1:], k - len(kept), axis=0)
        knots[name] = np.concatenate([kept, rest, getattr(new, name)])
    return replace(new, start_ns=old.start_ns, **knots)


def _knots(plan: Plan, first: int, end: int) -> Plan:
    return replace(
        plan,
        start_ns=plan.start_ns + first * plan.knot_period_ns,
        position=plan.position[first:end],
        velocity=plan.velocity[first:end],
        acceleration=plan.acceleration[first:end],
    )
