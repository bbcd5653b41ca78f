"""How unsure a policy is: the spread of chunks drawn for one observation (as in Agia et al.,
"Unpacking Failure Modes of Generative Policies", CoRL 2024, without their choice of a kernel) and
the disagreement of consecutive chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.guard.risk.features import difference
from aura_ros.guard.risk.given_up import GivenUp
from aura_ros.guard.watch import Judged, Turn
from aura_ros.robot.description import Robot
from aura_ros.types import ROLLBACK, ActionChunk, Array, Now, freeze

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
    """Reads spread and disagreement of every chunk that passed, from what the guard hears.

    Chunks disagree with the last one that moved the robot, as long as its motion goes on: rows
    that begin where the robot waits say another thing than rows that it did not follow.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._columns = [robot.group_indices(group.name) for group in robot.groups]
        self._given_up = GivenUp()
        self.forget()

    def forget(self) -> None:
        """An episode begins."""
        self._followed: ActionChunk | None = None

    def read(self, value: Any, now: Now) -> Array | None:
        """Spread and disagreement of each group, (2 g,) [rad or m]; NaN where unknown."""
        if self._given_up.hear(value, now):
            self.forget()
        if isinstance(value, Turn):
            self._follow(value)
        if not isinstance(value, Judged) or not all(check.passed for check in value.checks):
            return None
        return None if value.chunk.source == ROLLBACK else self._of(value.chunk)

    def _follow(self, turn: Turn) -> None:
        chunk = turn.chunk
        if turn.allowed and chunk.source != ROLLBACK and not self._given_up.is_behind(chunk):
            self._followed = chunk

    def _of(self, chunk: ActionChunk) -> Array:
        previous = self._followed
        if previous is not None and previous.order[:2] != chunk.order[:2]:
            previous = None
        if self._given_up.is_behind(chunk):
            previous = None
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
