"""SIGINT and SIGTERM as a wish that is looked at, never an exception out of nowhere."""

from __future__ import annotations

import signal
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        for number in NUMBERS:
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    @staticmethod
    def ignore() -> None:
        """From here on: the end has begun. A terminal and launch both send SIGINT, and the
        second one must not kill an interpreter that is already going down."""
        for number in NUMBERS:
            signal.signal(number, signal.SIG_IGN)
