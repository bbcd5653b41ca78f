"""Faults of time and order: chunks that are old, from the future, or come again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aura_ros.bench.guard.faults.fault import Fault
from aura_ros.types import NS, ActionChunk, Now


class Stale(Fault):
    """The policy answers from a cache: rows of so long ago [s], under their honest stamps."""

    ages = (1.6, 2.0, 3.0)

    def prepare(self) -> None:
        """Nothing is remembered."""
        self._past: list[ActionChunk] = []

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """An old chunk with the sequence number of this one."""
        self._past.append(chunk)
        newest = now.ros_ns - round(self.ages[self.severity] * NS)
        old = [past for past in self._past if past.observation_stamp_ns <= newest]
        if not old or not self.strikes(now):
            return [chunk]
        return [replace(old[-1], sequence=chunk.sequence)]


class FutureStamped(Fault):
    """The observation's stamp is ahead of now [s]."""

    ahead = (0.08, 0.5, 5.0)

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """The chunk with another stamp."""
        if not self.strikes(now):
            return [chunk]
        stamp = now.ros_ns + round(self.ahead[self.severity] * NS)
        return [replace(chunk, observation_stamp_ns=stamp)]


class Replayed(Fault):
    """A chunk that was sent before comes again, bit for bit, in place of the new one."""

    back = (1, 2, 4)

    def prepare(self) -> None:
        """Nothing was sent."""
        self._past: list[ActionChunk] = []

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """A chunk of the past."""
        back = self.back[self.severity]
        if len(self._past) < back or not self.strikes(now):
            self._past.append(chunk)
            return [chunk]
        return [self._past[-back]]
