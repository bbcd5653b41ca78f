"""Motion as polynomials of time, for methods that command more often than rows come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.polynomial import polynomial

from aura_ros.types import Array

Motion: TypeAlias = tuple[Array, Array, Array]
"""Position, velocity and acceleration, each of shape (n,)."""


class Curve(Protocol):
    """Motion as a function of time [s]."""

    def at(self, time_s: float) -> Motion:
        """The motion at ``time_s``."""


@dataclass(frozen=True)
class Polynomial:
    """Coefficients (d + 1, n), lowest power first, of the time since ``begin_s`` [s]."""

    coefficients: Array
    begin_s: float = 0.0

    @staticmethod
    def fitted(rows: Array, period_s: float, degree: int) -> Polynomial:
        """Least-squares polynomial of ``degree`` through ``rows`` (H, n), row 0 at 0 s."""
        times = period_s * np.arange(len(rows))
        return Polynomial(polynomial.polyfit(times, rows, min(degree, len(rows) - 1)))

    def at(self, time_s: float) -> Motion:
        """As ``Curve.at``; not held beyond any end."""
        t, motion = time_s - self.begin_s, []
        c = self.coefficients
        for _ in range(3):
            motion.append(t ** np.arange(len(c)) @ c)
            c = c[1:] * np.arange(1, len(c))[:, None] if len(c) > 1 else np.zeros_like(c)
        return motion[0], motion[1], motion[2]


@dataclass(frozen=True)
class Blend:
    """``first`` until ``begin_s``, then linearly into ``second`` at ``end_s``."""

    first: Curve
    second: Curve
    begin_s: float
    end_s: float

    def at(self, time_s: float) -> Motion:
        """As ``Curve.at``."""
        if time_s <= self.begin_s:
            return self.first.at(time_s)
        slope = 1.0 / (self.end_s - self.begin_s)
        share = slope * (time_s - self.begin_s)
        first, second = self.first.at(time_s), self.second.at(time_s)
        away = [b - a for a, b in zip(first, second, strict=True)]
        return (
            first[0] + share * away[0],
            first[1] + share * away[1] + slope * away[0],
            first[2] + share * away[2] + 2 * slope * away[1],
        )


@dataclass(frozen=True)
class Spliced:
    """``first`` before ``time_s``, ``second`` from then on."""

    first: Curve
    second: Curve
    time_s: float

    def at(self, time_s: float) -> Motion:
        """As ``Curve.at``."""
        return self.first.at(time_s) if time_s < self.time_s else self.second.at(time_s)


def quintic(start: Motion, end: Motion, begin_s: float, length_s: float) -> Polynomial:
    """The quintic from motion ``start`` at ``begin_s`` to ``end``, ``length_s`` later."""
    t = length_s
    p, v, a = (start[0], start[1] * t, start[2] * t * t / 2)
    rest = np.array([end[0] - p - v - a, end[1] * t - v - 2 * a, end[2] * t * t - 2 * a])
    # Powers 3 to 5 at the end: their value, first and second derivative.
    powers = np.array([[1.0, 1.0, 1.0], [3.0, 4.0, 5.0], [6.0, 12.0, 20.0]])
    scaled = np.concatenate([[p, v, a], np.linalg.solve(powers, rest)])
    return Polynomial(scaled / t ** np.arange(6)[:, None], begin_s)
