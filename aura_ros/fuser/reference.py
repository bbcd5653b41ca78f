"""Rows of a chunk as a reference on the knot grid."""

from __future__ import annotations

import numpy as np

from aura_ros.robot.description import Limits
from aura_ros.types import ActionChunk, Array

# Longer chunks are planned in parts: the solver's work grows with the cube of the knots.
MAX_KNOTS = 250


def knots_left(chunk: ActionChunk, start_ns: int, period_ns: int) -> int:
    """How many knots after ``start_ns`` the chunk still covers, at most ``MAX_KNOTS``."""
    return min(max((chunk.end_ns - start_ns) // period_ns, 0), MAX_KNOTS)


def reference(chunk: ActionChunk, start_ns: int, period_ns: int, limits: Limits) -> Array:
    """Rows interpolated at the knots after ``start_ns``, shape (K, n).

    Kept ``limits.margin`` inside the position limits, so that smoothing does not cross them.
    """
    count = knots_left(chunk, start_ns, period_ns)
    since_row_0 = start_ns - chunk.start_ns + period_ns * np.arange(1, count + 1)
    row = np.clip(since_row_0 / chunk.row_period_ns, 0, len(chunk.rows) - 1)
    below = np.minimum(row.astype(np.intp), max(len(chunk.rows) - 2, 0))
    share = (row - below)[:, None]
    above = np.minimum(below + 1, len(chunk.rows) - 1)
    rows = (1 - share) * chunk.rows[below] + share * chunk.rows[above]
    return np.clip(rows, limits.lower + limits.margin, limits.upper - limits.margin)
