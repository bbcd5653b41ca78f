"""Rows kept inside limits and out of regions by a discrete control barrier function.

Agrawal and Sreenath 2017 ("Discrete control barrier functions"); AEGIS filters the actions of a
VLA so. A distance h to what must not be crossed may shrink by no more than a share of itself from
row to row: h(k+1) >= (1 - gamma) h(k). For the limits of joints that bounds every joint apart, and
clipping is the exact solution of the quadratic program. Distances to regions couple the joints:
where they bind, daqp solves for the row nearest to the wanted one.

With gamma <= a_max period / v_max a joint can always brake as the barrier wants it: a step of at
most gamma h shrinks the next bound by gamma^2 h <= a_max period^2. So velocity, acceleration and
barrier can be met together from row to row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import daqp
import numpy as np

from aura_ros.guard.context import Context
from aura_ros.guard.correct.scaling import AIMS, CORRECTED
from aura_ros.robot.description import Robot
from aura_ros.types import NO_ALTERNATIVES, NS, ROLLBACK, ActionChunk, Array

# Largest share of its distance that a row may come nearer.
GAMMA = 0.5
# Regions are looked at from every so many rows. Between, distances go on as they changed there:
# that to a convex body is convex, so what does not turn is no nearer than that.
LOOK = 3
# How far off rows are kept [m], by attempt: the plan cuts their corners.
RESERVES = (0.01, 0.02, 0.04)
SOLVED = 1


@runtime_checkable
class Geometry(Protocol):
    """What knows how far the robot is from what it must not touch. A check of plans that has this
    method is asked by the filter."""

    def clearances(self, position: Array) -> tuple[Array, Array]:
        """Clearances (m,) [m] at one configuration (n,) of the robot, margins taken off, and
        their gradients (m, n) [m per rad or m]; those that are far may be left out."""


@dataclass(frozen=True)
class Bounds:
    """What rows (H, n) a ``period`` apart [s] must meet, per joint: positions, the largest step
    and change of step between rows, and ``gamma`` of the barrier. ``free`` columns (n,) jump."""

    lower: Array
    upper: Array
    hard_lower: Array
    hard_upper: Array
    step: Array
    bend: Array
    gamma: Array

    @staticmethod
    def of(robot: Robot, period: float, share: float, aim: float) -> Bounds:
        """The bounds of ``robot``, of which ``aim`` is used; ``share`` of its velocity may be."""
        limits = robot.limits
        step = np.where(robot.switched, np.inf, limits.velocity * (share * aim * period))
        bend = np.where(robot.switched, np.inf, limits.acceleration * (aim * period**2))
        with np.errstate(invalid="ignore"):
            gamma = np.where(np.isfinite(step), np.minimum(bend / step, GAMMA), 1.0)
        return Bounds(
            limits.lower + limits.margin,
            limits.upper - limits.margin,
            limits.lower,
            limits.upper,
            step,
            bend,
            gamma,
        )


def filtered(
    context: Context, attempt: int, geometry: tuple[Geometry, ...] = ()
) -> ActionChunk | None:
    """The chunk with rows that meet limits and ``geometry``; None where none are found, or of a
    way back: what leaves its path retraces nothing. ``attempt`` counts from 1."""
    chunk, robot = context.chunk, context.robot
    if chunk.source == ROLLBACK:
        return None
    wanted = np.array(chunk.rows)
    wanted[:, robot.continuous] = np.unwrap(wanted[:, robot.continuous], axis=0)
    aim = AIMS[min(attempt, len(AIMS)) - 1]
    bounds = Bounds.of(robot, chunk.row_period_ns / NS, context.share, aim)
    reserve = RESERVES[min(attempt, len(RESERVES)) - 1]
    rows = along(wanted, bounds, geometry, reserve)
    if rows is None or np.array_equal(rows, chunk.rows):
        return None
    return replace(chunk, rows=rows, source=CORRECTED, alternatives=NO_ALTERNATIVES)


def along(
    wanted: Array, bounds: Bounds, geometry: tuple[Geometry, ...] = (), reserve: float = 0.0
) -> Array | None:
    """Rows (H, n) near ``wanted`` that meet ``bounds`` and keep off what ``geometry`` knows, by
    ``reserve`` [m] more than they must.

    Row 0 is only put inside the hard limits. What was left behind is caught up with as the
    barrier would: the rest shrinks by gamma from row to row. None where no row can be found.
    """
    rows = np.empty_like(wanted)
    row = rows[0] = np.clip(wanted[0], bounds.hard_lower, bounds.hard_upper)
    step = np.full(wanted.shape[1], np.nan)
    for k, ahead in enumerate(np.diff(wanted, axis=0)):
        low, high = _reach(row, step, bounds)
        step = np.minimum(np.maximum(ahead + bounds.gamma * (wanted[k] - row), low), high)
        if geometry:
            if k % LOOK == 0:
                clearance, gradient = _looked(geometry, row)
            kept = _kept_off(step, low, high, clearance - reserve, gradient, bounds.gamma)
            if kept is None:
                return None
            step = kept
            clearance = clearance + gradient @ step
        row = rows[k + 1] = row + step
    return rows


def _looked(geometry: tuple[Geometry, ...], row: Array) -> tuple[Array, Array]:
    """Clearances (m,) [m] at a row and gradients (m, n) of all that is known."""
    clearances, gradients = zip(*(known.clearances(row) for known in geometry), strict=True)
    return np.concatenate(clearances), np.concatenate(gradients)


def _reach(row: Array, last: Array, bounds: Bounds) -> tuple[Array, Array]:
    """The least and greatest step (n,) from ``row``; ``last`` is the step to it, NaN: unknown."""
    # fmax and fmin pass over the unknown.
    low = np.fmax(last - bounds.bend, -bounds.step)
    high = np.fmin(last + bounds.bend, bounds.step)
    nearest = bounds.gamma * (bounds.lower - row)
    farthest = bounds.gamma * (bounds.upper - row)
    return (
        np.minimum(np.maximum(low, nearest), farthest),
        np.maximum(np.minimum(high, farthest), nearest),
    )


def _kept_off(
    step: Array, low: Array, high: Array, clearance: Array, gradient: Array, gamma: Array
) -> Array | None:
    """The step nearest to ``step`` between ``low`` and ``high`` at which no clearance shrinks by
    more than a share of itself; None: there is none."""
    if not len(clearance):
        return step
    least = -float(gamma.min()) * clearance
    if (gradient @ step >= least).all():
        return step
    blank = np.zeros(len(step) + len(clearance), dtype=np.intc)
    found, _, flag, _ = daqp.solve(
        np.eye(len(step)),
        -step,
        np.ascontiguousarray(gradient),
        np.concatenate([high, np.full(len(clearance), 1e30)]),
        np.concatenate([low, least]),
        blank,
    )
    return np.asarray(found) if flag == SOLVED else None
