"""Rows of a chunk on the knot grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion.jerk import knot_at_or_after
from aura_ros.robot.description import Robot
from aura_ros.types import ROLLBACK, ActionChunk, Array

# Longer chunks are planned in parts; nothing follows a way back.
MAX_KNOTS = 250
MAX_KNOTS_BACK = 1000


@dataclass(frozen=True)
class Reference:
    """Where to be at knots: ``values`` (K, n), the first at ``start_ns`` on the knot grid."""

    start_ns: int
    period_ns: int
    values: Array

    @property
    def last_ns(self) -> int:
        """Time of the last knot [ns]."""
        return self.start_ns + (len(self.values) - 1) * self.period_ns

    def covers(self, first_ns: int, count: int) -> NDArray[np.bool_]:
        """Which of ``count`` knots from ``first_ns`` on lie within, (count,)."""
        k = self._indices(first_ns, count)
        return (k >= 0) & (k < len(self.values))

    def at(self, first_ns: int, count: int) -> Array:
        """Values (count, n) at knots from ``first_ns`` on; beyond the ends those are held."""
        return self.values[np.clip(self._indices(first_ns, count), 0, len(self.values) - 1)]

    def _indices(self, first_ns: int, count: int) -> NDArray[np.intp]:
        return (first_ns - self.start_ns) // self.period_ns + np.arange(count)


def most_knots(chunk: ActionChunk) -> int:
    """The longest plan of ``chunk``."""
    return MAX_KNOTS_BACK if chunk.source == ROLLBACK else MAX_KNOTS


def knots_left(end_ns: int, start_ns: int, period_ns: int, most: int = MAX_KNOTS) -> int:
    """How many knots after ``start_ns`` are not after ``end_ns``, at most ``most``."""
    return min(max((end_ns - start_ns) // period_ns, 0), most)


def resampled(chunk: ActionChunk, rows: Array, robot: Robot) -> Reference:
    """``rows`` (H, n) of ``chunk`` at the knots that it covers, at least one.

    Kept ``limits.margin`` inside the position limits, so that smoothing does not cross them.
    """
    period_ns = robot.knot_period_ns
    first = knot_at_or_after(chunk.start_ns, period_ns)
    count = min(max((chunk.end_ns - first) // period_ns + 1, 1), most_knots(chunk))
    since_row_0 = first - chunk.start_ns + period_ns * np.arange(count)
    values = interpolated(rows, since_row_0 / chunk.row_period_ns, robot.averaged)
    limits = robot.limits
    inside = np.clip(values, limits.lower + limits.margin, limits.upper - limits.margin)
    return Reference(first, period_ns, inside)


def near(rows: Array, place: Array, robot: Robot) -> Array:
    """``rows`` (H, n) with joints that turn without end unwrapped, beginning near ``place``."""
    if not robot.continuous.any():
        return rows
    smooth = np.unwrap(rows, axis=0)
    turns = np.round((place - smooth[0]) / (2 * np.pi)) * (2 * np.pi)
    return np.where(robot.continuous, smooth + turns, rows)


def interpolated(rows: Array, position: Array, smooth: NDArray[np.bool_]) -> Array:
    """``rows`` (H, n) at fractional indices ``position`` (K,), held beyond the ends.

    Columns ``smooth`` (n,) are cubic between rows (Catmull-Rom): straight lines would cut a
    motion of 5 rad/s^2 at 30 Hz by 0.7 mrad. The others, which may step, are straight.
    """
    at = np.clip(position, 0, len(rows) - 1)
    k = np.minimum(at.astype(np.intp), max(len(rows) - 2, 0))
    if len(rows) < 2:
        return rows[k]
    s = (at - k)[:, None]
    rise = rows[k + 1] - rows[k]
    slopes = np.gradient(rows, axis=0)
    bend = (1 - s) * (slopes[k] - rise) - s * (slopes[k + 1] - rise)
    return np.asarray(rows[k] + s * rise + np.where(smooth, s * (1 - s) * bend, 0.0))
