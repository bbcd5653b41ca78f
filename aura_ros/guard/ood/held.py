"""What a policy sees while motion is held moves nothing, and is no reason to ask a person."""

from __future__ import annotations

from typing import Any

from aura_ros.types import ClockJump, Lease, Now


class Held:
    """Whether motion is held, by the leases of every change of state, and since when it is not."""

    def __init__(self) -> None:
        self._is_held = False
        self._resumed_ns: int | None = None

    def hear(self, value: Any, now: Now) -> None:
        """Take a value that the guard heard."""
        if isinstance(value, ClockJump):
            self._resumed_ns = None
        if not isinstance(value, Lease):
            return
        if value.granted and self._is_held:
            self._resumed_ns = now.ros_ns
        self._is_held = not value.granted

    def was_at(self, stamp_ns: int) -> bool:
        """Whether motion was held at the latest when something was seen at ``stamp_ns``."""
        since = self._resumed_ns
        return self._is_held or (since is not None and stamp_ns <= since)
