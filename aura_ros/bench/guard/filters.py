"""What simpler arms do to the rows of a chunk instead of judging them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from aura_ros.guard.correct.barrier import Bounds, Geometry, along
from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk


def unchanged(chunk: ActionChunk) -> ActionChunk:
    """The chunk as it is."""
    return chunk


def clamped(chunk: ActionChunk, robot: Robot) -> ActionChunk:
    """Rows inside the position limits, no further from the row before than the velocity limit
    lets each joint go: what joint limiters do. NaN stays NaN."""
    limits = robot.limits
    rows = np.clip(chunk.rows, limits.lower, limits.upper)
    most = limits.velocity * chunk.row_period_ns / NS
    for before, row in pairwise(rows):
        np.clip(row, before - most, before + most, out=row)
    return replace(chunk, rows=rows)


def barrier(robot: Robot, regions: tuple[Geometry, ...]) -> Callable[[ActionChunk], ActionChunk]:
    """Rows kept inside the limits and out of ``regions`` by control barriers; as they are where
    there is no solution."""

    def filtered(chunk: ActionChunk) -> ActionChunk:
        bounds = Bounds.of(robot, chunk.row_period_ns / NS, 1.0, 1.0)
        rows = along(chunk.rows, bounds, regions) if np.isfinite(chunk.rows).all() else None
        return chunk if rows is None else replace(chunk, rows=rows)

    return filtered
