"""Commands of the chain beside the recorded ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aura_ros.replay.actions import Segment, SegmentBackend
from aura_ros.robot.description import Robot
from aura_ros.types import Array, Command, Now


class Tracking:
    """Keeps the commands. ``held`` counts those that were not safe."""

    def __init__(self, robot: Robot, backend: SegmentBackend | None) -> None:
        self._robot, self._backend = robot, backend
        self._steady_ns: list[int] = []
        self._ros_ns: list[int] = []
        self._segments: list[Segment] = []
        self._positions: list[Array] = []
        self.held = 0

    def take(self, command: Command, now: Now) -> None:
        """Keep one command."""
        self._steady_ns.append(now.steady_ns)
        self._ros_ns.append(command.stamp_ns)
        self._positions.append(command.position)
        self.held += not command.passed
        if self._backend is not None:
            self._segments.append(self._backend.segment)

    @property
    def steady_ns(self) -> NDArray[np.int64]:
        """Times of the commands (M,) [ns]."""
        return np.array(self._steady_ns, dtype=np.int64)

    @property
    def commanded(self) -> Array:
        """Commanded positions (M, n)."""
        return np.array(self._positions).reshape(-1, len(self._robot.joints))

    def recorded(self) -> Array | None:
        """Recorded commands at the same times (M, n); None where none were recorded."""
        if not self._segments:
            return None
        times = np.array(self._ros_ns, dtype=np.int64)
        rows = np.empty((len(times), len(self._robot.joints)))
        for segment in {id(s): s for s in self._segments}.values():
            mine = np.array([s is segment for s in self._segments])
            rows[mine] = segment.at(times[mine])
        return rows

    def rms_by_group(self) -> dict[str, float]:
        """RMS distance of commanded from recorded positions [the group's unit], by group."""
        recorded = self.recorded()
        if recorded is None:
            return {}
        error = (self.commanded - recorded) ** 2
        columns = {g.name: self._robot.group_indices(g.name) for g in self._robot.groups}
        return {name: float(np.sqrt(error[:, at].mean())) for name, at in columns.items()}
