"""Slower rows go on from where the robot will be.

Rows say when the robot should be where. Slower ones say it later, and what of them was due while
the robot waited, or went more slowly still, would have to be caught up with faster than they go.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aura_ros.guard.checks.fidelity import near
from aura_ros.guard.context import Context
from aura_ros.types import ActionChunk


def aligned(chunk: ActionChunk, context: Context) -> ActionChunk:
    """``chunk``, made of that of ``context``, begun so much later that its rows are at the start
    of the plan where they come nearest to the robot there, of those that are due by then.

    Near is what the joints need least time for at their velocity limits.
    """
    plan, robot = context.plan, context.robot
    assert plan is not None
    due_ns = min(plan.start_ns - chunk.start_ns, (len(chunk.rows) - 1) * chunk.row_period_ns)
    if due_ns <= 0:
        return chunk
    times = np.arange(0, due_ns + 1, robot.knot_period_ns)
    place = times / chunk.row_period_ns
    before = np.minimum(place.astype(np.intp), len(chunk.rows) - 2)
    rows = near(chunk.rows, plan.position[0], robot)
    share = (place - before)[:, None]
    there = (1 - share) * rows[before] + share * rows[before + 1]
    away = np.where(robot.averaged, (there - plan.position[0]) / robot.limits.velocity, 0.0)
    nearest = int(np.argmin((away**2).sum(axis=1)))
    return replace(chunk, start_ns=plan.start_ns - int(times[nearest]))
