"""Grippers as Open-RAIL filters them: apart from the joints, without polynomials.

CMCC-TAO/open-rail, ``client/core/intra_chunk_smoother.py`` (``_gripper_traj_fitting``), ``conf``
(``filter_window_size``, ``*_gripper_action_threshold``, ``gripper_offset``).
"""

from __future__ import annotations

import numpy as np

from aura_ros.bench.execution.executor import Setup
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array

HALF_WINDOW = 4
# Shares of the range beyond which a gripper is set to its end.
SHUT, OPEN = 0.05, 0.95
# Five control periods of 3.75 ms: grippers are commanded ahead of the arm.
AHEAD_S = 5 * 3.75e-3


class GripperTrack:
    """Gripper columns of one chunk over time; the other columns are of no use."""

    def __init__(self, setup: Setup) -> None:
        self._period_s = setup.robot.row_period_ns / NS
        self._shut, self._range = _ends(setup.robot)
        self._rows = setup.rest[None, :]

    def follow(self, rows: Array) -> None:
        """Filter ``rows`` (H, n): a mean over nine rows, set to an end of the range near it."""
        share = (_windowed_mean(rows) - self._shut) / self._range
        share = np.where(share > OPEN, 1.0, np.where(share < SHUT, 0.0, share))
        self._rows = self._shut + share * self._range

    def at(self, time_s: float) -> Array:
        """Positions (n,) at ``time_s`` [s] of the chunk: the mean of the rows before and after."""
        last = len(self._rows) - 1
        after = int(np.ceil((time_s + AHEAD_S) / self._period_s))
        pair = self._rows[min(max(after - 1, 0), last)], self._rows[min(max(after, 0), last)]
        return np.asarray((pair[0] + pair[1]) / 2)


def _windowed_mean(rows: Array) -> Array:
    """Mean over a window that stays inside the chunk, (H, n)."""
    width = min(2 * HALF_WINDOW + 1, len(rows))
    first = np.clip(np.arange(len(rows)) - HALF_WINDOW, 0, len(rows) - width)
    total = np.concatenate([np.zeros_like(rows[:1]), rows.cumsum(axis=0)])
    return np.asarray((total[first + width] - total[first]) / width)


def _ends(robot: Robot) -> tuple[Array, Array]:
    """Where each column is shut, (n,), and how far from there it is open."""
    shut, opened = robot.limits.lower.copy(), robot.limits.upper.copy()
    for group in robot.groups:
        if group.switching is not None:
            columns = robot.group_indices(group.name)
            shut[columns], opened[columns] = group.switching.closed, group.switching.opened
    # Without limits, a share of the range as the released code takes it.
    bounded = np.isfinite(opened - shut)
    return np.where(bounded, shut, 0.0), np.where(bounded, opened - shut, 1.0)
