"""How one episode went, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass

DONE, LATE, LOST = "done", "time limit", "object lost"


@dataclass(frozen=True)
class Timing:
    """A task is done when it holds for ``settle_s``, beginning within ``limit_s`` of simulated
    time; commands are due every ``tick_ns``."""

    limit_s: float = 25.0
    settle_s: float = 1.0
    tick_ns: int = 4_000_000


@dataclass(frozen=True)
class Outcome:
    """How an episode went.

    ``done_s``: when the task was done [s], None if it was not, for the reason ``ended``.
    ``stalls``, ``stalled_s``: rests after the first motion and before that. ``violations``:
    limits that the commands broke, ``worst``: how far, as ratios. ``peak_acceleration``
    [rad/s^2] is the measured one of the arm. ``failures``: requests that the policy could not
    answer. ``refused``: what was refused on the way, by reason.
    """

    done_s: float | None
    ended: str
    stalls: int
    stalled_s: float
    violations: tuple[str, ...]
    worst: dict[str, float]
    peak_acceleration: float
    requests: int
    failures: int
    refused: dict[str, int]
