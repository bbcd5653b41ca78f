"""What a barrier is told of the box: the simulator's own distance, and how joints change it."""

from __future__ import annotations

import mujoco
import numpy as np

from aura_ros.sim.model import JOINTS
from aura_ros.sim.witness import Box, is_link, shadow_model
from aura_ros.types import Array

MARGIN = 0.02
"""How far links are to stay from the box [m]."""
FAR = 0.25
"""Further away nothing is said [m]."""
_STEP = 1e-4


class BoxClearance:
    """Least distance of the moving links from ``box``, with its gradient by differences: as good
    as a barrier's perception can be."""

    def __init__(self, box: Box) -> None:
        self._model = shadow_model(box)
        self._data = mujoco.MjData(self._model)
        self._columns = [self._model.joint(name).qposadr[0] for name in JOINTS]
        self._box = self._model.geom("box").id
        self._links = [g for g in range(self._model.ngeom) if is_link(self._model, g)]

    def clearances(self, position: Array) -> tuple[Array, Array]:
        """As ``Geometry.clearances``: (1,) [m] and (1, n), or nothing where it is far."""
        here = self._distance(position)
        if here > FAR:
            return np.zeros(0), np.zeros((0, len(position)))
        moved = position + _STEP * np.eye(len(position))
        gradient = np.array([self._distance(row) - here for row in moved]) / _STEP
        return np.array([here - MARGIN]), gradient[None]

    def _distance(self, position: Array) -> float:
        self._data.qpos[self._columns] = position
        mujoco.mj_kinematics(self._model, self._data)
        distances = (self._to(link) for link in self._links)
        return min(distances)

    def _to(self, link: int) -> float:
        return float(mujoco.mj_geomDistance(self._model, self._data, link, self._box, 2.0, None))
