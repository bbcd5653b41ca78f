"""What faults make of chunks and images, whoever says when, where and by how much.

Replays and ``aura bench guard`` have frames of their own around these.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from aura_ros.types import NS, ActionChunk, Array, Image, Now


class Instead:
    """Another chunk comes in the place of the one that was said. ``past`` are all that were."""

    def __init__(self, size: float) -> None:
        self._size = size
        self.past: list[ActionChunk] = []

    def of(self, chunk: ActionChunk, now: Now, is_due: bool) -> ActionChunk | None:
        """What comes in the place of ``chunk``; None: itself. Every chunk must be shown."""
        self.past.append(chunk)
        return self.other(chunk, now) if is_due else None

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """As ``of``, once it is due; ``chunk`` is the last of ``past``."""
        raise NotImplementedError


class Stale(Instead):
    """The policy answers from a cache: rows of so long ago [s], under their honest stamps."""

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """As ``Instead.other``: with the sequence number of this one."""
        newest = now.ros_ns - round(self._size * NS)
        old = [past for past in self.past if past.observation_stamp_ns <= newest]
        return replace(old[-1], sequence=chunk.sequence) if old else None


class FutureStamped(Instead):
    """The observation's stamp is ahead of now [s]."""

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """As ``Instead.other``."""
        return replace(chunk, observation_stamp_ns=now.ros_ns + round(self._size * NS))


class Replayed(Instead):
    """A chunk that was sent before comes again, bit for bit: the one so many back."""

    _again: ActionChunk | None = None

    def other(self, chunk: ActionChunk, now: Now) -> ActionChunk | None:
        """As ``Instead.other``."""
        back = max(round(self._size), 1)
        if self._again is None and len(self.past) > back:
            self._again = self.past[-1 - back]
        return self._again


class Frozen:
    """The last frame of a camera comes again and again under fresh stamps."""

    def __init__(self) -> None:
        self._last: dict[str, Image] = {}

    def of(self, image: Image, is_frozen: bool) -> Image:
        """What comes in the place of ``image``. Every image must be shown."""
        if not is_frozen or image.source not in self._last:
            self._last[image.source] = image
            return image
        return replace(self._last[image.source], stamp_ns=image.stamp_ns)


def scaled(rows: Array, mean: Array, gain: float) -> Array:
    """Rows (H, n) scaled about ``mean`` (n,), as by the statistics of another data set."""
    return np.asarray(mean + gain * (rows - mean))


def swapped(rows: Array, one: Collection[int], other: Collection[int]) -> Array:
    """Rows (H, n) of which the columns ``one`` and ``other`` change places."""
    swapped = rows.copy()
    swapped[:, [*one, *other]] = rows[:, [*other, *one]]
    return swapped
