"""The robot's controllers, as ros2_control has them. Pure: times are handed in [ns, ROS time].

``JointTrajectoryController`` behaves as ros2_controllers' on Jazzy and Kilted with
``interpolate_from_desired_state: true``; ``PositionController`` as position_controllers'
JointGroupPositionController. Whichever heard a valid command last is in charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from aura_ros.sim.trajectory import (
    CommandRefused,
    Knot,
    Segment,
    TrajectoryCommand,
    knots,
    validate,
)
from aura_ros.types import Array


def resting(position: Array, now_ns: int) -> Knot:
    """Standing still at ``position``."""
    zero = np.zeros(len(position))
    return Knot(now_ns, np.array(position, dtype=np.float64), zero, zero)


class Controller(Protocol):
    """Anything that says where the joints should be."""

    def desired(self, now_ns: int) -> Knot:
        """Desired state at ``now_ns``, which never goes back."""


class JointTrajectoryController:
    """Follows the last trajectory it took, and holds its end.

    A new trajectory replaces the old one as soon as it is taken and is joined from the
    desired state: until its first point by interpolation. Points in the past are left out, so
    the timing of a late trajectory is kept, at the price of a jump if it does not continue the
    old one. Limits are not checked: as on a real robot, that is the sender's task.
    """

    def __init__(self, joints: Sequence[str], state: Knot) -> None:
        self.joints = tuple(joints)
        self._state = state
        self._knots: list[Knot] = []
        self._segment: Segment | None = None

    def accept(self, command: TrajectoryCommand, now_ns: int) -> None:
        """Replace the trajectory. Raises CommandRefused, and goes on as before."""
        validate(command, self.joints, now_ns)
        self._knots = knots(command, self.joints, command.stamp_ns or now_ns)
        self._segment = None

    def desired(self, now_ns: int) -> Knot:
        """Desired state at ``now_ns``."""
        if self._segment is None or now_ns >= self._segment.end_ns:
            self._advance(now_ns)
        if self._segment is not None:
            self._state = self._segment.at(now_ns)
        return self._state

    def _advance(self, now_ns: int) -> None:
        """Find the segment that holds ``now_ns``; past the last knot, hold it."""
        before = self._state
        while self._knots and self._knots[0].time_ns <= now_ns:
            before = self._knots.pop(0)
        if self._knots:
            self._segment = Segment(before, self._knots[0])
        else:
            # Held as of now: a trajectory that comes later is joined from now, not from then.
            self._segment, self._state = None, replace(before, time_ns=now_ns)


class PositionController:
    """Passes on the last n positions it was sent [rad or m]."""

    def __init__(self, joints: Sequence[str], state: Knot) -> None:
        self.joints = tuple(joints)
        self._state = state

    def accept(self, positions: Array, now_ns: int) -> None:
        """Take new positions (n,). Raises CommandRefused, and goes on as before."""
        if np.shape(positions) != (len(self.joints),):
            raise CommandRefused(
                f"{np.size(positions)} numbers came, not {len(self.joints)}: one for each of "
                f"{list(self.joints)}"
            )
        if not np.isfinite(positions).all():
            raise CommandRefused("the positions hold numbers that are not finite")
        self._state = resting(positions, now_ns)

    def desired(self, now_ns: int) -> Knot:
        """Desired state at ``now_ns``."""
        return replace(self._state, time_ns=now_ns)


class Controllers:
    """Both controllers over the same joints; the one that was heard last is in charge."""

    def __init__(self, joints: Sequence[str], position: Array, now_ns: int) -> None:
        self._joints = tuple(joints)
        self.hold(position, now_ns)

    def hold(self, position: Array, now_ns: int) -> None:
        """Forget all commands and stay at ``position`` (n,)."""
        self._active: Controller = JointTrajectoryController(
            self._joints, resting(position, now_ns)
        )

    def follow(self, command: TrajectoryCommand, now_ns: int) -> None:
        """Take a trajectory. Raises CommandRefused."""
        controller = self._active
        if not isinstance(controller, JointTrajectoryController):
            controller = JointTrajectoryController(self._joints, self._active.desired(now_ns))
        controller.accept(command, now_ns)
        self._active = controller

    def go_to(self, positions: Array, now_ns: int) -> None:
        """Take positions (n,). Raises CommandRefused."""
        controller = PositionController(self._joints, self._active.desired(now_ns))
        controller.accept(positions, now_ns)
        self._active = controller

    def target(self, now_ns: int) -> Array:
        """Where the joints should be at ``now_ns``, shape (n,)."""
        return self._active.desired(now_ns).position
