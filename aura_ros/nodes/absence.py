"""Whether a node was away: its process was stopped, or had no processor, for a while."""

from __future__ import annotations

# The longest lease: after that nothing moves, and a moment more before judging costs nothing.
AWAY_NS = 250_000_000


class Absence:
    """Known from the node's own ticks, on the steady clock from ``now_ns`` on.

    Whoever comes back hears the messages of all that time in any order, and ticks among them: a
    source that never was silent looks so. An absence ends one tick after the return, so that what
    waited is heard by then. However late ticks are, every second one counts.
    """

    def __init__(self, now_ns: int) -> None:
        self._ticked_ns = now_ns
        self._is_back = False

    def lasts(self, now_ns: int) -> bool:
        """Whether what is heard now should not be judged yet."""
        return self._is_back or now_ns - self._ticked_ns > AWAY_NS

    def tick(self, now_ns: int) -> bool:
        """A tick came; whether it should not be taken yet."""
        self._is_back = not self._is_back and self.lasts(now_ns)
        self._ticked_ns = now_ns
        return self._is_back
