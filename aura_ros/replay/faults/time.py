"""Faults of time and order: chunks that are old, from the future, or come again."""

from __future__ import annotations

from dataclasses import replace

from aura_ros.replay.faults.fault import Fault
from aura_ros.types import NS, ActionChunk, Now


class TimeFault(Fault):
    """Another chunk comes in the place of the one that was said."""

    def prepare(self) -> None:
        """Nothing was sent."""
        self.past: list[ActionChunk] = []

    def answered(self, chunk: ActionChunk, now: Now) -> ActionChunk:
        """The other chunk, once there is one."""
        self.past.append(chunk)
        other = self.other(chunk, now) if now.steady_ns >= self.onset_ns else None
        self.faulty = False
        if other is None:
            return chunk
        self.note(other, 0, now)
        return other

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """What comes in the place of ``chunk``, the last of ``past``; None: itself."""
        raise NotImplementedError


class Stale(TimeFault):
    """The policy answers from a cache: rows of so long ago [s], under their honest stamps."""

    size = "AGE"

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """As ``TimeFault.other``: with the sequence number of this one."""
        newest = now.ros_ns - round(self.injected.size * NS)
        old = [past for past in self.past if past.observation_stamp_ns <= newest]
        return replace(old[-1], sequence=chunk.sequence) if old else None


class FutureStamped(TimeFault):
    """The observation's stamp is ahead of now [s]."""

    size = "AHEAD"

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """As ``TimeFault.other``."""
        return replace(chunk, observation_stamp_ns=now.ros_ns + round(self.injected.size * NS))


class Replayed(TimeFault):
    """A chunk that was sent before comes again, bit for bit: the one so many back."""

    size = "BACK"

    def prepare(self) -> None:
        """Nothing was sent, and none comes again."""
        super().prepare()
        self._again: ActionChunk | None = None

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """As ``TimeFault.other``."""
        back = max(round(self.injected.size), 1)
        if self._again is None and len(self.past) > back:
            self._again = self.past[-1 - back]
        return self._again
