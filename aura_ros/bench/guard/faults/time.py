"""Faults of time and order: chunks that are old, from the future, or come again."""

from __future__ import annotations

from typing import Any, ClassVar

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.replay import changes
from aura_ros.types import ActionChunk, Now


class TimeFault(Fault):
    """Another chunk comes in the place of the one that was said: what ``make`` says."""

    make: ClassVar[type[changes.Instead]]
    sizes: ClassVar[tuple[float, float, float]]

    def prepare(self) -> None:
        """Nothing was sent."""
        self._instead = self.make(self.sizes[self.severity])

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """The other chunk, once there is one."""
        other = self._instead.of(chunk, now, now.ros_ns >= self.onset_ns)
        return [chunk if other is None or not self.strikes(now) else other]


class Stale(TimeFault):
    """As ``changes.Stale`` [s]."""

    make, sizes = changes.Stale, (1.6, 2.0, 3.0)


class FutureStamped(TimeFault):
    """As ``changes.FutureStamped`` [s]."""

    make, sizes = changes.FutureStamped, (0.08, 0.5, 5.0)


class Replayed(TimeFault):
    """As ``changes.Replayed``."""

    make, sizes = changes.Replayed, (1, 2, 4)
