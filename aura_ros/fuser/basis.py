"""Jerk in blocks: the unknowns of a plan, and what depends on them linearly.

Jerk is constant over blocks of knots, short ones first: what comes late is planned again before
it is executed. So a plan of 80 knots has 30 unknowns (move blocking; Cagienard et al. 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion.jerk import integrate
from aura_ros.motion.stop import tail_maps
from aura_ros.types import Array, KinematicState

# Knots in a block, and how many such blocks; the last size goes on to the end.
PATTERN = ((1, 8), (2, 8), (4, 16), (8, 10_000))

# Weight of the place where the stop tail ends, beside that of a knot.
ENDS = 2.0


@dataclass(frozen=True)
class Basis:
    """Blocks over ``K`` knots of period ``h`` [s], b blocks.

    ``spread`` (K, b): block values to jerk at knots. ``to_tracked`` (K + 1, b): to what is
    tracked, the positions at knots 1 .. K and where the stop tail then ends, times ``ENDS``.
    ``gain`` (b, K + 1): the blocks that track it best without limits.
    ``cost`` (b, b): Hessian of that. ``edges``: position, velocity, acceleration where blocks
    meet, each (b + 1, b). ``lengths`` (b,) of the blocks [s], ``times`` (b + 1,) of the edges.
    """

    spread: Array
    to_tracked: Array
    gain: Array
    cost: Array
    edges: tuple[Array, Array, Array]
    lengths: Array
    times: Array


def block_sizes(knots: int) -> NDArray[np.intp]:
    """Knots of every block, which add up to ``knots``."""
    sizes = np.concatenate([np.full(min(count, knots), size) for size, count in PATTERN])
    ends = np.minimum(np.cumsum(sizes), knots)
    return np.diff(ends[: int(np.searchsorted(ends, knots)) + 1], prepend=0)


def tracked(p: Array, v: Array, a: Array, stop_knots: int, h: float) -> Array:
    """What is tracked of motion with knots 0 .. K, ``p, v, a`` (K + 1, c): (K + 1, c)."""
    by_velocity, by_acceleration = tail_maps(stop_knots, h)[0][stop_knots]
    end = p[-1:] + by_velocity * v[-1:] + by_acceleration * a[-1:]
    return np.concatenate([p[1:], ENDS * end])


@lru_cache(maxsize=128)
def basis_of(knots: int, h: float, constant: float, stop_knots: int) -> Basis:
    """The basis for ``knots``; ``constant`` is the smoothing time constant [s].

    Minimised is sum (p_k - r_k)^2 + constant^6 sum jerk_k^2 over the knots, and ENDS^2 times the
    square of how far from the last row the stop tail ends: a plan that only looked at the rows
    would arrive at the last one with a velocity that the tail could not stop there.
    """
    sizes = block_sizes(knots)
    spread = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    rest = np.zeros(len(sizes))
    p, v, a = integrate(KinematicState(0, rest, rest, rest), spread, h)
    to_tracked = tracked(p, v, a, stop_knots, h)
    cost = to_tracked.T @ to_tracked + constant**6 * spread.T @ spread
    at = np.concatenate([[0], np.cumsum(sizes)])
    return Basis(
        spread,
        to_tracked,
        np.asarray(np.linalg.solve(cost, to_tracked.T), dtype=np.float64),
        cost,
        (p[at], v[at], a[at]),
        np.asarray(h * sizes, dtype=np.float64),
        np.asarray(h * at, dtype=np.float64),
    )
