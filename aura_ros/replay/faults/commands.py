"""Faults in the recorded commands themselves: every chunk that looks there has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aura_ros.replay.actions import Segment
from aura_ros.replay.faults.fault import Fault, InjectError, column_of
from aura_ros.types import NS, ActionChunk, Array, Now


class CommandFault(Fault):
    """Commands of one joint are others. Subclasses say by how much."""

    what = "JOINT"

    def prepare(self) -> None:
        """The joint."""
        self._column = column_of(self.robot, self.injected.what)
        self._struck: tuple[Segment, Segment] | None = None

    def recorded(self, runs: Sequence[Segment]) -> list[Segment]:
        """The segments with the fault in the one that is recorded at its onset."""
        for i, run in enumerate(runs):
            if run.time_ns[0] <= self.onset_ns <= run.time_ns[-1]:
                position = run.position.copy()
                position[:, self._column] += self.offsets(run)
                changed = replace(run, position=position)
                self._struck = run, changed
                return [*runs[:i], changed, *runs[i + 1 :]]
        time = self.injected.time
        raise InjectError(f"--inject: no command is recorded at {time:g} s")

    def offsets(self, run: Segment) -> Array:
        """What is added to the joint's commands (N,) [rad or m]."""
        raise NotImplementedError

    def answered(self, chunk: ActionChunk, now: Now) -> ActionChunk:
        """The chunk as it is: its rows are the recorded commands already."""
        assert self._struck is not None
        times = chunk.start_ns + chunk.row_period_ns * np.arange(len(chunk.rows))
        before, after = (run.at(times)[:, self._column] for run in self._struck)
        rows = np.flatnonzero(before != after)
        self.faulty = False
        if len(rows):
            self.note(chunk, int(rows[0]), now)
        return chunk


class Spike(CommandFault):
    """One recorded command of a joint, the one nearest to the onset, is off by so much."""

    size = "SIZE"

    def offsets(self, run: Segment) -> Array:
        """As ``CommandFault.offsets``."""
        offsets = np.zeros(len(run.time_ns))
        offsets[np.argmin(np.abs(run.time_ns - self.onset_ns))] = self.injected.size
        return offsets


class Creep(CommandFault):
    """From the onset on the commands of a joint go off smoothly, at so much a second."""

    size = "SPEED"
    # It gains speed as slowly as a trained policy does [s].
    ramp_s = 0.4

    def offsets(self, run: Segment) -> Array:
        """As ``CommandFault.offsets``."""
        since, ramp = np.maximum(run.time_ns - self.onset_ns, 0) / NS, self.ramp_s
        gained = np.where(since < ramp, since**2 / (2 * ramp), since - ramp / 2)
        return np.asarray(self.injected.size * gained)
