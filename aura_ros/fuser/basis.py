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
from aura_ros.types import Array, KinematicState

# Knots in a block, and how many such blocks; the last size goes on to the end.
PATTERN = ((1, 8), (2, 8), (4, 16), (8, 10_000))


@dataclass(frozen=True)
class Basis:
    """Blocks over ``K`` knots of period ``h`` [s], b blocks.

    ``spread`` (K, b): block values to jerk at knots. ``to_position`` (K, b): to the positions at
    knots 1 .. K. ``gain`` (b, K): the blocks that track a reference best without limits.
    ``cost`` (b, b): Hessian of that. ``edges``: position, velocity, acceleration where blocks
    meet, each (b + 1, b). ``lengths`` (b,) of the blocks [s], ``times`` (b + 1,) of the edges.
    """

    spread: Array
    to_position: Array
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


@lru_cache(maxsize=128)
def basis_of(knots: int, h: float, constant: float) -> Basis:
    """The basis for ``knots``; ``constant`` is the smoothing time constant [s].

    Minimised is sum (p_k - r_k)^2 + constant^6 sum jerk_k^2 over the knots.
    """
    sizes = block_sizes(knots)
    spread = np.repeat(np.eye(len(sizes)), sizes, axis=0)
    rest = np.zeros(len(sizes))
    p, v, a = integrate(KinematicState(0, rest, rest, rest), spread, h)
    cost = p[1:].T @ p[1:] + constant**6 * spread.T @ spread
    at = np.concatenate([[0], np.cumsum(sizes)])
    return Basis(
        spread,
        p[1:],
        np.asarray(np.linalg.solve(cost, p[1:].T), dtype=np.float64),
        cost,
        (p[at], v[at], a[at]),
        np.asarray(h * sizes, dtype=np.float64),
        np.asarray(h * at, dtype=np.float64),
    )
