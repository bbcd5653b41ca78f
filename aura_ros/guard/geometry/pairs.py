"""Pairs of bodies, and bounds on how near each other motion and tracking errors bring them.

The distance of two convex bodies changes by no more than the path of one point of either, seen
from the other. A joint between them that turns by x moves a point by at most x times its reach:
the distance of the body from the joint's axis. The two nearest points lie on one line, along which
a turn moves both equally, so the lesser of the two bodies' reaches counts. Reaches themselves
change on the way; :func:`growth` bounds that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.guard.geometry.bodies import ENDLESS, Bodies
from aura_ros.guard.geometry.chain import Chain, Places
from aura_ros.types import Array

# Where joints turn farther than this together [rad], no bound is worth its name.
FARTHEST = 0.9

Columns = NDArray[np.intp] | slice
EVERY = slice(None)


@dataclass(frozen=True)
class Pairs:
    """Columns of ``bodies`` whose distance is looked at, ``first`` and ``second`` (P,), and the
    joints between them ``path`` (P, J)."""

    bodies: Bodies
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    path: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """P."""
        return len(self.first)

    def some(self, chosen: NDArray[np.intp]) -> Pairs:
        """Only the pairs in columns ``chosen``, and their bodies."""
        both = np.concatenate([self.first[chosen], self.second[chosen]])
        used, columns = np.unique(both, return_inverse=True)
        first, second = np.split(columns, 2)
        return Pairs(self.bodies.some(used), first, second, self.path[chosen])

    def names(self, pair: int) -> tuple[str, str]:
        """The names of its bodies."""
        items = self.bodies.items
        return items[self.first[pair]].name, items[self.second[pair]].name


def pairs_of(bodies: Bodies, chain: Chain, columns: list[tuple[int, int]]) -> Pairs:
    """Pairs of ``columns`` of the bodies."""
    both = np.array(columns, dtype=np.intp).reshape(-1, 2)
    supports = chain.supports[bodies.place]
    path = supports[both[:, 0]] ^ supports[both[:, 1]]
    return Pairs(bodies, both[:, 0], both[:, 1], path)


@dataclass(frozen=True)
class Balls:
    """How far balls around B bodies reach from every joint's axis at M nodes, ``reach``
    (M, J, B) [m], tracking errors included, and what that grows by until the next node,
    ``grown`` (M, B) [m]."""

    reach: Array
    grown: Array


def balls_of(bodies: Bodies, chain: Chain, places: Places, travel: Array, error: Array) -> Balls:
    """``travel`` (M, J) until the next node, tracking errors ``error`` (J,), all [rad or m]."""
    center = places.points(bodies.place, bodies.center)
    reach = reach_of(bodies, chain, places, center, error)
    return Balls(reach, growth(reach, travel, chain.turning))


def reach_of(bodies: Bodies, chain: Chain, places: Places, center: Array, error: Array) -> Array:
    """How far balls about ``center`` (M, B, 3) reach from every joint's axis (M, J, B) [m], with
    tracking errors (J,) included."""
    reach = chain.reach(places, center, bodies.radius)
    errors = np.broadcast_to(error, (len(center), len(error)))
    return np.asarray(reach + growth(reach, errors, chain.turning)[:, None])


def widening(pairs: Pairs, reach: Array, error: Array, chosen: Columns = EVERY) -> Array:
    """What tracking errors (J,) take away (M, P) at most of the pairs in columns ``chosen`` [m]."""
    lesser = np.minimum(reach[:, :, pairs.first[chosen]], reach[:, :, pairs.second[chosen]])
    return np.asarray(np.matmul(error, lesser * pairs.path[chosen].T))


def growth(reach: Array, turn: Array, turning: NDArray[np.bool_]) -> Array:
    """How far (M, B) a body moves at most against any axis while all joints go ``turn`` (M, J).

    With reaches r (M, J, B) that grow by g on the way g <= sum of (r + g) turn, solved for g.
    """
    together = (turn * turning).sum(axis=1)[:, None]
    bound = np.matmul(turn[:, None], reach)[:, 0] / np.maximum(1.0 - together, 1.0 - FARTHEST)
    return np.where(together < FARTHEST, bound, ENDLESS)


def approach(pairs: Pairs, balls: Balls, travel: Array, error: Array) -> tuple[Array, Array]:
    """How much clearance each pair loses at most until the next node (M, P), and at each node by
    tracking errors (M, P) [m].

    Clearance is distance less the widening; what that grows by on the way counts twice,
    since the loss is shared by both ends of a piece.
    """
    reach, grown, path = balls.reach, balls.grown[:, None], pairs.path.T
    a, b = reach[:, :, pairs.first], reach[:, :, pairs.second]
    taken = widening(pairs, reach, error)
    on_the_way = np.minimum(a + grown[..., pairs.first], b + grown[..., pairs.second]) * path
    wider = np.matmul(error, on_the_way)
    lesser = np.minimum(taken, np.concatenate([taken[1:], taken[-1:]]))
    return np.einsum("mjp,mj->mp", on_the_way, travel) + 2 * (wider - lesser), taken
