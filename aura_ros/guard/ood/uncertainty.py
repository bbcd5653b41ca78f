"""How unsure a policy is: the spread of chunks drawn for one observation (as in Agia et al.,
"Unpacking Failure Modes of Generative Policies", CoRL 2024, without their choice of a kernel) and
the disagreement of consecutive chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.guard.risk.features import difference
from aura_ros.guard.watch import Judged
from aura_ros.robot.description import Robot
from aura_ros.types import ROLLBACK, ActionChunk, Array, ClockJump, freeze

SPREAD, DISAGREEMENT = KINDS = ("spread", "disagreement")


@dataclass(frozen=True)
class GroupLimits:
    """Limits (2 g,) of spread, then disagreement, of g ``groups`` [rad or m]; infinite: never
    measured. ``holds`` is the false-alarm rate an episode of all of them together."""

    groups: tuple[str, ...]
    limits: Array
    holds: float

    def __post_init__(self) -> None:
        freeze(self, "limits")


class Uncertainties:
    """Reads spread and disagreement of every chunk that passed, from what the guard hears."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._columns = [robot.group_indices(group.name) for group in robot.groups]
        self.forget()

    def forget(self) -> None:
        """An episode begins."""
        self._previous: ActionChunk | None = None

    def read(self, value: Any) -> Array | None:
        """Spread and disagreement of each group, (2 g,) [rad or m]; NaN where unknown."""
        if isinstance(value, ClockJump):
            self.forget()
        if not isinstance(value, Judged) or not all(check.passed for check in value.checks):
            return None
        chunk, previous = value.chunk, self._previous
        if chunk.source == ROLLBACK:
            return None
        if previous is not None and previous.order[:2] != chunk.order[:2]:
            previous = None
        self._previous = chunk
        away = difference(chunk, previous, self._robot)
        return np.concatenate([self._per_group(_variance(chunk)), self._per_group(away**2)])

    def _per_group(self, squares: Array) -> Array:
        """Root mean square over rows and joints of each group, (g,), of squares (k, n)."""
        if not len(squares):
            return np.full(len(self._columns), np.nan)
        mean = squares.mean(axis=0)
        return np.sqrt([mean[columns].mean() for columns in self._columns])


def _variance(chunk: ActionChunk) -> Array:
    """Variance over the chunk and its alternatives, (H, n); no rows without alternatives."""
    if chunk.alternatives.shape[1:] != chunk.rows.shape or not len(chunk.alternatives):
        return np.zeros((0, chunk.rows.shape[1]))
    return np.concatenate([chunk.rows[None], chunk.alternatives]).var(axis=0)
