"""Motion of limited velocity, acceleration and jerk, on top of ruckig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ruckig import InputParameter, Ruckig, RuckigError, Synchronization, Trajectory

from aura_ros.types import Array

_INSTANT_S, _NOTHING = 1e-9, 1e-8


@dataclass(frozen=True)
class Bounds:
    """Largest velocity, acceleration and jerk of n coordinates, each of shape (n,)."""

    velocity: Array
    acceleration: Array
    jerk: Array


@dataclass(frozen=True)
class Motion:
    """Position, velocity and acceleration of n coordinates, each of shape (n,)."""

    position: Array
    velocity: Array
    acceleration: Array


def at_rest(position: Array) -> Motion:
    """Standing still at ``position``."""
    zero = np.zeros_like(position)
    return Motion(position, zero, zero)


def move(start: Motion, target: Motion, bounds: Bounds, least_s: float = 0.0) -> Trajectory:
    """The fastest trajectory between two motions, but not shorter than ``least_s``.

    A state that already breaks the bounds is brought back inside them. Raises ValueError where
    there is no such trajectory, which takes numbers that are not finite.
    """
    size = len(start.position)
    problem = InputParameter(size)
    problem.current_position = target.position + _settled(start.position - target.position)
    problem.current_velocity = _settled(start.velocity)
    problem.current_acceleration = _settled(start.acceleration)
    problem.target_position = target.position
    most = 0.9 * bounds.acceleration
    acceleration = np.clip(target.acceleration, -most, most)
    # Ending an acceleration takes velocity too: leave room for it.
    room = 0.999 * (bounds.velocity - acceleration**2 / (2 * bounds.jerk))
    problem.target_velocity = np.clip(target.velocity, -room, room)
    problem.target_acceleration = acceleration
    problem.max_velocity = bounds.velocity
    problem.max_acceleration = bounds.acceleration
    problem.max_jerk = bounds.jerk
    if least_s > 0.0:
        problem.minimum_duration = least_s
    return _solved(problem, size)


def _settled(values: Array) -> Array:
    """Without what is only rounding: ruckig fails on moves of a few picometres."""
    return np.where(np.abs(values) < _NOTHING, 0.0, values)


def _solved(problem: InputParameter, size: int) -> Trajectory:
    trajectory = Trajectory(size)
    try:
        Ruckig(size).calculate(problem, trajectory)
    except RuckigError:
        # Stretching a move to a given duration can fail where the fastest move exists.
        problem.minimum_duration, problem.synchronization = None, Synchronization.No
        try:
            Ruckig(size).calculate(problem, trajectory)
        except RuckigError as error:
            raise ValueError(f"no motion can be planned: {error}") from error
    return trajectory


def state_at(trajectory: Trajectory, time_s: float) -> Motion:
    """The motion ``time_s`` after the start of ``trajectory``."""
    return Motion(*(np.array(values) for values in trajectory.at_time(time_s)))


def chain(start: Motion, stops: Sequence[tuple[Array, Bounds]], times_s: Array) -> list[Motion]:
    """The motion at each of ``times_s`` (from 0, increasing) that rests at each stop in turn.

    Each stop comes with the bounds of the way to it.
    """
    motions: list[Motion] = []
    begin, state = 0.0, start
    for point, bounds in stops:
        leg = move(state, at_rest(point), bounds)
        while len(motions) < len(times_s) and times_s[len(motions)] - begin <= leg.duration:
            motions.append(state_at(leg, times_s[len(motions)] - begin))
        begin, state = begin + leg.duration, at_rest(point)
    return motions + [state] * (len(times_s) - len(motions))


def follow(start: Motion, targets: list[Motion], period_s: float, bounds: Bounds) -> Array:
    """Positions (k, n) that begin at ``start`` and keep to ``targets`` within ``bounds``.

    Row i is at i * ``period_s``. Where the targets ask too much of a coordinate, it leaves them
    and meets them again as soon as it can; the other coordinates do not wait for it.
    """
    columns = [
        _follow_one(_column(start, n), [_column(t, n) for t in targets], period_s, bound)
        for n, bound in enumerate(_columns(bounds))
    ]
    return np.stack(columns, axis=1)


def _follow_one(state: Motion, targets: list[Motion], period_s: float, bound: Bounds) -> Array:
    rows = np.empty(len(targets))
    rows[0], done = state.position[0], 0
    while done < len(targets) - 1:
        leg, rows_ahead = _meet(state, targets[done + 1 :], period_s, bound)
        for ahead in range(1, rows_ahead + 1):
            rows[done + ahead] = leg.at_time(ahead * period_s)[0][0]
        done, state = done + rows_ahead, state_at(leg, rows_ahead * period_s)
    return rows


def _meet(
    state: Motion, targets: list[Motion], period_s: float, bound: Bounds
) -> tuple[Trajectory, int]:
    """The way to the first target that can be met in time, and how many rows ahead that is.

    Aiming at one that is already out of reach would mean a run-up: backwards first.
    """
    for ahead, target in enumerate(targets, start=1):
        leg = move(state, target, bound, ahead * period_s)
        if leg.duration < ahead * period_s + _INSTANT_S:
            return leg, ahead
    return move(state, at_rest(targets[-1].position), bound), len(targets)


def _column(motion: Motion, n: int) -> Motion:
    pick = slice(n, n + 1)
    return Motion(motion.position[pick], motion.velocity[pick], motion.acceleration[pick])


def _columns(bounds: Bounds) -> list[Bounds]:
    parts = (bounds.velocity, bounds.acceleration, bounds.jerk)
    return [Bounds(*(part[n : n + 1] for part in parts)) for n in range(len(bounds.velocity))]
