"""A number that a policy's features give, as a watch of the policy counts it."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.ood.debounce import Debounced
from aura_ros.guard.ood.held import Held
from aura_ros.guard.risk.session import Boundary
from aura_ros.types import Now


class Seen:
    """The debounced ``value`` of what was seen while motion was not held; 0 where it begins anew:
    with an episode, or a person's word."""

    def __init__(self) -> None:
        self._boundary, self._held, self._window = Boundary(), Held(), Debounced()
        self.value = 0.0

    def hear(self, value: Any, now: Now) -> None:
        """Take a value that the guard heard."""
        self._held.hear(value, now)
        if self._boundary.crossed(value):
            self._window.forget()
            self.value = 0.0

    def counts(self, stamp_ns: int) -> bool:
        """Whether what was seen at ``stamp_ns`` counts."""
        return not self._held.was_at(stamp_ns)

    def take(self, number: float) -> None:
        """What was seen gives ``number``."""
        self.value = self._window.take(number)
