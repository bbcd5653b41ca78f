"""Faults of a chunk's rows: what a policy, its normalisation or its transport gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aura_ros.replay import changes
from aura_ros.replay.actions import Segment
from aura_ros.replay.faults.fault import Fault, InjectError, column_of, columns_of, first_changed
from aura_ros.types import NS, ActionChunk, Array, Now


class RowFault(Fault):
    """Every chunk's rows are others, from the onset on."""

    def answered(self, chunk: ActionChunk, now: Now) -> ActionChunk:
        """The chunk with other rows."""
        self.faulty = False
        if now.steady_ns < self.onset_ns:
            return chunk
        rows = self.changed(np.array(chunk.rows), chunk, now)
        first = first_changed(chunk.rows, rows)
        if first is None:
            return chunk
        self.note(chunk, first, now)
        return replace(chunk, rows=rows)

    def changed(self, rows: Array, chunk: ActionChunk, now: Now) -> Array:
        """Other rows (H, n); ``rows`` may be written to."""
        raise NotImplementedError


class NotANumber(RowFault):
    """So many rows from the middle on are NaN, of one joint, of a group or of all."""

    what, size = "JOINT|GROUP|all", "ROWS"

    def prepare(self) -> None:
        """The columns."""
        name = self.injected.what
        self._columns = np.arange(len(self.robot.joints))
        if name != "all":
            self._columns = columns_of(self.robot, name)

    def changed(self, rows: Array, chunk: ActionChunk, now: Now) -> Array:
        """As ``RowFault.changed``."""
        count = min(max(round(self.injected.size), 1), len(rows))
        first = (len(rows) - count) // 2
        rows[first : first + count, self._columns] = np.nan
        return rows


class WrongNormalisation(RowFault):
    """Rows are scaled about the mean of the recorded commands, as by statistics of another set."""

    size = "GAIN"

    def recorded(self, runs: Sequence[Segment]) -> list[Segment]:
        """The commands as they are; their mean is remembered."""
        if not runs:
            raise InjectError("--inject: no commands are recorded, of which to take the mean")
        self._mean = np.concatenate([run.position for run in runs]).mean(axis=0)
        return list(runs)

    def changed(self, rows: Array, chunk: ActionChunk, now: Now) -> Array:
        """As ``RowFault.changed``."""
        return changes.scaled(rows, self._mean, self.injected.size)


class SwappedFrame(RowFault):
    """Two joints, or two groups joint by joint, change places."""

    what = "NAME,NAME"

    def prepare(self) -> None:
        """Both sides."""
        names = self.injected.what.split(",")
        if len(names) != 2:
            raise InjectError(f"--inject: {self.injected.what!r} is not two names with a comma")
        self._a, self._b = (columns_of(self.robot, name) for name in names)
        if len(self._a) != len(self._b):
            raise InjectError(f"--inject: {names[0]} and {names[1]} differ in size")

    def changed(self, rows: Array, chunk: ActionChunk, now: Now) -> Array:
        """As ``RowFault.changed``."""
        return changes.swapped(rows, self._a, self._b)


class Spliced(RowFault):
    """From some row on the rows are those of another chunk: the first one of the replay."""

    size = "ROW"

    def prepare(self) -> None:
        """Nothing was sent."""
        self._other: ActionChunk | None = None

    def answered(self, chunk: ActionChunk, now: Now) -> ActionChunk:
        """As ``RowFault.answered``."""
        if self._other is None:
            self._other = chunk
        return super().answered(chunk, now)

    def changed(self, rows: Array, chunk: ActionChunk, now: Now) -> Array:
        """As ``RowFault.changed``."""
        first = max(round(self.injected.size), 0)
        if self._other is not None and self._other.rows.shape == rows.shape:
            rows[first:] = self._other.rows[first:]
        return rows


class BiasDrift(RowFault):
    """Rows of a joint are off by more with every chunk, at a constant rate [rad/s or m/s]."""

    what, size = "JOINT", "RATE"

    def prepare(self) -> None:
        """The joint."""
        self._column = column_of(self.robot, self.injected.what)

    def changed(self, rows: Array, chunk: ActionChunk, now: Now) -> Array:
        """As ``RowFault.changed``."""
        rows[:, self._column] += self.injected.size * (now.steady_ns - self.onset_ns) / NS
        return rows


class SlowBurn(RowFault):
    """Every chunk begins a step further beside the motion: the step is what the joint's velocity
    limit covers in so long [s]."""

    what, size = "JOINT", "STEP"

    def prepare(self) -> None:
        """The joint, and that nothing is off yet."""
        self._column, self._steps = column_of(self.robot, self.injected.what), 0

    def changed(self, rows: Array, chunk: ActionChunk, now: Now) -> Array:
        """As ``RowFault.changed``."""
        self._steps += 1
        step = self.injected.size * self.robot.limits.velocity[self._column]
        rows[:, self._column] += self._steps * step
        return rows
