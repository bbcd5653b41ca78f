"""Chunks that are to be corrected, and the checks that refuse them."""

from __future__ import annotations

from typing import Any

import numpy as np
from chain_values import NS, at, chunk, home, moving_plan, toy

from aura_ros.guard.checks import caution, row_acceleration, row_position, row_velocity
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.running import run_checks
from aura_ros.types import Array, Check

ROBOT = toy()
OF_ROWS = (
    ("row_position", row_position.check),
    ("row_velocity", row_velocity.check),
    ("row_acceleration", row_acceleration.check),
)
ALL = (*OF_ROWS, ("caution", caution.check))


def swing(size: float, rate: float, rows: int = 16, robot: Any = ROBOT) -> Array:
    """Rows that swing the arm from home by ``size`` [rad] at ``rate`` [rad/s], (H, n)."""
    times = robot.row_period_ns / NS * np.arange(rows)
    arm = np.where(robot.averaged, size, 0.0)
    return np.asarray(home(robot) + arm * (1 - np.cos(rate * times))[:, None])


def context(rows: Any, robot: Any = ROBOT, share: float = 1.0, **changes: Any) -> Context:
    """What a plan of ``rows`` is judged by."""
    made = chunk(robot, 0.0, 1, rows, **changes)
    return Context(at(0.02), robot, GuardConfig(), made, moving_plan(robot, 0.1), share=share)


def failing(made: Context, checks: Any = OF_ROWS) -> tuple[Check, ...]:
    """The checks that refuse it."""
    return tuple(check for check in run_checks(checks, made) if not check.passed)


def names(checks: tuple[Check, ...]) -> set[str]:
    """Their names."""
    return {check.name for check in checks}
