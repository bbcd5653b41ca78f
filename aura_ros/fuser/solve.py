"""The plan of a chunk: jerk that tracks its rows smoothly within the limits.

Per joint the jerk u minimises sum (p_k - r_k)^2 + tau^6 sum u_k^2: a smoother with time
constant tau, and a linear map of reference and initial state. The stiffest comes first; a joint
takes the first that meets every limit. If none does, it goes as far from the old plan toward
the new one as the limits allow: they are convex and the old plan meets them, so this exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion.bounds import ratios
from aura_ros.motion.jerk import integrate, jerk_of, slice_from
from aura_ros.motion.stop import stop_jerk, tail_ratios
from aura_ros.robot.description import Limits
from aura_ros.types import NS, Array, KinematicState, Plan

BISECTIONS = 12


@dataclass(frozen=True)
class Grid:
    """Knot period [ns], knots of the stop tail, limits of n joints."""

    period_ns: int
    stop_knots: int
    limits: Limits

    @property
    def h(self) -> float:
        """Knot period [s]."""
        return self.period_ns / NS


@lru_cache(maxsize=512)
def smoothing_gain(knots: int, h: float, constant: float) -> Array:
    """Map (K, K) from the reference, less the free motion, to jerk; time constant in s."""
    steps = np.arange(1, knots + 1)[:, None] - np.arange(knots)[None, :] - 1
    reach = (h**3 / 6) * (3 * steps**2 + 3 * steps + 1)
    to_position = np.where(steps >= 0, reach, 0.0)
    gram = to_position.T @ to_position
    return np.asarray(np.linalg.solve(gram + constant**6 * np.eye(knots), to_position.T))


def solve(
    state: KinematicState, rows: Array, old: Plan | None, grid: Grid, constants: tuple[float, ...]
) -> Array:
    """Jerk (K + stop knots, n) [per s^3] from ``state`` along ``rows`` (K, n) to rest.

    ``old`` is the committed plan; without one the fallback is to stay at rest.
    """
    count = len(rows)
    t = grid.h * np.arange(1, count + 1)[:, None]
    free = state.position + t * (state.velocity + t * (state.acceleration / 2))
    chosen = np.zeros((count + grid.stop_knots, rows.shape[1]))
    open_joints = np.ones(rows.shape[1], dtype=bool)
    for constant in constants:
        jerk = _with_tail(state, smoothing_gain(count, grid.h, constant) @ (rows - free), grid)
        fits = is_feasible(state, jerk, grid) & open_joints
        chosen = np.where(fits, jerk, chosen)
        open_joints &= ~fits
        if not open_joints.any():
            return chosen
    fallback = _old_jerk(state, old, len(chosen), grid)
    return np.where(open_joints, _toward(state, fallback, jerk, grid), chosen)


def is_feasible(state: KinematicState, jerk: Array, grid: Grid) -> NDArray[np.bool_]:
    """Per joint: motion and the stop tail from every knot meet the limits, shape (n,)."""
    p, v, a = integrate(state, jerk, grid.h)
    moving = ratios(p, v, a, grid.h, grid.limits).feasible()
    # A lease may end at any knot: the tail from there must meet the limits too.
    tails = tail_ratios(p, v, a, grid.stop_knots, grid.h, grid.limits)
    return np.asarray(moving & tails.feasible())


def _with_tail(state: KinematicState, along: Array, grid: Grid) -> Array:
    _, v, a = integrate(state, along, grid.h)
    tail = stop_jerk(v[..., -1, :], a[..., -1, :], grid.stop_knots, grid.h)
    return np.concatenate([along, tail], axis=-2)


def _old_jerk(state: KinematicState, old: Plan | None, count: int, grid: Grid) -> Array:
    """What remains of the old plan's jerk, padded with rest or cut by a stop, (count, n)."""
    n = len(state.position)
    if old is None:
        return np.zeros((count, n))
    left = jerk_of(slice_from(old, state.time_ns))
    if len(left) <= count:
        return np.concatenate([left, np.zeros((count - len(left), n))])
    return _with_tail(state, left[: count - grid.stop_knots], grid)


def _toward(state: KinematicState, old: Array, new: Array, grid: Grid) -> Array:
    """Per joint the feasible point nearest to ``new`` on the line from ``old``, by bisection."""
    low = np.zeros(old.shape[-1])
    high = np.ones(old.shape[-1])
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        good = is_feasible(state, old + middle * (new - old), grid)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return np.asarray(old + low * (new - old))
