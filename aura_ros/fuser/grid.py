"""What every plan of a robot shares: knot period, stop tail, limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aura_ros.motion.stop import tail_maps
from aura_ros.robot.description import Limits
from aura_ros.types import NS, Array

# Directions of (velocity, acceleration) in which the rows of a tail are compared.
_ANGLES = np.linspace(0.0, np.pi, 360)
CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])


@dataclass(frozen=True)
class TailRows:
    """A tail's position (from where it begins), velocity, acceleration and jerk, each a map
    (m, 2) of the velocity and acceleration that it begins with."""

    position: Array
    velocity: Array
    acceleration: Array
    jerk: Array


@dataclass(frozen=True)
class Grid:
    """Knot period [ns], knots of the stop tail, limits of n joints."""

    period_ns: int
    stop_knots: int
    limits: Limits

    @property
    def h(self) -> float:
        """Knot period [s]."""
        return self.period_ns / NS

    @cached_property
    def tail_rows(self) -> TailRows:
        """The rows of the stop tail that can be the first to reach a limit of some joint."""
        position, velocity, acceleration, jerk = tail_maps(self.stop_knots, self.h)
        quarters = [len(position) * k // 4 - 1 for k in range(1, 5)]
        rates = np.concatenate([velocity, acceleration, jerk])
        kind = np.repeat([0, 1, 2], [len(velocity), len(acceleration), len(jerk)])
        limits = self.limits
        first: set[int] = set()
        for limit in zip(limits.velocity, limits.acceleration, limits.jerk, strict=True):
            used = np.abs(rates @ (CIRCLE * [[limit[0]], [limit[1]]])) / np.array(limit)[kind, None]
            first |= set(used.argmax(axis=0).tolist())
        chosen = np.array(sorted(first), dtype=np.intp)
        parts = (rates[chosen[kind[chosen] == k]] for k in range(3))
        return TailRows(position[quarters], *parts)
