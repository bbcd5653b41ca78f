"""Which pairs of bodies stay so far apart along a plan that nothing finer need be asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aura_ros.guard.geometry.bodies import Bodies
from aura_ros.guard.geometry.chain import Chain, Places
from aura_ros.guard.geometry.pairs import Pairs
from aura_ros.types import Array

# Nodes in a window; balls around the bodies are placed at its first one only.
_WINDOW = 2


class Coarse:
    """Balls around bodies, and how far joints can move them in any configuration at all."""

    def __init__(self, chain: Chain, pairs: Pairs, need: float, error: Array) -> None:
        self._chain, self._pairs, self._need, self._error = chain, pairs, need, error
        self._fixed, self._slid = farthest(chain, pairs.bodies)

    def spare(self, places: Places, joints: Array, travel: Array) -> Array:
        """Clearance (P,) [m] that each pair has at least along nodes with the chain's ``joints``
        (M, J), which go ``travel`` (M, J) until the next node; tracking errors are taken off."""
        starts = np.arange(0, len(joints), _WINDOW)
        bodies, a, b = self._pairs.bodies, self._pairs.first, self._pairs.second
        reach = self._fixed + self._slid @ np.abs(joints).max(axis=0)
        moved = (np.add.reduceat(travel, starts, axis=0) + self._error) @ reach
        center = Places(places.pose[:, starts]).points(bodies.place, bodies.center)
        away = center[:, a] - center[:, b]
        taken = moved + bodies.radius
        apart = np.sqrt(np.einsum("mpk,mpk->mp", away, away)) - taken[:, a] - taken[:, b]
        return np.asarray(apart.min(axis=0) - self._need)


def farthest(chain: Chain, bodies: Bodies) -> tuple[Array, Array]:
    """How far joints at most move bodies, (J, B) [m per rad or m], and what each joint that slides
    adds to that per m, (J, B, J): the sum of all lengths between the axis and the body."""
    joints = len(chain.parents)
    fixed, slid = (
        np.zeros((joints, len(bodies.items))),
        np.zeros((joints, len(bodies.items), joints)),
    )
    far = np.linalg.norm(bodies.center, axis=1) + bodies.radius
    for column, place in enumerate(bodies.place.tolist()):
        length, sliding = float(far[column]), np.zeros(joints)
        for joint in _upwards(chain.parents, place):
            turns = chain.turning[joint]
            fixed[joint, column] = length if turns else 1.0
            slid[joint, column] = sliding if turns else 0.0
            length += chain.lengths[joint]
            sliding[joint] += 0.0 if turns else 1.0
    return fixed, slid


def _upwards(parents: NDArray[np.intp], place: int) -> list[int]:
    """Joints from a place up to the root."""
    joints = []
    while place > 0:
        joints.append(place - 1)
        place = int(parents[place - 1])
    return joints
