"""The chunks that were taken, of which the newest decides which others are new."""

from __future__ import annotations

from collections import deque

from aura_ros.types import ActionChunk

# More cannot be on their way between fuser and guard.
REMEMBERED = 8


class Taken:
    """Chunks in the order in which they were taken.

    One that the guard refuses as a chunk was never taken: a number from the far future would
    else shut out every chunk after it.
    """

    def __init__(self) -> None:
        self._chunks: deque[ActionChunk] = deque(maxlen=REMEMBERED)

    @property
    def newest(self) -> ActionChunk | None:
        """The chunk that was taken last."""
        return self._chunks[-1] if self._chunks else None

    def take(self, chunk: ActionChunk) -> None:
        """``chunk`` is newer than all before it."""
        self._chunks.append(chunk)

    def corrected(self, digest: str, chunk: ActionChunk) -> None:
        """``chunk``, of the same order, took the place of that of ``digest``."""
        for k, old in enumerate(self._chunks):
            if old.digest == digest:
                self._chunks[k] = chunk

    def forget(self, digest: str) -> ActionChunk | None:
        """The chunk of ``digest`` is out of it; returned, if it was there."""
        found = next((chunk for chunk in self._chunks if chunk.digest == digest), None)
        if found is not None:
            self._chunks.remove(found)
        return found
