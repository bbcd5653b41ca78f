"""Faults of a chunk's rows: what a policy, its normalisation or its transport gets wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.replay import changes
from aura_ros.sim.model import HOME
from aura_ros.types import NS, ActionChunk, Array, Now

ARM = 7


class RowFault(Fault):
    """Every chunk's rows are others, from the onset on."""

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """The chunk with other rows."""
        if not self.strikes(now):
            return [chunk]
        return [replace(chunk, rows=self.changed(np.array(chunk.rows), now))]

    def changed(self, rows: Array, now: Now) -> Array:
        """Other rows (H, n); ``rows`` may be written to."""
        raise NotImplementedError


class NotANumber(RowFault):
    """One number, a row, or all rows are NaN."""

    def changed(self, rows: Array, now: Now) -> Array:
        """As ``RowFault.changed``."""
        row, joint = self.rng.integers(len(rows)), self.rng.integers(rows.shape[1])
        where = ((row, joint), (row, slice(None)), (slice(None), slice(None)))[self.severity]
        rows[where] = np.nan
        return rows


class Spike(RowFault):
    """One row of one joint stands out [rad]."""

    sizes = (0.1, 0.4, 1.5)

    def changed(self, rows: Array, now: Now) -> Array:
        """As ``RowFault.changed``."""
        row, joint = self.rng.integers(1, len(rows)), self.rng.integers(ARM)
        rows[row, joint] += self.sizes[self.severity] * self.rng.choice([-1.0, 1.0])
        return rows


class WrongNormalisation(RowFault):
    """Rows are scaled about the mean pose, as by the statistics of another data set."""

    gains = (1.15, 1.5, 2.5)

    def changed(self, rows: Array, now: Now) -> Array:
        """As ``RowFault.changed``."""
        return changes.scaled(rows, HOME, self.gains[self.severity])


class SwappedFrame(RowFault):
    """The wrist's joints change places; left and right do; upper arm and elbow do."""

    def changed(self, rows: Array, now: Now) -> Array:
        """As ``RowFault.changed``."""
        if self.severity == 1:
            rows[:, [0, 2, 4]] *= -1
            rows[:, 6] = 2 * HOME[6] - rows[:, 6]
            return rows
        return changes.swapped(rows, *(([4], [6]) if self.severity == 0 else ([1], [3])))


class Spliced(RowFault):
    """From some row on the rows are those of another episode, in which the robot was elsewhere."""

    first_rows = (24, 12, 4)

    def prepare(self) -> None:
        """Where the robot was in the other episode [rad]."""
        self._elsewhere = self.rng.uniform(0.1, 0.4, ARM) * self.rng.choice([-1.0, 1.0], ARM)

    def changed(self, rows: Array, now: Now) -> Array:
        """As ``RowFault.changed``."""
        rows[self.first_rows[self.severity] :, :ARM] += self._elsewhere
        return rows


class BiasDrift(RowFault):
    """One joint's rows are off by more and more, at a constant rate [rad/s]."""

    rates = (0.01, 0.03, 0.1)

    def prepare(self) -> None:
        """Which joint, and to which side."""
        self._joint, self._side = self.rng.integers(ARM), self.rng.choice([-1.0, 1.0])

    def changed(self, rows: Array, now: Now) -> Array:
        """As ``RowFault.changed``."""
        rows[:, self._joint] += self._side * self.rates[self.severity] * self.seconds(now)
        return rows


class Creep(RowFault):
    """The policy heads for the box, smoothly, from where it was told to begin [rad/s]."""

    speeds = (0.15, 0.3, 0.6)
    # It gains speed as slowly as a trained policy does [s].
    ramp_s = 0.4

    def changed(self, rows: Array, now: Now) -> Array:
        """As ``RowFault.changed``: the base turns, the rest stays as it was told."""
        times = self.scene.robot.row_period_ns / NS * np.arange(len(rows))
        begin = np.clip(self.seconds(now) / self.ramp_s, 0.0, 1.0)
        speed = self.speeds[self.severity] * np.clip(begin + times / self.ramp_s, 0.0, 1.0)
        turned = np.concatenate([[0.0], np.cumsum(speed[1:] * np.diff(times))])
        still = np.tile(rows[0], (len(rows), 1))
        still[:, 0] += turned
        return still
