"""What a fault of a replay is: something that goes wrong at one place, from some time on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.replay.actions import Segment
from aura_ros.robot.description import Robot
from aura_ros.robot.problems import closest
from aura_ros.types import NS, ActionChunk, Array, Now


class InjectError(ValueError):
    """A fault that cannot be injected."""


@dataclass(frozen=True)
class Injected:
    """What was asked for: a ``kind`` of fault, ``what`` it strikes ("" where there is no choice),
    the ``time`` of its onset [s since the recording's start], and its ``size``; ``text`` is how
    it was written."""

    text: str
    kind: str
    what: str
    time: float
    size: float


class Fault:
    """Nothing goes wrong. Subclasses override where they strike.

    ``onset_ns`` is on the recording's log times. ``began_ns`` is when something was first changed
    (None before that), ``due_ns`` when the first changed row would be executed (ROS time; None:
    rows are not changed), ``faulty`` whether the last chunk was.
    """

    what, size = "", ""
    """What to write in their places; empty: nothing."""

    def __init__(self, injected: Injected, robot: Robot, start_ns: int) -> None:
        self.injected, self.robot = injected, robot
        self.onset_ns = start_ns + round(injected.time * NS)
        self.began_ns: int | None = None
        self.due_ns: int | None = None
        self.faulty = False
        self.prepare()

    def prepare(self) -> None:
        """Look up what is struck. Raises InjectError where the robot has no such thing."""

    def recorded(self, runs: Sequence[Segment]) -> list[Segment]:
        """The recorded commands as they are replayed. Raises InjectError."""
        return list(runs)

    def answered(self, chunk: ActionChunk, now: Now) -> ActionChunk:
        """What leaves the policy in place of ``chunk``."""
        return chunk

    def sensed(self, value: Any, now: Now) -> Any:
        """What a sensor says in place of ``value``; None: nothing."""
        return value

    def strikes(self, now: Now) -> bool:
        """Whether it is time; the first time this is so is when the fault begins."""
        if now.steady_ns < self.onset_ns:
            return False
        if self.began_ns is None:
            self.began_ns = now.steady_ns
        return True

    def seconds(self, now: Now) -> float:
        """How long the fault has lasted [s]."""
        return 0.0 if self.began_ns is None else (now.steady_ns - self.began_ns) / NS

    def note(self, chunk: ActionChunk, first_row: int, now: Now) -> None:
        """``chunk`` is faulty from ``first_row`` on."""
        self.faulty = True
        if self.began_ns is None:
            self.began_ns = now.steady_ns
        if self.due_ns is None:
            self.due_ns = chunk.start_ns + first_row * chunk.row_period_ns


def column_of(robot: Robot, joint: str) -> int:
    """Column of a joint. Raises InjectError."""
    if joint not in robot.joints:
        hint = closest(joint, robot.joints)
        raise InjectError(f"--inject: {robot.name} has no joint {joint!r}, {hint}")
    return robot.joints.index(joint)


def columns_of(robot: Robot, name: str) -> NDArray[np.intp]:
    """Columns of a joint or of a group. Raises InjectError."""
    groups = {group.name for group in robot.groups}
    if name in groups:
        return robot.group_indices(name)
    if name not in robot.joints:
        hint = closest(name, (*robot.joints, *groups))
        raise InjectError(f"--inject: {robot.name} has no joint or group {name!r}, {hint}")
    return np.array([robot.joints.index(name)])


def first_changed(before: Array, after: Array) -> int | None:
    """The first row that differs; None: no row does."""
    rows = np.flatnonzero((before != after).any(axis=1))
    return int(rows[0]) if len(rows) else None
