"""ROS time of a recording: the log time, or the header stamps' where they run on another clock."""

from __future__ import annotations

from aura_ros.types import NS, Now

# Stamps are this near to the log time, or they are of another clock (simulated time, another
# machine's clock).
SAME_CLOCK_NS = NS


class RosClock:
    """The two times of each message, and when ROS time jumped.

    Steady time is the log time and never goes back. ROS time runs at the offset from it that
    stamps have. One odd stamp is a bad message; two in a row that agree are a jump.
    """

    def __init__(self) -> None:
        self._steady_ns = 0
        self._offset_ns: int | None = None
        self._odd_ns: int | None = None

    def now(self, log_ns: int) -> Now:
        """Both times at ``log_ns``."""
        self._steady_ns = max(log_ns, self._steady_ns)
        return Now(self._steady_ns + (self._offset_ns or 0), self._steady_ns)

    def jumped(self, log_ns: int, stamp_ns: int) -> bool:
        """Take note of a stamp. True if ROS time jumped: stamps have another offset now."""
        offset = stamp_ns - max(log_ns, self._steady_ns)
        if self._offset_ns is None:
            self._offset_ns = 0 if abs(offset) <= SAME_CLOCK_NS else offset
            return False
        if abs(offset - self._offset_ns) <= SAME_CLOCK_NS:
            self._odd_ns = None
            return False
        agrees = self._odd_ns is not None and abs(offset - self._odd_ns) <= SAME_CLOCK_NS
        self._odd_ns = None if agrees else offset
        if agrees:
            self._offset_ns = 0 if abs(offset) <= SAME_CLOCK_NS else offset
        return agrees
