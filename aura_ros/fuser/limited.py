"""The plan of one joint within its limits: a quadratic program in the jerk of its blocks.

Every limit is linear in the blocks: position and velocity through their Bernstein control
points, which bound them inside a block too, and the stop tails from the edges of all blocks.
Solved by daqp, an exact dual active-set method (Arnstrom, Bemporad and Axehill 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import daqp
import numpy as np

from aura_ros.fuser.basis import Basis
from aura_ros.fuser.grid import Grid
from aura_ros.types import Array, KinematicState

# The program keeps limits this much tighter, for its tolerance and between the rows of tails; a
# state that is nearer to a limit already has a solution only nearer to it.
KEPT = (0.996, 1.0 - 1e-7)
SOLVED = 1
UNBOUNDED = 1e30


@dataclass(frozen=True)
class Program:
    """The program for plans of one length, the same for all joints but for their bounds.

    ``unit`` scales the blocks so that the Hessian has trace 1, since the solver's tolerances
    are absolute; ``matrix`` holds the rows that limits bound.
    """

    basis: Basis
    grid: Grid
    unit: float
    hessian: Array
    matrix: Array

    @classmethod
    def of(cls, basis: Basis, grid: Grid) -> Program:
        """The program on ``basis``."""
        unit = 1 / float(np.sqrt(np.trace(basis.cost)))
        rows = np.concatenate(_rows(*basis.edges, basis, grid))
        return cls(basis, grid, unit, basis.cost * unit**2, rows * unit)

    def solve(self, state: KinematicState, away: Array, joint: int) -> Array | None:
        """Blocks (b,) of jerk [per s^3] of column ``joint``; ``away`` (K + 1,) is how far what is
        tracked would be from its reference without any.

        None where no motion from ``state`` meets all limits, or the solver gives up.
        """
        p, v, a = (x[joint] for x in (state.position, state.velocity, state.acceleration))
        t = self.basis.times[:, None]
        free = _rows(p + t * (v + t * a / 2), v + t * a, a + 0 * t, self.basis, self.grid)
        slope = self.basis.to_tracked.T @ away * self.unit
        for kept in KEPT:
            low, high = self._bounds(free, joint, p, kept)
            sense = np.zeros(len(low), dtype=np.intc)
            blocks, _, flag, _ = daqp.solve(self.hessian, slope, self.matrix, high, low, sense)
            if flag == SOLVED:
                return np.asarray(blocks) * self.unit
        return None

    def _bounds(
        self, free: tuple[Array, ...], joint: int, position: float, kept: float
    ) -> tuple[Array, Array]:
        """Lower and upper bounds of the blocks and of what they add to the free motion."""
        limits = self.grid.limits
        lower, upper = limits.lower[joint], limits.upper[joint]
        inside = (1 - kept) * (upper - lower) if np.isfinite(upper - lower) else 0.0
        # What rests nearer to its limit than that, as an open gripper does, may come from there.
        below = min(inside, max(position - lower, 0.0))
        above = min(inside, max(upper - position, 0.0))
        jerk = kept * limits.jerk[joint]
        blocks = np.full(len(self.basis.lengths), jerk / self.unit)
        rates = kept * np.array([limits.velocity[joint], limits.acceleration[joint], jerk])
        low = [-blocks, lower + below - free[0][:, 0]]
        high = [blocks, upper - above - free[0][:, 0]]
        for limit, values in zip(rates, free[1:], strict=True):
            low.append(-limit - values[:, 0])
            high.append(limit - values[:, 0])
        return (
            np.maximum(np.concatenate(low), -UNBOUNDED),
            np.minimum(np.concatenate(high), UNBOUNDED),
        )


def _rows(p: Array, v: Array, a: Array, basis: Basis, grid: Grid) -> tuple[Array, ...]:
    """What limits bound, of motion with ``p, v, a`` (b + 1, c) where blocks meet.

    Rows (m, c) of position, velocity, acceleration and jerk; jerk here is that of tails.
    """
    length = basis.lengths[:, None]
    tails = grid.tail_rows
    position = [p[1:], p[:-1] + v[:-1] * length / 3, p[1:] - v[1:] * length / 3]
    # Tails from the middle of a block too: the worst of them may begin there.
    middle_a = (a[:-1] + a[1:]) / 2
    middle_v = v[:-1] + (3 * a[:-1] + a[1:]) * length / 8
    middle_p = p[:-1] + v[:-1] * length / 2 + (5 * a[:-1] + a[1:]) * length**2 / 48
    places, speeds, pushes = (
        np.concatenate(pair) for pair in ((p[1:], middle_p), (v[1:], middle_v), (a[1:], middle_a))
    )
    position += [places + x * speeds + y * pushes for x, y in tails.position]
    velocity = [v[1:], v[:-1] + a[:-1] * length / 2]
    rates = [velocity, [a[1:]], []]
    for kind, rows in zip(rates, (tails.velocity, tails.acceleration, tails.jerk), strict=True):
        kind += [x * speeds + y * pushes for x, y in rows]
    columns = p.shape[1]
    return tuple(
        np.concatenate(kind) if kind else np.zeros((0, columns)) for kind in (position, *rates)
    )
