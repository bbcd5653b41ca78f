"""Recorded commands as arrays: what stands in for the policy of a replay.

A command counts at its stamp plus ``time_from_start``, as joint_trajectory_controller reads it;
without a stamp at its log time plus ``time_from_start``. Of a trajectory with several points
the first one is used: the next message replaces the rest. Measured on two Unitree G1 recordings
whose messages hold one point, one row after the stamp: the arms come closest to the commands
0.15 s after the stamps (RMS 0.017 and 0.010 rad), so the stamp alone would add one row to a
delay that is the robot's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.conversions import ConversionError
from aura_ros.conversions.fields import nanoseconds
from aura_ros.policy.recorded import RecordedBackend
from aura_ros.replay.inputs import TRAJECTORY
from aura_ros.robot.description import Robot
from aura_ros.robot.problems import closest
from aura_ros.types import NS, Array, Observation, Request

# Commands that go back in time by more than this begin a new segment: a recording that loops.
LOOP_NS = NS


@dataclass(frozen=True)
class Segment:
    """Commands with increasing times: ``time_ns`` (N,), ``position`` (N, n) in the robot's
    joint order; ``log_ns`` is when the first one was recorded. Times are int64 [ns]."""

    log_ns: int
    time_ns: NDArray[Any]
    position: Array

    def at(self, time_ns: NDArray[Any]) -> Array:
        """Commands interpolated at (M,) times, held at the ends: (M, n)."""
        since = (self.time_ns - self.time_ns[0]).astype(np.float64)
        wanted = (time_ns - self.time_ns[0]).astype(np.float64)
        columns = [np.interp(wanted, since, column) for column in self.position.T]
        return np.stack(columns, axis=1)


class ActionReader:
    """Time [ns] and positions (n,) of one command message, in the robot's joint order."""

    def __init__(self, robot: Robot, kind: str) -> None:
        self._robot = robot
        self._read = self._trajectory if kind == TRAJECTORY else self._positions

    def read(self, log_ns: int, message: Any) -> tuple[int, Array]:
        """Raises ConversionError for joints of another robot and numbers that are not finite."""
        time_ns, position = self._read(log_ns, message)
        if not np.isfinite(position).all():
            joint = self._robot.joints[int(np.argmin(np.isfinite(position)))]
            raise ConversionError(f"the command of {joint} is not finite")
        return time_ns, position

    def _trajectory(self, log_ns: int, message: Any) -> tuple[int, Array]:
        names = list(message.joint_names)
        missing = [joint for joint in self._robot.joints if joint not in names]
        if missing:
            raise ConversionError(
                f"commands lack {len(missing)} of the {len(self._robot.joints)} joints of "
                f"{self._robot.name!r}, {missing[0]!r} ({closest(missing[0], names)}): choose the "
                "configuration of the recorded robot, or name another topic of commands"
            )
        if not message.points:
            raise ConversionError("a trajectory without points")
        point = message.points[0]
        if len(point.positions) != len(names):
            raise ConversionError(f"{len(names)} joint names and {len(point.positions)} positions")
        columns = [names.index(joint) for joint in self._robot.joints]
        stamp_ns = nanoseconds(message.header.stamp) or log_ns
        time_ns = stamp_ns + nanoseconds(point.time_from_start)
        return time_ns, np.asarray(point.positions, dtype=np.float64)[columns]

    def _positions(self, log_ns: int, message: Any) -> tuple[int, Array]:
        expected = len(self._robot.joints)
        if len(message.data) != expected:
            raise ConversionError(
                f"commands have {len(message.data)} numbers, {self._robot.name!r} has {expected} "
                "joints: choose the configuration of the recorded robot"
            )
        return log_ns, np.asarray(message.data, dtype=np.float64)


def segments(commands: Iterable[tuple[int, int, Array]]) -> list[Segment]:
    """Segments of (log time, time, positions); a command that is late in its segment is dropped."""
    runs: list[list[tuple[int, int, Array]]] = []
    for command in commands:
        if not runs or command[1] < runs[-1][-1][1] - LOOP_NS:
            runs.append([command])
        elif command[1] > runs[-1][-1][1]:
            runs[-1].append(command)
    return [
        Segment(
            run[0][0],
            np.array([time for _, time, _ in run], dtype=np.int64),
            np.array([position for _, _, position in run], dtype=np.float64),
        )
        for run in runs
        if len(run) > 1
    ]


class SegmentBackend:
    """The recorded commands of the present segment, as a policy."""

    name = "recorded"

    def __init__(self, runs: list[Segment], robot: Robot) -> None:
        self._runs = runs
        self._backends = [
            RecordedBackend(run.time_ns, run.position, robot.horizon, robot.row_period_ns)
            for run in runs
        ]
        self._at = 0

    @property
    def segment(self) -> Segment:
        """The present segment."""
        return self._runs[self._at]

    def jump(self, log_ns: int) -> None:
        """The recording looped at ``log_ns``: go on in the segment that began about then."""
        begun = [i for i, run in enumerate(self._runs) if run.log_ns <= log_ns + LOOP_NS]
        self._at = begun[-1] if begun else 0

    def encode(self, observation: Observation) -> Array:
        """The measured joints."""
        return self._backends[self._at].encode(observation)

    def act(self, request: Request, embedding: Array) -> Array:
        """Recorded commands at the rows' times, shape (H, n)."""
        return self._backends[self._at].act(request, embedding)
