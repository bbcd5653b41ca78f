"""Exact distances of pairs of bodies at nodes, by coal."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from aura_ros.guard.geometry.bodies import coal
from aura_ros.guard.geometry.chain import Places
from aura_ros.guard.geometry.pairs import Pairs
from aura_ros.types import Array


class Witness(NamedTuple):
    """The distance [m] of a pair, the first body's nearest ``point`` (3,) [m] in the root's frame,
    and the direction (3,) from there to the second body."""

    pair: int
    distance: float
    point: Array
    normal: Array


class Exact:
    """Distances at the nodes of ``places``. Keeps scratch space: one instance a thread."""

    def __init__(self, pairs: Pairs) -> None:
        self._coal = coal()
        self._bodies = pairs.bodies.items
        columns = list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
        self._pairs = [
            (self._coal.ComputeDistance(self._bodies[a].shape, self._bodies[b].shape), a, b)
            for a, b in columns
        ]
        self._request, self._result = self._coal.DistanceRequest(), self._coal.DistanceResult()

    def move(self, places: Places) -> None:
        """Look at the nodes of ``places`` from now on."""
        self._places = places
        self._links: dict[tuple[int, int], Any] = {}
        self._moved: dict[tuple[int, int], Any] = {}

    def distance(self, pair: int, node: int) -> float:
        """Distance [m] of a pair at a node, below 0 by the depth where they overlap."""
        compute, a, b = self._pairs[pair]
        self._result.clear()
        return float(compute(self._at(a, node), self._at(b, node), self._request, self._result))

    def witness(self, pair: int, node: int, within: float) -> Witness | None:
        """How near a pair is at a node; None if that is ``within`` [m] or more."""
        distance = self.distance(pair, node)
        if not distance < within:
            return None
        point = np.array(self._result.getNearestPoint1())
        return Witness(pair, distance, point, np.array(self._result.normal))

    def _at(self, column: int, node: int) -> Any:
        """Where a body is at a node."""
        found = self._moved.get((column, node))
        if found is None:
            body = self._bodies[column]
            found = self._moved[column, node] = self._link(body.place, node) * body.local
        return found

    def _link(self, place: int, node: int) -> Any:
        found = self._links.get((place, node))
        if found is None:
            pose = self._places.pose[place, node]
            found = self._coal.Transform3s(pose[:, :3], pose[:, 3])
            self._links[place, node] = found
        return found
