"""The stream of one sensor: its last reading, and why that cannot be relied on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from aura_ros.types import NS, Now


@dataclass(frozen=True)
class Stream:
    """What was last heard on ``topic``: when it was measured (ROS time) and when it came (steady
    clock) [ns]; ``words`` say what is wrong with what came since."""

    topic: str
    stamp_ns: int | None = None
    arrived_ns: int = 0
    words: str = ""

    def heard(self, stamp_ns: int, now: Now, tolerance_s: float, words: str = "") -> Stream:
        """A message came. It is no reading where ``words`` say so, or where its stamp is not
        newer than the last, or more than ``tolerance_s`` ahead of the clock."""
        if stamp_ns - now.ros_ns > tolerance_s * NS:
            words = "has stamps from the future: synchronise the clocks"
        elif self.stamp_ns is not None and stamp_ns <= self.stamp_ns:
            words = "repeats a stamp, or goes back"
        if words:
            return replace(self, words=words)
        return Stream(self.topic, stamp_ns, now.steady_ns)

    def age(self, now: Now) -> float:
        """Time since the last reading was measured, or came, whichever is longer [s]."""
        if self.stamp_ns is None:
            return math.inf
        return max(now.steady_ns - self.arrived_ns, now.ros_ns - self.stamp_ns) / NS

    def fault(self, now: Now, timeout_s: float) -> str:
        """Why there is no reading to rely on; empty: there is one."""
        if self.age(now) <= timeout_s:
            return ""
        if self.words:
            return f"{self.topic} {self.words}"
        if self.stamp_ns is None:
            return f"nothing on {self.topic} yet: is it remapped?"
        if (now.steady_ns - self.arrived_ns) / NS <= timeout_s:
            return f"readings on {self.topic} are old: synchronise the clocks"
        return f"{self.topic} went silent"
