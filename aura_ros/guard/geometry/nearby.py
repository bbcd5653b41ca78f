"""How far pairs of bodies are apart at one configuration, and how joints change that.

The distance of two convex bodies changes as that of their two nearest points does when each is
held to its body (Danskin 1967): normal (v_b - v_a), where v are the points' velocities.
"""

from __future__ import annotations

import numpy as np

from aura_ros.guard.geometry.chain import Chain, Places
from aura_ros.guard.geometry.exact import Exact
from aura_ros.guard.geometry.pairs import Pairs, reach_of, widening
from aura_ros.types import Array

# Pairs that have more than this left are passed over [m]: a link at 1 m/s comes so far from one
# look to the next.
AHEAD_M = 0.15


class Nearby:
    """Pairs that are near, for a robot of ``columns`` joints. ``need`` [m] is how far apart they
    must be, ``error`` (J,) [rad or m] how far joints may be from the plan."""

    def __init__(self, chain: Chain, pairs: Pairs, need: float, error: Array, columns: int) -> None:
        self._chain, self._pairs, self._need, self._error = chain, pairs, need, error
        self._exact = Exact(pairs)
        self._share = (chain.columns[:, None] == np.arange(columns)) * chain.scale[:, None]
        supports = chain.supports[pairs.bodies.place].astype(np.float64)
        self._sides = supports[pairs.second] - supports[pairs.first]

    def at(self, position: Array) -> tuple[Array, Array]:
        """What near pairs have left (m,) [m] at a configuration (n,), and how that changes with
        every joint, (m, n) [m per rad or m]; the widening is taken off as if it did not change."""
        places = self._chain.place(position[None])
        bodies = self._pairs.bodies
        center = places.points(bodies.place, bodies.center)
        self._exact.move(places)
        within = self._need + AHEAD_M
        looked = [self._exact.witness(pair, 0, within) for pair in self._within(center[0])]
        near = [witness for witness in looked if witness is not None]
        if not near:
            return np.zeros(0), np.zeros((0, self._share.shape[1]))
        chosen, distance, point, normal = (np.array(values) for values in zip(*near, strict=True))
        reach = reach_of(bodies, self._chain, places, center, self._error)
        taken = widening(self._pairs, reach, self._error, chosen)[0]
        gradient = self._moved(places, point, normal) * self._sides[chosen]
        return distance - self._need - taken, gradient @ self._share

    def _within(self, center: Array) -> list[int]:
        """Columns of the pairs whose balls about ``center`` (B, 3) are near."""
        radius, a, b = self._pairs.bodies.radius, self._pairs.first, self._pairs.second
        away, far = center[a] - center[b], radius[a] + radius[b] + (self._need + AHEAD_M)
        near: list[int] = np.flatnonzero(np.einsum("pk,pk->p", away, away) < far**2).tolist()
        return near

    def _moved(self, places: Places, point: Array, normal: Array) -> Array:
        """How fast every joint (m, J) moves points (m, 3) along normals (m, 3).

        Both nearest points lie on the normal, so that a turn moves them equally along it.
        """
        axis, origin = self._chain.directions(places)[0], places.origin[1:, 0]
        turned = _cross(point, normal) @ axis.T - normal @ _cross(axis, origin).T
        return np.asarray(np.where(self._chain.turning, turned, normal @ axis.T))


def _cross(a: Array, b: Array) -> Array:
    """Vector products (m, 3); of a few vectors numpy's own takes far longer."""
    return np.asarray(a[:, _NEXT] * b[:, _LAST] - a[:, _LAST] * b[:, _NEXT])


_NEXT, _LAST = [1, 2, 0], [2, 0, 1]
