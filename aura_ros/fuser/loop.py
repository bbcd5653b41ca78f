"""The command loop: samples the track at control rate and checks every command once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion.jerk import sample, slice_from, splice
from aura_ros.motion.stop import rests_until
from aura_ros.robot.description import Limits
from aura_ros.types import NS, Array, Command, Diverged, Now, Plan, Track

# Commands are judged with the plans' own tolerance plus rounding of the time between them.
TOLERANCE = 1e-6
# A loop that comes later than this (overrun, or a step of the clock) does not leap ahead.
LONGEST_STEP_NS = 30_000_000
# Motion that is nearer than this goes on from there [rad or m].
ELSEWHERE = 1e-5


class CommandLoop:
    """Turns a track into commands. A command outside the hard limits is never passed on:
    the last safe one is repeated until ``reset``.

    Where the loop comes too late the motion goes on where it was, and the commands lag behind
    the plan until the robot is at rest: late motion is safe, a leap is not. However late it is,
    it keeps what it has not commanded yet of the tracks before.

    ``rotations`` are the columns of rotation vectors and their greatest length [rad].
    """

    def __init__(
        self, limits: Limits, rotations: Sequence[tuple[NDArray[np.intp], float]] = ()
    ) -> None:
        self._rotations = rotations
        self._lower, self._upper = limits.lower - TOLERANCE, limits.upper + TOLERANCE
        self._velocity = limits.velocity * (1 + TOLERANCE)
        self._last: Command | None = None
        self._track: Track | None = None
        self._asked_ns: int | None = None
        self._lag_ns = 0
        self.tripped = ""

    def follow(self, track: Track | None) -> Diverged | None:
        """Take a new track; None: command nothing.

        Where a track took so long that the commands went another way meanwhile, into the stop
        tail of the one before, that is kept to and returned: ``track`` would be a leap.
        """
        if track is None or (track.anchored and not self.tripped):
            self._last = self._asked_ns = None
            self._lag_ns = 0
        elif self._track is not None and self._asked_ns is not None:
            old, here_ns = self._track, self._asked_ns - self._lag_ns
            if not self.tripped and _diverge(old.plan, track.plan, here_ns):
                return Diverged(old.plan)
            track = _continued(old, track, here_ns)
        self._track = track
        return None

    @property
    def end_ns(self) -> int | None:
        """When the present track comes to rest, in ROS time; None without one."""
        return None if self._track is None else self._track.plan.end_ns + self._lag_ns

    def reset(self) -> None:
        """End a trip. Nothing is commanded before the next track: the old one went on alone."""
        if self.tripped:
            self._last = self._track = self._asked_ns = None
            self._lag_ns = 0
            self.tripped = ""

    def command(self, now: Now) -> Command | None:
        """The command for ``now``, or None while nothing safe is known."""
        if self._asked_ns is not None and now.ros_ns < self._asked_ns:
            # Time went back: the track was for another time.
            self._track, self._asked_ns, self._lag_ns = None, None, 0
        track = self._track
        if track is None:
            return None
        state = sample(track.plan, self._phase_ns(track, now))
        self.tripped = self.tripped or self._violation(state.position, state.velocity, now)
        if self.tripped:
            return self._held(now)
        self._last = Command(now.ros_ns, state.position, state.velocity, True)
        return self._last

    def _phase_ns(self, track: Track, now: Now) -> int:
        """Where in the plan the commands are: now, less what was lost to late turns."""
        if self._asked_ns is not None:
            late_ns = now.ros_ns - self._asked_ns - LONGEST_STEP_NS
            self._lag_ns += max(late_ns, 0)
        self._asked_ns = now.ros_ns
        if self._lag_ns:
            there_ns = rests_until(track.plan, now.ros_ns - self._lag_ns)
            self._lag_ns = max(now.ros_ns - there_ns, 0)
        return now.ros_ns - self._lag_ns

    def _held(self, now: Now) -> Command | None:
        if self._last is None:
            return None
        held = self._last.position
        return Command(now.ros_ns, held, np.zeros_like(held), False, self.tripped)

    def _violation(self, position: Array, velocity: Array, now: Now) -> str:
        if not (np.isfinite(position).all() and np.isfinite(velocity).all()):
            return "not_finite"
        if (position < self._lower).any() or (position > self._upper).any():
            return "position"
        for columns, longest in self._rotations:
            if np.linalg.norm(position[columns]) > longest + TOLERANCE:
                return "rotation"
        if (np.abs(velocity) > self._velocity).any():
            return "velocity"
        if self._last is not None:
            elapsed = max(now.ros_ns - self._last.stamp_ns, 0) / NS
            step = np.abs(position - self._last.position)
            if (step > self._velocity * elapsed + TOLERANCE).any():
                return "step"
        return ""


def _diverge(old: Plan, new: Plan, here_ns: int) -> bool:
    """Whether ``new`` does not go on from where ``old`` is or, if it begins later, will be."""
    seam_ns = max(here_ns, new.start_ns)
    away = sample(new, seam_ns).position - sample(old, seam_ns).position
    return not bool((np.abs(away) <= ELSEWHERE).all())


def _continued(old: Track, new: Track, here_ns: int) -> Track:
    """``new``, with the motion of ``old`` from where the commands are, up to its start."""
    if new.plan.start_ns <= here_ns:
        return new
    return replace(new, plan=splice(slice_from(old.plan, here_ns), new.plan))
