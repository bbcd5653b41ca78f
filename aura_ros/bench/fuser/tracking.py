"""How near commands come to the truth, how soon they react, and when the gripper switches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.bench.execution.record import Record
from aura_ros.bench.fuser.scenario import TICK_NS, Cell
from aura_ros.bench.fuser.truth import Truth
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array

LONGEST_LAG_S = 0.6
# Clocks that are off may make commands come early.
CLOCK_MARGIN_S = 0.1
COARSE = 5
REACTS_RAD = 1e-3
MIDDLE = 0.5
# A switch this far from where it should be is another one.
MATCHED_S = 0.75


@dataclass(frozen=True)
class Reference:
    """The truth at every tick from ``early`` ticks before the scored ones to ``late`` after.

    ``position`` (early + T + late, n); ``branches`` are the valid ways round it.
    """

    position: Array
    early: int
    late: int
    branches: tuple[float, ...]


def reference(truth: Truth, times_ns: NDArray[np.int64]) -> Reference:
    """The truth that commands at ``times_ns`` (T,) are compared with."""
    cell = truth.cell
    early, late = _ticks(LONGEST_LAG_S), _ticks(_earliest_s(cell))
    times = times_ns[0] + TICK_NS * np.arange(-early, len(times_ns) + late)
    branches = (cell.modes, -cell.modes) if cell.modes else (0.0,)
    return Reference(truth.arm(times), early, late, branches)


def tracking(record: Record, wanted: Reference, robot: Robot) -> dict[str, float]:
    """Root mean square error of the arm [rad] at the lag [s] where it is least.

    Lags from 0 (earlier where a clock is ahead or behind) to 0.6 s, one for the whole run.
    Where several ways are valid the error of a tick is that to the nearest one.
    """
    n = wanted.position.shape[1]
    commands = record.commands[:, :n]

    def square(lag: int) -> float:
        return _square(commands, wanted, lag, robot)

    near = min(range(-wanted.late, wanted.early + 1, COARSE), key=square)
    first, last = max(near - COARSE, -wanted.late), min(near + COARSE, wanted.early)
    best = min(range(first, last + 1), key=square)
    return {"rmse": float(np.sqrt(square(best))), "lag": best * TICK_NS / NS}


def _square(commands: Array, wanted: Reference, lag: int, robot: Robot) -> float:
    begin = wanted.early - lag
    error = commands - wanted.position[begin : begin + len(commands)]
    if robot.continuous.any():
        error = robot.difference(error, np.zeros_like(error))
    per_branch = [np.mean((error - branch) ** 2, axis=1) for branch in wanted.branches]
    return float(np.minimum.reduce(per_branch).mean())


def _earliest_s(cell: Cell) -> float:
    return abs(cell.clock_offset_s) + CLOCK_MARGIN_S if cell.clock_offset_s else 0.0


def _ticks(seconds: float) -> int:
    return round(seconds * NS / TICK_NS)


def reaction_s(without: Record, with_event: Record, event_ns: int) -> float | None:
    """From the event to the first command that is over 1 mrad from the run without it [s].

    None if no command is.
    """
    count = min(len(without.times_ns), len(with_event.times_ns))
    away = np.abs(with_event.commands[:count] - without.commands[:count]).max(axis=1)
    reacts = np.flatnonzero((away > REACTS_RAD) & (without.times_ns[:count] >= event_ns))
    return float(without.times_ns[reacts[0]] - event_ns) / NS if len(reacts) else None


def gripper_figures(record: Record, truth: Truth, column: int) -> dict[str, float]:
    """How far the gripper's switches are from where they should be, and how many are wrong.

    A switch is a crossing of the middle. Each true one takes the nearest executed one in its
    direction within 0.75 s; those left over are false, those without one are missed. A true
    switch before the record may be executed in it, one near its end after it: neither is scored
    where it finds none.
    """
    times = record.times_ns
    margin = np.arange(-_ticks(MATCHED_S), 0) * TICK_NS
    since = np.concatenate([times[0] + margin, times])
    executed = _switches(times, record.commands[:, column] > MIDDLE)
    wanted = _switches(since, truth.opened(since))
    first_s, last_s = times[0] / NS, times[-1] / NS - MATCHED_S
    errors: list[float] = []
    missed = 0
    for at, is_open in wanted:
        near = [(abs(t - at), t) for t, opens in executed if opens == is_open]
        if near and min(near)[0] <= MATCHED_S:
            nearest = min(near)[1]
            executed.remove((nearest, is_open))
            errors.append(nearest - at)
        elif first_s <= at <= last_s:
            missed += 1
    return {
        "gripper_error": float(np.mean(np.abs(errors))) if errors else 0.0,
        "gripper_late": float(np.mean(errors)) if errors else 0.0,
        "gripper_false": float(len(executed)),
        "gripper_missed": float(missed),
        "gripper_switches": float(len(errors) + missed),
    }


def _switches(times_ns: NDArray[np.int64], opened: NDArray[np.bool_]) -> list[tuple[float, bool]]:
    """Times [s] and directions of switches."""
    at = np.flatnonzero(np.diff(opened)) + 1
    return [(float(times_ns[k]) / NS, bool(opened[k])) for k in at]
