"""Sound bounds of motion between knots.

Each piece is a cubic polynomial. A polynomial lies within the hull of its Bernstein control
points (Farouki 2012), so the extreme control points bound position and velocity between the
knots, not only at them. Ratios are worst value over limit, per joint; 1 is the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.robot.description import Limits
from aura_ros.types import Array

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Ratios:
    """Worst use of each limit per joint, shapes (..., n). Above 1: violated."""

    position: Array
    velocity: Array
    acceleration: Array
    jerk: Array

    @property
    def worst(self) -> Array:
        """Per joint: the worst use of any limit, shape (..., n)."""
        return np.asarray(
            np.maximum.reduce([self.position, self.velocity, self.acceleration, self.jerk])
        )

    def feasible(self) -> NDArray[np.bool_]:
        """Per joint: every limit is met (to rounding), shape (..., n) of bool."""
        return np.asarray(self.worst <= 1.0 + TOLERANCE)


def position_ratio(position: Array, limits: Limits) -> Array:
    """Distance from the middle of the range over half the range, (..., n); 0 if unlimited."""
    half = (limits.upper - limits.lower) / 2
    bounded = np.isfinite(half)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = (limits.lower + limits.upper) / 2
        ratio = np.abs(position - np.where(bounded, centre, 0.0)) / half
    return np.where(bounded, ratio, 0.0)


def extreme_ratio(position: Array, limits: Limits) -> Array:
    """The largest ``position_ratio`` of positions (..., m, n), (..., n): that of an extreme."""
    ends = position_ratio(np.stack([position.min(axis=-2), position.max(axis=-2)]), limits)
    return np.maximum(ends[0], ends[1])


def largest(values: Array) -> Array:
    """The largest absolute value of (..., m, n), (..., n); NaN where there is one."""
    return np.maximum(values.max(axis=-2), -values.min(axis=-2))


def control_points(
    position: Array, velocity: Array, acceleration: Array, h: float
) -> tuple[Array, Array]:
    """Bernstein control points of every piece's position and velocity, each (..., m, n)."""
    p, v, a = position, velocity, acceleration
    before = p[..., :-1, :] + v[..., :-1, :] * (h / 3)
    after = p[..., 1:, :] - v[..., 1:, :] * (h / 3)
    middle = v[..., :-1, :] + a[..., :-1, :] * (h / 2)
    return np.concatenate([p, before, after], axis=-2), np.concatenate([v, middle], axis=-2)


def ratios(
    position: Array, velocity: Array, acceleration: Array, h: float, limits: Limits
) -> Ratios:
    """Worst ratios of motion with knots (..., K + 1, n), between the knots too."""
    a = acceleration
    control_p, control_v = control_points(position, velocity, acceleration, h)
    jerk = np.diff(a, axis=-2)
    worst_jerk = largest(jerk) / h if jerk.shape[-2] else np.zeros_like(a[..., 0, :])
    return Ratios(
        extreme_ratio(control_p, limits),
        largest(control_v) / limits.velocity,
        largest(a) / limits.acceleration,
        worst_jerk / limits.jerk,
    )


def row_rates(rows: Array, period: float) -> tuple[Array, Array]:
    """Velocity (H - 1, n) and acceleration (H - 2, n) between rows, by differences only."""
    velocity = np.diff(rows, axis=0) / period
    return velocity, np.diff(velocity, axis=0) / period
