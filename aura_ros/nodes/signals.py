"""SIGINT and SIGTERM as a wish that is looked at; an exception only where one is expected."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Asked(BaseException):
    """The process is asked to end while it waits for something, and nothing moves yet."""


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = self._interrupts = False
        for number in NUMBERS:
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._interrupts:
            self._interrupts = False  # once: what follows is the end
            raise Asked

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """What runs within may take long and hold nothing: a signal ends it with ``Asked``."""
        self._interrupts = True
        try:
            if self.asked:
                raise Asked
            yield
        finally:
            self._interrupts = False

    @staticmethod
    def ignore() -> None:
        """From here on: the end has begun. A terminal and launch both send SIGINT, and the
        second one must not kill an interpreter that is already going down."""
        for number in NUMBERS:
            signal.signal(number, signal.SIG_IGN)
