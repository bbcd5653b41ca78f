"""A policy whose errors are known: the truth as of its observation, plus what the cell says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.bench.fuser.draws import Purpose, normal, uniform
from aura_ros.bench.fuser.scenario import ROW_NS, START_NS
from aura_ros.bench.fuser.truth import Truth
from aura_ros.types import NS, Array, KinematicState

# Rows over which a conditioned chunk leaves the state it was told, as 1 / e.
CONDITIONED_ROWS = 4.0
# The gripper's output is a probability: it swings over, hesitates between switches, is noisy.
SWING_S = 0.08
HESITATION_S = 0.4
GRIPPER_NOISE = 0.05


@dataclass(frozen=True)
class Surrogate:
    """The policy of one run."""

    truth: Truth

    def rows(self, index: int, state: KinematicState, seen_ns: int) -> Array:
        """Rows (H, n) of request ``index`` that begin at ``state``, seen at ``seen_ns``."""
        cell, seed, n = self.truth.cell, self.truth.seed, self.truth.arm_joints
        times = state.time_ns + ROW_NS * np.arange(cell.horizon, dtype=np.int64)
        arm = self.truth.arm(times, seen_ns)
        arm += cell.bias * normal(seed, index, Purpose.BIAS)[:n]
        if cell.modes:
            arm += cell.modes * (1.0 if uniform(seed, index, Purpose.MODE)[0] < 0.5 else -1.0)
        if cell.growth:
            arm += np.linspace(0.0, cell.growth, cell.horizon)[:, None] * self._direction(index)
        if cell.conditioned:
            fading = np.exp(-np.arange(cell.horizon) / CONDITIONED_ROWS)[:, None]
            arm += fading * (state.position[:n] - arm[0])
        if cell.turning:
            arm[:, 0] = (arm[:, 0] + np.pi) % (2 * np.pi) - np.pi
        if not cell.gripper:
            return arm
        return np.column_stack([arm, self._gripper(times, index)])

    def _direction(self, index: int) -> Array:
        """A random direction (n,), 1 in the root mean square of joints."""
        drawn = normal(self.truth.seed, index, Purpose.GROWTH)[: self.truth.arm_joints]
        return np.asarray(drawn / np.sqrt(np.mean(drawn**2)))

    def _gripper(self, times_ns: NDArray[np.int64], index: int) -> Array:
        """Outputs (H,) in [0, 1]; half way between two switches they hover about 0.5."""
        t = (times_ns - START_NS) / NS
        edges = np.concatenate([[0.0], self.truth.toggles_s])
        opened = np.zeros_like(t)
        for k, edge in enumerate(self.truth.toggles_s):
            swing = 1.0 / (1.0 + np.exp(np.clip(-(t - edge) / SWING_S, -50.0, 50.0)))
            opened += swing if k % 2 == 0 else -swing
        middles = (edges[1:] + edges[:-1]) / 2
        hesitates = (np.abs(t[:, None] - middles) < HESITATION_S / 2).any(axis=1)
        noise = GRIPPER_NOISE * normal(self.truth.seed, index, Purpose.GRIPPER)[: len(t)]
        return np.asarray(np.clip(np.where(hesitates, 0.5, opened) + noise, 0.0, 1.0))
