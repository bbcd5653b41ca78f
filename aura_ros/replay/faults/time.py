"""Faults of time and order: chunks that are old, from the future, or come again."""

from __future__ import annotations

from typing import ClassVar

from aura_ros.replay import changes
from aura_ros.replay.faults.fault import Fault
from aura_ros.types import ActionChunk, Now


class TimeFault(Fault):
    """Another chunk comes in the place of the one that was said: what ``make`` says."""

    make: ClassVar[type[changes.Instead]]

    def prepare(self) -> None:
        """Nothing was sent."""
        self._instead = self.make(self.injected.size)

    def answered(self, chunk: ActionChunk, now: Now) -> ActionChunk:
        """The other chunk, once there is one."""
        other = self._instead.of(chunk, now, now.steady_ns >= self.onset_ns)
        self.faulty = False
        if other is None:
            return chunk
        self.note(other, 0, now)
        return other


class Stale(TimeFault):
    """As ``changes.Stale``."""

    make, size = changes.Stale, "AGE"


class FutureStamped(TimeFault):
    """As ``changes.FutureStamped``."""

    make, size = changes.FutureStamped, "AHEAD"


class Replayed(TimeFault):
    """As ``changes.Replayed``."""

    make, size = changes.Replayed, "BACK"
