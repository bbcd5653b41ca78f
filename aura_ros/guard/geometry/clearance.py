"""Whether all pairs of bodies stay clear of each other along a whole plan, between knots too.

Conservative advancement (Mirtich 1996, "Impulse-based dynamic simulation"): two exact distances
clear everything between them if the bodies cannot come nearer by their sum on the way. What is not
cleared between two knots is cut finer.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from aura_ros.guard.geometry.along import Along
from aura_ros.guard.geometry.chain import Places
from aura_ros.guard.geometry.coarse import Coarse
from aura_ros.guard.geometry.exact import Exact
from aura_ros.guard.geometry.pairs import Pairs, approach, balls_of
from aura_ros.guard.geometry.stretch import Stretch
from aura_ros.types import Array, Plan

# Coal's distances are exact within its tolerance of 1e-6 m; the ball that stands for a half-space
# is within this of it, 10 m around.
TOLERANCE_M = 1e-4
# How often what is not cleared is cut, and into how many runs of pieces at most.
_DEPTH, _MOST = 4, 256

# A run of a Stretch, and a column of Pairs.
Wanted = list[tuple[int, int]]


@dataclass(frozen=True)
class Nearest:
    """What is lacking [m] where a pair comes nearest of all that was looked at (below 0: what is
    left), and when [s]; ``proved`` is False where no distance, only its bound, is too small."""

    lacking: float
    pair: int
    time_s: float
    proved: bool = True


class Clearance:
    """Looks along plans. ``margin`` [m] is how far apart pairs must be wherever they are looked
    at; that they stay apart by half of it is proved between. ``error`` (J,) [rad or m] is how far
    joints may be from the plan. Keeps scratch space: one instance a thread."""

    def __init__(self, along: Along, pairs: Pairs, margin: float, error: Array) -> None:
        self._along, self._pairs, self._error = along, pairs, error
        self._margin, self._need, self._exact = margin, margin + TOLERANCE_M, Exact(pairs)
        self._coarse = Coarse(along.chain, pairs, self._need, error)

    def along(self, plan: Plan) -> Nearest:
        """The nearest approach along a plan of finite knots, its stop tail included."""
        stretch, places = self._along.of(plan)
        chain = self._along.chain
        travel = chain.spread(stretch.travel)
        spare = self._coarse.spare(places, chain.joints(stretch.position), travel)
        wanted: Wanted = [(0, pair) for pair in np.flatnonzero(~(spare >= 0)).tolist()]
        if not wanted:
            return Nearest(-float(spare.min()), int(spare.argmin()), 0.0)
        nearest, left = self._look(stretch, places, wanted)
        for _ in range(_DEPTH):
            nodes = sorted({node for node, _ in left})
            if nearest.lacking > 0 or not left or len(nodes) > _MOST:
                break
            runs = {node: run for run, node in enumerate(nodes)}
            stretch = stretch.cut(nodes)
            places = chain.place(stretch.position)
            looked, left = self._look(stretch, places, [(runs[node], pair) for node, pair in left])
            nearest = max(nearest, looked, key=lambda near: near.lacking)
        if nearest.lacking > 0 or not left:
            return nearest
        node, pair = left[0]
        return Nearest(TOLERANCE_M, pair, stretch.time_s(node), proved=False)

    def at(self, position: Array) -> Array:
        """What each pair has left (P,) [m] at one configuration (n,) of the robot."""
        places = self._along.chain.place(position[None])
        _, widening = self._approach(self._pairs, places, np.zeros((1, len(self._error))))
        self._exact.move(places)
        distances = [self._exact.distance(pair, 0) for pair in range(self._pairs.count)]
        return np.array(distances) - self._need - np.asarray(widening[0])

    def _look(self, stretch: Stretch, places: Places, wanted: Wanted) -> tuple[Nearest, Wanted]:
        """The nearest approach in ``wanted``, up to the first that is too near, and the nodes and
        pairs after which nothing is proved."""
        chosen = np.unique([pair for _, pair in wanted])
        travel = self._along.chain.spread(stretch.travel)
        loss, widening = self._approach(self._pairs.some(chosen), places, travel)
        way = (np.cumsum(loss, axis=0) - loss).T.tolist()
        taken = (widening + self._need).T.tolist()
        column = {pair: k for k, pair in enumerate(chosen.tolist())}
        self._exact.move(places)
        nearest, left = Nearest(-np.inf, 0, 0.0), Wanted()
        for run, pair in wanted:
            first, off = run * stretch.nodes, taken[column[pair]]
            clear = partial(self._clear, pair, off)
            last = first + stretch.nodes - 1
            found = _search(clear, way[column[pair]], first, last, self._margin)
            if not -found.least <= nearest.lacking:
                nearest = Nearest(-found.least, pair, stretch.time_s(found.node))
            if not found.least >= 0:
                break
            left += [(node, pair) for node in found.left]
        return nearest, left

    def _clear(self, pair: int, off: Sequence[float], node: int) -> float:
        """Clearance [m] of a pair at a node."""
        return self._exact.distance(pair, node) - off[node]

    def _approach(self, pairs: Pairs, places: Places, travel: Array) -> tuple[Array, Array]:
        balls = balls_of(pairs.bodies, self._along.chain, places, travel, self._error)
        return approach(pairs, balls, travel, self._error)


@dataclass(frozen=True)
class _Found:
    """The ``least`` clearance [m] that was seen and its ``node``; nodes after which, until the
    next one, nothing is proved."""

    least: float
    node: int
    left: tuple[int, ...]


def _search(
    clear: Callable[[int], float], way: Sequence[float], first: int, last: int, margin: float
) -> _Found:
    """Whether clearance is above 0 from node ``first`` to ``last`` and loses no more than half
    the ``margin`` between them; ``way`` is how much of it can have been lost until each node. Ends
    at the first node that is not clear."""
    seen: dict[int, float] = {}
    left, spans = [], [(first, last)]
    while spans:
        a, b = spans.pop()
        for node in (a, b):
            if node not in seen:
                seen[node] = clear(node)
                if not seen[node] >= 0:
                    return _Found(seen[node], node, ())
        if seen[a] + seen[b] + margin >= way[b] - way[a]:
            continue
        if b == a + 1:
            left.append(a)
            continue
        # Where both ends clear equally much of what remains.
        middle = bisect(way, (way[a] + way[b] + seen[a] - seen[b]) / 2, a + 1, b - 1)
        spans += [(middle, b), (a, middle)]
    node = min(seen, key=lambda one: seen[one])
    return _Found(seen[node], node, tuple(left))
