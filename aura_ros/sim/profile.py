"""Motion of limited velocity, acceleration and jerk, on top of ruckig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
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
    return _solved(_problem(start, target, bounds, least_s))


def _problem(start: Motion, target: Motion, bounds: Bounds, least_s: float) -> InputParameter:
    problem = InputParameter(len(start.position))
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
    return problem


def _settled(values: Array) -> Array:
    """Without what is only rounding: ruckig fails on moves of a few picometres."""
    return np.where(np.abs(values) < _NOTHING, 0.0, values)


def _solved(problem: InputParameter) -> Trajectory:
    size = problem.degrees_of_freedom
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
    size = len(start.position)
    rows, done = np.empty((len(targets), size)), np.zeros(size, dtype=np.intp)
    rows[0] = start.position
    # Each coordinate where it was in the last row it has.
    state = np.stack([start.position, start.velocity, start.acceleration])
    for row in range(len(targets) - 1):
        due = np.flatnonzero(done == row)
        if not due.size:
            continue
        end = _together(state[:, due], _part(targets[row + 1], due), _some(bounds, due), period_s)
        if end is not None:
            rows[row + 1, due], state[:, due], done[due] = end[0], end, row + 1
            continue
        for n in due.tolist():
            ahead = [_part(target, [n]) for target in targets[row + 1 :]]
            leg, count = _meet(Motion(*state[:, [n]]), ahead, period_s, _some(bounds, [n]))
            path = [leg.at_time(k * period_s) for k in range(1, count + 1)]
            rows[row + 1 : row + 1 + count, n] = [point[0][0] for point in path]
            state[:, [n]], done[n] = path[-1], row + count
    return rows


def _together(state: Array, target: Motion, bounds: Bounds, period_s: float) -> Array | None:
    """Where coordinates from ``state`` (3, k) are a row later, if each meets its target then."""
    trajectory = Trajectory(state.shape[1])
    try:
        problem = _problem(Motion(*state), target, bounds, period_s)
        Ruckig(state.shape[1]).calculate(problem, trajectory)
    except RuckigError:
        return None
    if trajectory.duration >= period_s + _INSTANT_S:
        return None
    return np.array(trajectory.at_time(period_s))


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


def _part(motion: Motion, which: Sequence[int] | NDArray[np.intp]) -> Motion:
    return Motion(motion.position[which], motion.velocity[which], motion.acceleration[which])


def _some(bounds: Bounds, which: Sequence[int] | NDArray[np.intp]) -> Bounds:
    return Bounds(bounds.velocity[which], bounds.acceleration[which], bounds.jerk[which])
