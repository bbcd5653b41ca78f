"""Nobody writes messages in another's name, or changes them on their way."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.entry import Setup
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.watch import Watch
from aura_ros.types import Check, Now, Reset, Tampered


class Tampering(Watch):
    """Value: messages that were not what their sender wrote; limit 0, until a person resets."""

    name = "tampering"

    def __init__(self, setup: Setup) -> None:
        self._decision = setup.decision
        self._found = 0
        self._words = ""

    def hear(self, value: Any, now: Now) -> None:
        """What the edge of the guard found."""
        if isinstance(value, Tampered):
            self._found += 1
            self._words = f"{value.topic}: {value.words}"
        elif isinstance(value, Reset):
            self._found = 0

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        if not self._found:
            return (passed(self.name, 0, 0),)
        return (failed(self.name, self._found, 0, self._decision, self._words),)
