"""The least risky of several chunks that a policy drew for the same observation.

What most draws agree on is what the policy means: the medoid is the draw that is nearest to all
others. Risk is the distance to it, in units of the usual one, plus the largest use of a limit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.correct.barrier import Geometry
from aura_ros.guard.correct.scaling import CORRECTED
from aura_ros.guard.running import Named, run_checks
from aura_ros.motion.bounds import position_ratio
from aura_ros.robot.description import Robot
from aura_ros.types import ROLLBACK, ActionChunk, Array

# Checks of plans that look at the chunk's rows alone.
OF_ROWS = frozenset({"row_position", "row_velocity", "row_acceleration", "row_start"})
# Of so many alternatives every sixth row, the last one too, is held against regions: a look takes
# some 0.2 ms, and the plan of what is found is looked at whole anyway.
LOOKED_AT, LOOK = 3, 6


def best(
    context: Context, plan_checks: tuple[Named, ...], geometry: tuple[Geometry, ...] = ()
) -> ActionChunk | None:
    """The alternative with the least risk whose rows pass every check of rows and keep off
    ``geometry``, or None.

    Those that pass and are riskier stay its alternatives: its plan may be refused too.
    """
    chunk = context.chunk
    if not len(chunk.alternatives) or chunk.source == ROLLBACK:
        return None
    risk = risks(np.concatenate([chunk.rows[None], chunk.alternatives]), context.robot)[1:]
    checks = tuple(named for named in plan_checks if named[0] in OF_ROWS)
    order = np.argsort(risk, kind="stable")
    passing = [k for k in order if _passes(context, chunk.alternatives[k], checks)]
    clear = (at for at, k in enumerate(passing[:LOOKED_AT])
             if all(_is_clear(chunk.alternatives[k], known) for known in geometry))  # fmt: skip
    found = next(clear, None)
    if found is None:
        return None
    first, *others = (chunk.alternatives[k] for k in passing[found:])
    rest = np.array(others).reshape(-1, *chunk.rows.shape)
    return replace(chunk, rows=first, alternatives=rest, source=CORRECTED)


def risks(draws: Array, robot: Robot) -> Array:
    """Risk (K,) of ``draws`` (K, H, n): RMS distance to their medoid over the median of these
    distances, plus the largest distance from mid-range over half the range.

    Distances between joints are in units of their velocity limits, the way of one second.
    """
    scaled = draws[:, :, robot.averaged] / robot.limits.velocity[robot.averaged]
    flat = scaled.reshape(len(draws), -1)
    apart = np.sqrt(np.mean((flat[:, None] - flat[None]) ** 2, axis=-1))
    away = apart[int(np.argmin(apart.sum(axis=1)))]
    usual = float(np.median(away[away > 0])) if away.any() else 1.0
    used = position_ratio(draws, robot.limits).max(axis=(1, 2))
    return np.asarray(away / usual + used)


def _passes(context: Context, rows: Array, checks: tuple[Named, ...]) -> bool:
    """Whether ``rows`` (H, n) pass ``checks``, and are as slow as is asked for now."""
    inner = replace(context, chunk=replace(context.chunk, rows=rows))
    if not all(check.passed for check in run_checks(checks, inner)):
        return False
    velocity, _ = inner.row_rates
    used = np.abs(velocity / context.robot.limits.velocity).max(initial=0.0)
    return context.share >= 1.0 or bool(used <= context.share)


def _is_clear(rows: Array, geometry: Geometry) -> bool:
    return all((geometry.clearances(row)[0] >= 0).all() for row in rows[::-LOOK])
