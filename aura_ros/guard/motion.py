"""The motion that the fuser says it has committed, and whether the guard has allowed it.

A commitment that was allowed is piece by piece motion that was allowed, rest, or a stop tail that
begins in one of these. Where its sender failed to ask, motion is held until that is over.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from aura_ros.guard.watch import Stray
from aura_ros.guard.whole import committed_fault_of
from aura_ros.motion.jerk import integrate
from aura_ros.motion.stop import stop_jerk
from aura_ros.robot.description import Robot
from aura_ros.types import NS, KinematicState, Now, Plan

# States that are the same are so but for rounding, on another machine.
TOLERANCE = 1e-6
# Allowed motions that are remembered, and for how long after their end: words come late [ns]. For
# so long a word that is no motion of now holds, and so far ahead motion of now may begin.
REMEMBERED, LATE_NS = 64, NS
Flags = NDArray[np.bool_]


class Motion:
    """What is ``committed`` (None: nobody said), and which motion was allowed."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self.forget()

    def forget(self) -> None:
        """Nothing is known: at the start, and when ROS time jumped."""
        self.committed: Plan | None = None
        self._allowed: deque[Plan] = deque(maxlen=REMEMBERED)

    def allow(self, plan: Plan) -> None:
        """A verdict let ``plan`` move."""
        self._allowed.append(plan)

    def take(self, plan: Plan, now: Now, tolerance_s: float) -> tuple[bool, Stray | None]:
        """The fuser committed ``plan``: whether that is news, and what was not allowed of it.

        Motion only goes on: one that begins before the motion that is known was committed before
        it, and comes again. But known motion that begins ahead of now by more than
        ``tolerance_s`` is of another time.
        """
        fault = committed_fault_of(plan, self._robot)
        if not fault and plan.start_ns > now.ros_ns + LATE_NS:
            fault = "it begins over a second ahead of the clock: synchronise the clocks"
        if fault:
            words = f"the fuser committed what is no motion of now: {fault}"
            return False, Stray(now.ros_ns + LATE_NS, words)
        known, latest_ns = self.committed, now.ros_ns + int(tolerance_s * NS)
        if known is not None and plan.start_ns < known.start_ns <= latest_ns:
            return False, None
        self.committed = plan
        # What a process before this one allowed is not known here.
        until_ns = None if known is None else self._stray_until(plan, now)
        if until_ns is None:
            self.allow(plan)
            return True, None
        return True, Stray(until_ns, "the fuser committed motion that was not allowed")

    def _stray_until(self, plan: Plan, now: Now) -> int | None:
        """When the last piece of ``plan`` that was not allowed ends [ns]; None: there is none."""
        while self._allowed and self._allowed[0].end_ns < now.ros_ns - LATE_NS:
            self._allowed.popleft()
        knots, pieces = resting(plan)
        for allowed in self._allowed:
            same = shared(plan, allowed)
            knots, pieces = knots | same, pieces | (same[:-1] & same[1:])
        tail = len(pieces) - self._robot.stop_knots
        if tail >= 0 and knots[tail] and is_stop(plan, tail):
            pieces[tail:] = True
        ends_ns = plan.start_ns + plan.knot_period_ns * np.arange(1, len(pieces) + 1)
        astray = np.flatnonzero(~pieces & (ends_ns > now.ros_ns))
        return int(ends_ns[astray[-1]]) if len(astray) else None


def resting(plan: Plan) -> tuple[Flags, Flags]:
    """The knots (K + 1,) at which ``plan`` rests, and the pieces (K,) along which it does."""
    still: Flags = ~((plan.velocity != 0.0) | (plan.acceleration != 0.0)).any(axis=1)
    stays: Flags = (plan.position[1:] == plan.position[:-1]).all(axis=1)
    return still, still[1:] & still[:-1] & stays


def shared(plan: Plan, other: Plan) -> Flags:
    """The knots (K + 1,) of ``plan`` at which ``other`` is in the same state at the same time."""
    same = np.zeros(len(plan.position), dtype=bool)
    ahead = (plan.start_ns - other.start_ns) // plan.knot_period_ns
    first = min(max(-ahead, 0), len(same))
    count = max(min(len(same) - first, len(other.position) - first - ahead), 0)
    ours, theirs = slice(first, first + count), slice(first + ahead, first + ahead + count)
    away = [
        np.abs(getattr(plan, name)[ours] - getattr(other, name)[theirs]).max(axis=1, initial=0.0)
        for name in ("position", "velocity", "acceleration")
    ]
    same[ours] = np.max(away, axis=0) <= TOLERANCE
    return same


def is_stop(plan: Plan, first: int) -> bool:
    """Whether ``plan`` is from knot ``first`` on nothing but the stop tail out of that."""
    h, count = plan.knot_period_ns / NS, len(plan.position) - 1 - first
    p, v, a = plan.position[first:], plan.velocity[first:], plan.acceleration[first:]
    state = KinematicState(plan.start_ns, p[0], v[0], a[0])
    stop = integrate(state, stop_jerk(v[0], a[0], count, h), h)
    return all(np.allclose(x, y, 0, TOLERANCE) for x, y in zip((p, v, a), stop, strict=True))
