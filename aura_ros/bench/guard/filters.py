"""What simpler arms do to the rows of a chunk instead of judging them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aura_ros.robot.description import Robot
from aura_ros.types import NS, ActionChunk, Array


def unchanged(chunk: ActionChunk) -> ActionChunk:
    """The chunk as it is."""
    return chunk


def clamped(chunk: ActionChunk, robot: Robot) -> ActionChunk:
    """Rows inside the position limits, no further from the row before than the velocity limit
    lets each joint go: what joint limiters do. NaN stays NaN."""
    limits = robot.limits
    rows = np.clip(chunk.rows, limits.lower, limits.upper)
    most = limits.velocity * chunk.row_period_ns / NS
    for before, row in zip(rows, rows[1:], strict=False):
        np.clip(row, before - most, before + most, out=row)
    return replace(chunk, rows=rows)


def barrier(robot: Robot) -> Callable[[ActionChunk], ActionChunk]:
    """Rows through the guard's CBF-QP filter; as they are where it finds none."""
    from aura_ros.guard.correct.barrier import filtered_rows

    def filtered(chunk: ActionChunk) -> ActionChunk:
        rows: Array | None = filtered_rows(chunk.rows, chunk.row_period_ns / NS, robot)
        return chunk if rows is None else replace(chunk, rows=rows)

    return filtered
