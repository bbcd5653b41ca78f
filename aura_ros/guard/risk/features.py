"""One turn in numbers: how much of every limit is used, and how the chunk fits what came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aura_ros.guard.watch import Turn
from aura_ros.motion.jerk import sample
from aura_ros.robot.description import Robot
from aura_ros.types import ActionChunk, Array, Check, FailureRisk, freeze

# Checks whose value says how the machine or a person is, not what the policy does.
NO_USE = frozenset(
    {"mode", "caution", "freshness", "plan_freshness", "timing", "sequence", "schema"}
    | {"integrity", "continuity", "provenance", "session_risk", "instruction", "embedding"}
    | {"sensitivity", "uncertainty", "failure_risk"}
)


@dataclass(frozen=True)
class Features:
    """What a turn is measured by; NaN where it is unknown.

    ``uses``: value over limit by check, ``limits`` those limits; ``monitor``: the monitor's score
    over its threshold;
    ``start`` (n,): row 0 of the chunk minus the committed state then; ``disagreement`` (n,): the
    chunk minus the one before, mean over the rows of both [rad or m]. A chunk that is shifted by
    a constant begins beside the state that the policy was told.
    """

    uses: Mapping[str, float]
    monitor: float
    start: Array
    disagreement: Array
    limits: Mapping[str, float]

    def __post_init__(self) -> None:
        freeze(self, "start", "disagreement")

    def vector(self, uses: Sequence[str]) -> Array:
        """Uses in the given order, monitor, start and disagreement, (len(uses) + 1 + 2 n,)."""
        known = [*(self.uses.get(name, np.nan) for name in uses), self.monitor]
        return np.concatenate([known, self.start, self.disagreement])


def features_of(
    turn: Turn, previous: ActionChunk | None, risk: FailureRisk | None, robot: Robot
) -> Features:
    """Features of a turn after the chunk ``previous``, with the monitor's last word."""
    nothing = np.full(len(robot.joints), np.nan)
    overlap = difference(turn.chunk, previous, robot)
    used = [check for check in turn.checks if _is_use(check)]
    return Features(
        {check.name: check.value / check.limit for check in used},
        _monitor(risk),
        _start(turn, robot),
        overlap.mean(axis=0) if len(overlap) else nothing,
        {check.name: check.limit for check in used},
    )


def difference(chunk: ActionChunk, previous: ActionChunk | None, robot: Robot) -> Array:
    """Rows of a chunk minus the ones before at the same times, (k, n); k is 0 without overlap.

    Zero for grippers that are only open or closed: their rows jump by nature.
    """
    if previous is None or len(previous.rows) < 2 or chunk.row_period_ns <= 0:
        return np.zeros((0, len(robot.joints)))
    period = previous.row_period_ns
    offset = (chunk.start_ns - previous.start_ns) / period
    places = offset + np.arange(len(chunk.rows)) * (chunk.row_period_ns / period)
    inside = (places >= 0) & (places <= len(previous.rows) - 1)
    places = places[inside]
    before = np.minimum(places.astype(np.intp), len(previous.rows) - 2)
    share = (places - before)[:, None]
    old = (1 - share) * previous.rows[before] + share * previous.rows[before + 1]
    away = robot.difference(chunk.rows[inside], old)
    away[:, robot.switched] = 0.0
    return away


def _is_use(check: Check) -> bool:
    return check.limit > 0 and np.isfinite(check.limit) and check.name not in NO_USE


def _monitor(risk: FailureRisk | None) -> float:
    if risk is None or not (risk.threshold > 0 and np.isfinite(risk.threshold)):
        return float("nan")
    return risk.score / risk.threshold


def _start(turn: Turn, robot: Robot) -> Array:
    committed = turn.committed
    if committed is None or turn.chunk.start_ns < committed.start_ns:
        return np.full(len(robot.joints), np.nan)
    planned = sample(committed, turn.chunk.start_ns).position
    away = robot.difference(turn.chunk.rows[0], planned)
    away[robot.switched] = 0.0
    return away
