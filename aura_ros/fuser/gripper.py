"""Rows of grippers: a discrete one is open or closed, and does not go back and forth.

A policy's gripper output is noisy near its threshold. Two thresholds (a Schmitt trigger) and a
time that a change must last (a debouncer) make one decision of it. Chunks are not averaged here:
the newest accepted one decides, and half a grasp is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.robot.description import Limits, Robot, Switching
from aura_ros.types import NS, Array, Plan

# Slower than this share of its velocity limit, a gripper is not on its way anywhere.
AT_REST = 0.01


@dataclass(frozen=True)
class Gripper:
    """One gripper: its columns (m,), positions where it is closed and opened, each (m,).

    A gripper without ``switching`` is closed at its lower limits and opened at its upper ones.
    """

    columns: NDArray[np.intp]
    closed: Array
    opened: Array
    switching: Switching | None

    def share(self, position: Array) -> Array:
        """How far open (...,) at positions (..., n): 0 closed, 1 opened; mean of its columns."""
        way = (position[..., self.columns] - self.closed) / (self.opened - self.closed)
        return np.asarray(way.mean(axis=-1))


def grippers_of(robot: Robot) -> tuple[Gripper, ...]:
    """The grippers of ``robot``; without limits and switching none can be told open or closed."""
    groups = [group for group in robot.groups if group.kind == "gripper"]
    found = [_gripper(robot.group_indices(g.name), g.switching, robot.limits) for g in groups]
    return tuple(g for g in found if np.isfinite([*g.closed, *g.opened]).all())


def _gripper(columns: NDArray[np.intp], switching: Switching | None, limits: Limits) -> Gripper:
    if switching is None:
        return Gripper(columns, limits.lower[columns], limits.upper[columns], None)
    alike = np.ones(len(columns))
    return Gripper(columns, switching.closed * alike, switching.opened * alike, switching)


def opened_at(motion: Plan, time_ns: int, gripper: Gripper, robot: Robot) -> bool:
    """Whether ``gripper`` is open at ``time_ns`` of ``motion``, or on its way there.

    On the way counts as there: else a gripper that closes would open again where the next
    chunk is undecided.
    """
    k = (time_ns - motion.start_ns) // motion.knot_period_ns
    k = min(max(k, 0), len(motion.position) - 1)
    rate = motion.velocity[k:, gripper.columns].mean(axis=1)
    if abs(rate[0]) > AT_REST * robot.limits.velocity[gripper.columns].mean():
        k += int(np.argmax(rate * np.sign(rate[0]) <= 0))  # where it turns, or rests at the end
    switching = gripper.switching
    middle = 0.5 if switching is None else (switching.low + switching.high) / 2
    return bool(gripper.share(motion.position[k]) > middle)


def decided(rows: Array, row_period_ns: int, motion: Plan, start_ns: int, robot: Robot) -> Array:
    """``rows`` (H, n) from ``start_ns`` on, discrete grippers as steps between their two ends.

    ``motion`` is the committed one (or rest): the gripper is in its state until rows of another
    one have lasted ``debounce_s``; changes come ``lead_s`` earlier, to the nearest row.
    Other columns are returned as they are.
    """
    switched = [g for g in grippers_of(robot) if g.switching is not None]
    if not switched:
        return rows
    out = np.array(rows)
    for gripper in switched:
        opened = opened_at(motion, start_ns, gripper, robot)
        states = opened_rows(gripper, rows, row_period_ns, opened)
        out[:, gripper.columns] = np.where(states[:, None], gripper.opened, gripper.closed)
    return out


def opened_rows(
    gripper: Gripper, rows: Array, row_period_ns: int, opened: bool
) -> NDArray[np.bool_]:
    """Whether a discrete gripper is open at each of ``rows`` (H, n); ``opened`` before them."""
    switching = gripper.switching
    assert switching is not None
    raw = _hysteresis(gripper.share(rows), switching.low, switching.high, opened)
    least = -(-round(switching.debounce_s * NS) // row_period_ns)
    lead = round(switching.lead_s * NS / row_period_ns)
    states = _lasting(raw, opened, least)
    return states[np.minimum(np.arange(len(states)) + lead, len(states) - 1)]


def _hysteresis(share: Array, low: float, high: float, opened: bool) -> NDArray[np.bool_]:
    """Open above ``high``, closed below ``low``, as before in between, (H,)."""
    decisive = np.where(share > high, 1, np.where(share < low, 0, -1))
    last = np.maximum.accumulate(np.where(decisive >= 0, np.arange(len(share)), -1))
    return np.where(last >= 0, decisive[last] == 1, opened)


def _lasting(raw: NDArray[np.bool_], opened: bool, least: int) -> NDArray[np.bool_]:
    """``raw`` (H,) without runs shorter than ``least`` rows; ``opened`` is the state before.

    A run that the last row cuts off counts as long as it is seen: a later chunk sees the rest.
    """
    begins = np.concatenate([[0], np.flatnonzero(np.diff(raw)) + 1])
    lengths = np.diff(begins, append=len(raw))
    lasts = lengths >= least
    run = np.maximum.accumulate(np.where(lasts, np.arange(len(begins)), -1))
    states = np.where(run >= 0, raw[begins][run], opened)
    return np.asarray(np.repeat(states, lengths))
