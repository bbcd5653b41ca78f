"""The plan of a chunk: jerk that tracks its rows as closely as the limits allow.

First all joints without limits, one linear map; those joints that this takes beyond a limit are
solved again within theirs. What still does not fit goes as far from the old plan toward the new
one as the limits allow: they are convex and the old plan meets them, so this exists.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aura_ros.fuser.basis import ENDS, Basis, basis_of, tracked
from aura_ros.fuser.grid import Grid
from aura_ros.fuser.limited import Program
from aura_ros.motion.bounds import ratios
from aura_ros.motion.jerk import integrate, jerk_of, slice_from
from aura_ros.motion.stop import stop_jerk, tail_ratios
from aura_ros.robot.description import Limits
from aura_ros.types import Array, KinematicState, Plan

BISECTIONS = 12


class Solver:
    """Solves for one grid; ``constant`` is the smoothing time constant [s]."""

    def __init__(self, grid: Grid, constant: float) -> None:
        self.grid, self.constant = grid, constant
        self._program = lru_cache(maxsize=64)(self._made)

    def _made(self, knots: int) -> Program:
        return Program.of(self._basis(knots), self.grid)

    def _basis(self, knots: int) -> Basis:
        return basis_of(knots, self.grid.h, self.constant, self.grid.stop_knots)

    def solve(self, state: KinematicState, rows: Array, old: Plan | None) -> Array:
        """Jerk (K + stop knots, n) [per s^3] from ``state`` along ``rows`` (K, n) to rest.

        ``old`` is the committed plan; without one the fallback is to stay at rest.
        """
        grid, count = self.grid, len(rows)
        basis = self._basis(count)
        away = away_from(state, rows, grid)
        blocks = -basis.gain @ away
        jerk = with_tail(state, basis.spread @ blocks, grid)
        beyond = np.flatnonzero(~is_feasible(state, jerk, grid))
        if not len(beyond):
            return jerk
        for joint in beyond:
            limited = self._program(count).solve(state, away[:, joint], int(joint))
            blocks[:, joint] = 0.0 if limited is None else limited
        part = _columns(state, grid, beyond)
        tried = with_tail(part[0], basis.spread @ blocks[:, beyond], part[1])
        still = ~is_feasible(part[0], tried, part[1])
        if still.any():
            fallback = _old_jerk(state, old, len(jerk), grid)[:, beyond[still]]
            rest = _columns(state, grid, beyond[still])
            tried[:, still] = _toward(rest[0], fallback, tried[:, still], rest[1])
        jerk[:, beyond] = tried
        return jerk


def away_from(state: KinematicState, rows: Array, grid: Grid) -> Array:
    """How far what is tracked would be from ``rows`` (K, n) without any jerk, (K + 1, n)."""
    free = integrate(state, np.zeros_like(rows), grid.h)
    wanted = np.concatenate([rows, ENDS * rows[-1:]])
    return tracked(*free, grid.stop_knots, grid.h) - wanted


def is_feasible(state: KinematicState, jerk: Array, grid: Grid) -> NDArray[np.bool_]:
    """Per joint: motion and the stop tail from every later knot meet the limits, shape (n,).

    A stop at the first knot is one of the motion before it, which may be a tail already.
    """
    p, v, a = integrate(state, jerk, grid.h)
    moving = ratios(p, v, a, grid.h, grid.limits).feasible()
    # A lease may end at any knot: the tail from there must meet the limits too.
    tails = tail_ratios(p[1:], v[1:], a[1:], grid.stop_knots, grid.h, grid.limits)
    return np.asarray(moving & tails.feasible())


def with_tail(state: KinematicState, along: Array, grid: Grid) -> Array:
    """Jerk ``along`` (K, n), then that of the stop tail from where it leads."""
    _, v, a = integrate(state, along, grid.h)
    tail = stop_jerk(v[..., -1, :], a[..., -1, :], grid.stop_knots, grid.h)
    return np.concatenate([along, tail], axis=-2)


def _columns(
    state: KinematicState, grid: Grid, joints: NDArray[np.intp]
) -> tuple[KinematicState, Grid]:
    """State and grid of some joints alone."""
    names = ("lower", "upper", "velocity", "acceleration", "jerk", "margin")
    limits = Limits(**{name: getattr(grid.limits, name)[joints] for name in names})
    part = (x[joints] for x in (state.position, state.velocity, state.acceleration))
    return KinematicState(state.time_ns, *part), Grid(grid.period_ns, grid.stop_knots, limits)


def _old_jerk(state: KinematicState, old: Plan | None, count: int, grid: Grid) -> Array:
    """What remains of the old plan's jerk, padded with rest or cut by a stop, (count, n)."""
    n = len(state.position)
    if old is None:
        return np.zeros((count, n))
    left = jerk_of(slice_from(old, state.time_ns))
    if len(left) <= count:
        return np.concatenate([left, np.zeros((count - len(left), n))])
    return with_tail(state, left[: count - grid.stop_knots], grid)


def _toward(state: KinematicState, old: Array, new: Array, grid: Grid) -> Array:
    """Per joint the feasible point nearest to ``new`` on the line from ``old``, by bisection."""
    low = np.zeros(old.shape[-1])
    high = np.ones(old.shape[-1])
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        good = is_feasible(state, old + middle * (new - old), grid)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return np.asarray(old + low * (new - old))
