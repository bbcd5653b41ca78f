"""An episode judged from its commands and from what the joints did. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aura_ros.robot.description import Limits
from aura_ros.types import Array

# Commands below this share of the velocity limits stand still: noise of a chunk is no work.
IDLE_SHARE = 1e-2
STALL_S = 0.25
TOLERANCE = 1e-6
DERIVATIVES = ("velocity", "acceleration", "jerk")


def stalls(commands: Array, period_s: float, velocity_limit: Array) -> Array:
    """Durations [s] of all rests longer than STALL_S after the first motion.

    ``commands`` (T, n) are ``period_s`` apart and end where rest is no stall any more.
    """
    speed = np.abs(np.diff(commands, axis=0)) / (period_s * velocity_limit)
    idle = speed.max(axis=1) <= IDLE_SHARE
    if idle.all():
        return np.zeros(0)
    lasting = _run_lengths(idle[int(np.argmin(idle)) :]) * period_s
    return np.asarray(lasting[lasting > STALL_S])


def _run_lengths(holds: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Lengths of the runs of True in ``holds`` (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]])))
    return edges[1::2] - edges[::2]


def worst_ratios(commands: Array, rest: Array, period_s: float, limits: Limits) -> dict[str, float]:
    """Largest velocity, acceleration and jerk of ``commands`` (T, n) over their limits.

    ``rest`` (n,) is where they begin, at rest. Divided differences are means of the derivative
    over their stencil, so commands from a motion within its limits never exceed 1.
    """
    change = np.concatenate([np.tile(rest, (len(DERIVATIVES), 1)), commands])
    worst = {}
    for name in DERIVATIVES:
        change = np.diff(change, axis=0) / period_s
        worst[name] = float((np.abs(change) / getattr(limits, name)).max())
    return worst


def violated(commands: Array, worst: dict[str, float], limits: Limits) -> tuple[str, ...]:
    """Names of the limits that ``commands`` (T, n), with ratios ``worst``, break."""
    below, above = limits.lower - TOLERANCE, limits.upper + TOLERANCE
    outside = bool(((commands < below) | (commands > above)).any())
    beyond = tuple(name for name in DERIVATIVES if worst[name] > 1 + TOLERANCE)
    return (("position",) if outside else ()) + beyond


def peak_acceleration(velocity: Array, period_s: float) -> float:
    """Largest acceleration of measured velocities (T, k), the first one at rest before."""
    from_rest = np.concatenate([np.zeros((1, velocity.shape[1])), velocity])
    return float(np.abs(np.diff(from_rest, axis=0)).max() / period_s)
