"""Checks of other packages around the guard: known as such, their answers looked at, and seen from
another thread while they run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aura_ros.guard.context import Context
from aura_ros.guard.entry import CheckFunction
from aura_ros.guard.watch import Watch
from aura_ros.types import Check, Decision, Now


class Busy:
    """Which foreign code holds the guard's own thread now; another thread may look.

    ``name`` is empty where none does; ``turn`` tells one call from the next.
    """

    def __init__(self) -> None:
        self.name = ""
        self.turn = 0

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """While the check ``name`` runs."""
        self.turn += 1
        self.name = name
        try:
            yield
        finally:
            self.name = ""


class Foreign:
    """A foreign check of chunks or plans. A runner may give it a thread and a budget of time."""

    def __init__(self, name: str, made: CheckFunction) -> None:
        self.name, self._made = name, made

    def __call__(self, context: Context) -> Check:
        """What it says. Raises TypeError where that is no check, or not its own."""
        return _looked_at(self._made(context), self.name)


class ForeignListener:
    """What a foreign check of chunks or plans hears, in the guard's own thread."""

    def __init__(self, name: str, made: Watch | Any, busy: Busy) -> None:
        self.name, self._made, self._busy = name, made, busy

    def hear(self, value: Any, now: Now) -> None:
        """Hand the value on."""
        with self._busy.running(self.name):
            self._made.hear(value, now)


class ForeignWatch(Watch):
    """A foreign watch, in the guard's own thread: while it hangs nothing is judged and no lease is
    renewed, so that motion stops within the lease."""

    def __init__(self, name: str, made: Watch, busy: Busy) -> None:
        self._watch, self._busy = made, busy
        self.name, self.about = name, made.about  # type: ignore[misc]

    def hear(self, value: Any, now: Now) -> None:
        """Hand the value on."""
        with self._busy.running(self.name):
            self._watch.hear(value, now)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """What it says. Raises TypeError where that is no tuple of checks of its own."""
        with self._busy.running(self.name):
            return tuple(_looked_at(check, self.name) for check in self._watch.checks(now))

    def share(self, now: Now) -> float:
        """What it says. Raises ValueError outside of (0, 1]."""
        with self._busy.running(self.name):
            share = float(self._watch.share(now))
        if not 0.0 < share <= 1.0:
            raise ValueError(f"check {self.name} gives motion the share {share} of its velocity")
        return share


def _looked_at(check: Any, name: str) -> Check:
    """The check, if it is one, called ``name`` or ``name/...``, whose failing means something."""
    if not isinstance(check, Check):
        raise TypeError(f"check {name} returned a {type(check).__name__}")
    if check.name != name and not check.name.startswith(f"{name}/"):
        raise TypeError(f"check {name} returned one called {check.name!r}")
    if not check.passed and check.decision <= Decision.ALLOW:
        raise TypeError(f"check {name} failed without a decision")
    return check
