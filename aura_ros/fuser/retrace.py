"""Rows that lead back along executed motion, and the chunk that they make."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion.bounds import row_rates
from aura_ros.robot.description import Limits, Robot
from aura_ros.types import NS, ROLLBACK, ActionChunk, Array, Now, Plan

# After every chunk of its episode, before those of the next (sequences are uint32).
LAST_SEQUENCE = 2**32 - 1
# Share of the limits that a retraced path uses, so that the plan can follow it.
USED = 0.8
# Times that a path is slowed down until it does; each time it comes nearer.
TRIES = 6
# Time in which an even course comes to its rate, and to rest again [s].
RAMP_S = 0.5


@dataclass(frozen=True)
class Course:
    """How a path is gone along: ``share`` of it that is behind at shares (K,) of the time, and
    the time at which it is nowhere faster than the way there, for a span of ``span`` [s]."""

    share: Callable[[Array, float], Array]
    duration: Callable[[float], float]


def _minimum_jerk(u: Array, span: float) -> Array:
    return np.asarray(10 * u**3 - 15 * u**4 + 6 * u**5)


def _even(u: Array, span: float) -> Array:
    """A rate that rises and falls by a smooth step (3 s^2 - 2 s^3) at the ends."""
    ramp = min(RAMP_S / (span + RAMP_S), 0.5)
    s = np.minimum(np.minimum(u, 1 - u) / ramp, 1.0)
    begun = ramp * (s**3 - s**4 / 2)  # what is behind after a ramp, at rate 1
    most = 1 - ramp
    at_start, at_end = begun / most, 1 - begun / most
    between = (u - ramp / 2) / most
    return np.where(u < ramp, at_start, np.where(u > 1 - ramp, at_end, between))


# At rest at both ends (Flash and Hogan 1985); its greatest rate is 1.875 of its mean.
MINIMUM_JERK = Course(_minimum_jerk, lambda span: 1.875 * span)
# For long ways: the rate of the way there, but for the ends.
EVEN = Course(_even, lambda span: span + RAMP_S)


def way_back(
    path: Plan,
    first_ns: int,
    last_ns: int,
    limits: Limits,
    course: Course = MINIMUM_JERK,
    used: float = USED,
) -> Array:
    """Rows (H, n), a knot period apart, from ``path`` at ``last_ns`` back to ``first_ns``.

    At rest at both ends, nowhere faster than the way there, and slower where otherwise more
    than the share ``used`` of the limits were needed.
    """
    h, span = path.knot_period_ns / NS, (last_ns - first_ns) / NS
    duration = course.duration(span)
    for _ in range(TRIES):
        count = max(math.ceil(duration / h), 2)
        ago = course.share(np.arange(count + 1) / count, span) * (last_ns - first_ns)
        rows = places(path, last_ns - np.rint(ago).astype(np.int64))
        too_fast = _too_fast(rows, h, limits, used)
        if too_fast <= 1.0:
            break
        duration *= too_fast
    return np.clip(rows, limits.lower, limits.upper)


def places(path: Plan, times: NDArray[np.int64]) -> Array:
    """Positions (K, n) of ``path`` at ``times`` (K,) [ns]; those of its ends beyond these."""
    last = len(path.position) - 1
    since = np.clip(times - path.start_ns, 0, last * path.knot_period_ns)
    k = since // path.knot_period_ns
    s = ((since - k * path.knot_period_ns) / NS)[:, None]
    p, v, a = path.position[k], path.velocity[k], path.acceleration[k]
    j = (path.acceleration[np.minimum(k + 1, last)] - a) * (NS / path.knot_period_ns)
    return np.asarray(p + s * (v + s * (a / 2 + s * j / 6)))


def _too_fast(rows: Array, h: float, limits: Limits, used: float) -> float:
    """By how much ``rows`` must be slowed to use no more than their share of the limits."""
    velocity, acceleration = row_rates(rows, h)
    v = np.abs(velocity / limits.velocity).max(initial=0.0)
    a = np.abs(acceleration / limits.acceleration).max(initial=0.0)
    return float(max(v / used, np.sqrt(a / used)))


def chunk_of(
    rows: Array, newest: ActionChunk, start_ns: int, now: Now, robot: Robot
) -> ActionChunk:
    """The chunk of a way back that begins at ``start_ns``, in the episode of ``newest``."""
    session, episode, _ = newest.order
    return ActionChunk(
        session,
        episode,
        LAST_SEQUENCE,
        now.ros_ns,
        start_ns,
        robot.knot_period_ns,
        robot.joints,
        rows,
        ROLLBACK,
    )
