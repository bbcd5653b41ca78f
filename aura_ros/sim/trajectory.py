"""A joint trajectory as values, the checks it must pass, and its interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aura_ros.types import NS, Array

_AT_REST = float(np.finfo(np.float32).eps)


class CommandRefused(ValueError):
    """A command that a controller does not take; the text says why and what it would take."""


@dataclass(frozen=True)
class Point:
    """Where the joints are ``time_ns`` after the trajectory's start.

    Positions [rad or m], velocities [per s] and accelerations [per s^2] in the order of the
    message's joint names. The last two may be empty.
    """

    time_ns: int
    positions: Array
    velocities: Array
    accelerations: Array


@dataclass(frozen=True)
class TrajectoryCommand:
    """What a ``trajectory_msgs/JointTrajectory`` says; ``stamp_ns`` 0 means now (ROS time)."""

    stamp_ns: int
    joint_names: tuple[str, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Knot:
    """Desired state at ``time_ns``, arrays of shape (n,). ``order`` 0, 1, 2: how many
    derivatives were given; the others are zero."""

    time_ns: int
    position: Array
    velocity: Array
    acceleration: Array
    order: int = 2


def validate(command: TrajectoryCommand, joints: tuple[str, ...], now_ns: int) -> None:
    """Raise CommandRefused for what joint_trajectory_controller refuses, and for NaN."""
    _check_names(command.joint_names, joints)
    if not command.points:
        raise CommandRefused("the trajectory has no points: send at least one")
    times = [point.time_ns for point in command.points]
    for index, (before, after) in enumerate(pairwise(times)):
        if after <= before:
            raise CommandRefused(
                f"time_from_start of point {index + 1} ({after} ns) is not after that of point "
                f"{index} ({before} ns): times must increase"
            )
    for index, point in enumerate(command.points):
        _check_point(index, point, len(joints))
    last = command.points[-1]
    if np.any(np.abs(last.velocities) > _AT_REST):
        raise CommandRefused("the last point has a velocity: a trajectory must end at rest")
    if command.stamp_ns and command.stamp_ns + last.time_ns < now_ns:
        late = (now_ns - command.stamp_ns - last.time_ns) / NS
        raise CommandRefused(
            f"the trajectory ended {late:.3f} s ago: check the stamp and the clocks, or stamp 0"
        )


def _check_names(names: tuple[str, ...], joints: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in joints]
    if unknown:
        raise CommandRefused(f"unknown joints {unknown}: this controller has {list(joints)}")
    missing = [name for name in joints if name not in names]
    if missing:
        raise CommandRefused(f"joints {missing} are missing: name all {len(joints)}")
    if len(names) != len(joints):
        raise CommandRefused(f"joints are named twice in {list(names)}: name each once")


def _check_point(index: int, point: Point, size: int) -> None:
    if point.time_ns < 0:
        raise CommandRefused(f"time_from_start of point {index} is negative")
    for name in ("positions", "velocities", "accelerations"):
        values = getattr(point, name)
        if len(values) != size and (name == "positions" or len(values)):
            raise CommandRefused(f"{name} of point {index} has {len(values)} numbers, not {size}")
        if not np.isfinite(values).all():
            raise CommandRefused(f"{name} of point {index} has numbers that are not finite")
    if len(point.accelerations) and not len(point.velocities):
        raise CommandRefused(f"point {index} has accelerations without velocities: add them")


def knots(command: TrajectoryCommand, joints: tuple[str, ...], start_ns: int) -> list[Knot]:
    """The points of a valid command in the order of ``joints``, at absolute times."""
    order = [command.joint_names.index(name) for name in joints]

    def sorted_or_zero(values: Array) -> Array:
        return values[order] if len(values) else np.zeros(len(order))

    return [
        Knot(
            start_ns + point.time_ns,
            point.positions[order],
            sorted_or_zero(point.velocities),
            sorted_or_zero(point.accelerations),
            bool(len(point.velocities)) + bool(len(point.accelerations)),
        )
        for point in command.points
    ]


class Segment:
    """The polynomial from one knot to the next: linear, cubic or quintic.

    The knot with fewer derivatives decides, as in joint_trajectory_controller.
    """

    def __init__(self, before: Knot, after: Knot) -> None:
        self._before, self.end_ns = before, after.time_ns
        self._coefficients = _coefficients(
            before, after, (after.time_ns - before.time_ns) / NS, min(before.order, after.order)
        )

    def at(self, time_ns: int) -> Knot:
        """Desired state at ``time_ns``, which lies in the segment."""
        t = (time_ns - self._before.time_ns) / NS
        c = self._coefficients
        position = c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))))
        velocity = c[1] + t * (2 * c[2] + t * (3 * c[3] + t * (4 * c[4] + t * 5 * c[5])))
        acceleration = 2 * c[2] + t * (6 * c[3] + t * (12 * c[4] + t * 20 * c[5]))
        return Knot(time_ns, position, velocity, acceleration)


def _coefficients(before: Knot, after: Knot, duration: float, order: int) -> Array:
    """Coefficients (6, n) of 1, t, ... t^5 over ``duration`` [s]."""
    d, result = duration, np.zeros((6, len(before.position)))
    result[0], change = before.position, after.position - before.position
    if order == 0:
        result[1] = change / d
        return result
    v0, v1 = before.velocity, after.velocity
    result[1] = v0
    if order == 1:
        result[2] = (3 * change - (2 * v0 + v1) * d) / d**2
        result[3] = (-2 * change + (v0 + v1) * d) / d**3
        return result
    a0, a1 = before.acceleration, after.acceleration
    result[2] = a0 / 2
    result[3] = (20 * change - (12 * v0 + 8 * v1) * d - (3 * a0 - a1) * d**2) / (2 * d**3)
    result[4] = (-30 * change + (16 * v0 + 14 * v1) * d + (3 * a0 - 2 * a1) * d**2) / (2 * d**4)
    result[5] = (12 * change - 6 * (v0 + v1) * d - (a0 - a1) * d**2) / (2 * d**5)
    return result
