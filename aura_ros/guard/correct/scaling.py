"""The same rows, later: one factor for all joints, so that the path stays (Hollerbach 1984).

With factor f velocities fall by f, accelerations by f^2 and jerk by f^3. A clamp per joint would
leave the path and with it what the policy meant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from aura_ros.guard.context import Context
from aura_ros.types import NO_ALTERNATIVES, ROLLBACK, ActionChunk, Array, Check, Decision

# ``source`` of a chunk that the guard made of another one.
CORRECTED = "corrected"
# How much slower than the policy meant it a motion may become: beyond that it is another one.
SLOWEST = 4.0
# How many times too fast for the robot rows may be: more is no fast motion but a jump, of rows that
# do not belong together or were scaled wrongly, and no more right when it is slow.
FASTEST = 2.0
# Share of the limits that is aimed at, by attempt: the plan needs some of the rest to follow.
AIMS = (0.95, 0.85, 0.7)
# What these checks measure falls by this power of the factor.
POWERS: Mapping[str, float] = MappingProxyType(
    {
        "row_velocity": 1.0,
        "row_acceleration": 2.0,
        "plan_velocity": 1.0,
        "plan_acceleration": 2.0,
        "plan_jerk": 3.0,
        "braking": 2.0,
        "caution": 1.0,
    }
)
# Less than this is no correction: the plan would be refused again.
LEAST = 1.0 + 1e-3


def helps(check: Check) -> bool:
    """Whether a slower motion may pass ``check``."""
    return check.name in POWERS or check.decision == Decision.SLOW


def scaled(
    context: Context, checks: tuple[Check, ...], attempt: int, chunk: ActionChunk | None = None
) -> ActionChunk | None:
    """The chunk (or ``chunk``, made of it) at a longer row period; row 0 keeps its time.

    None where it would have to be more than ``SLOWEST`` times as slow as the policy's.
    ``checks`` are those that failed, ``attempt`` counts from 1.
    """
    of = context.chunk if chunk is None else chunk
    inner = context if chunk is None else replace(context, chunk=chunk)
    aim = AIMS[min(attempt, len(AIMS)) - 1]
    factor = max(needed_by_rows(inner, aim), *(needed(c, context, aim) for c in checks), 1.0)
    is_more = factor * slowed(context) > SLOWEST
    if not math.isfinite(factor) or factor < LEAST or is_more:
        return None
    return replace(
        of,
        row_period_ns=math.ceil(of.row_period_ns * factor),
        source=of.source if of.source == ROLLBACK else CORRECTED,
        alternatives=NO_ALTERNATIVES,
    )


def slowed(context: Context) -> float:
    """How much slower the chunk was made already."""
    if context.chunk.source != CORRECTED:
        return 1.0
    return context.chunk.row_period_ns / context.robot.row_period_ns


def jumps(context: Context) -> bool:
    """Whether the policy's rows are too fast to be one motion, at whatever speed."""
    times_too_fast = max(factors(context, share=1.0, aim=1.0)) * slowed(context)
    return not times_too_fast <= FASTEST


def needed_by_rows(context: Context, aim: float) -> float:
    """The factor at which the rows use the share ``aim`` of what they may use."""
    return max(factors(context, context.share, aim))


def factors(context: Context, share: float, aim: float) -> tuple[float, float]:
    """The factors at which the rows' velocity, of which ``share`` is allowed, and their
    acceleration use ``aim`` of their limits."""
    velocity, acceleration = context.row_rates
    limits = context.robot.limits
    v = _most(velocity / limits.velocity) / (share * aim)
    return v, math.sqrt(_most(acceleration / limits.acceleration) / aim)


def needed(check: Check, context: Context, aim: float) -> float:
    """The factor at which ``check`` may pass, as far as its value says."""
    if check.name not in POWERS:
        # It asks for slow motion, and its value need not tell how slow.
        return 1.0 / context.config.cautious_share
    if not (check.limit > 0 and math.isfinite(check.value)):
        return math.inf
    return float((check.value / (check.limit * aim)) ** (1.0 / POWERS[check.name]))


def _most(ratio: Array) -> float:
    return float(np.abs(ratio).max(initial=0.0))
