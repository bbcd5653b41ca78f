"""The way back: from the word to retreat until the robot rests where it was well."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aura_ros.guard.judge import Judge
from aura_ros.types import NS, ROLLBACK, Now, Plan

# The fuser answers at once; without a way back for so long there is none [s].
PATIENCE_S = 1.0


@dataclass(frozen=True)
class WayBackTaken:
    """A retreat that was asked for at ``begun_ns`` (steady clock), ``why``, and its committed
    plan."""

    begun_ns: int
    why: str
    plan: Plan | None = None

    def committed(self, plan: Plan, judge: Judge) -> WayBackTaken:
        """Something was committed: the way back, or not."""
        chunk = judge.chunk(plan.chunk_digest)
        is_ours = chunk is not None and chunk.source == ROLLBACK
        return replace(self, plan=plan) if is_ours else self

    def ended(self, now: Now) -> str:
        """Why the retreat is over, in words; empty while it goes on."""
        if self.plan is not None:
            where, over = "back where it was well", now.ros_ns > self.plan.end_ns
        else:
            where = "there is no way back"
            over = now.steady_ns - self.begun_ns > PATIENCE_S * NS
        return f"{where} (before: {self.why})" if over else ""


class Retreats:
    """The way back that is taken, and the one that comes by itself before a person is asked.

    ``due``: that one comes once the robot rests, and the question waits for it.
    """

    def __init__(self) -> None:
        self._taken: WayBackTaken | None = None
        self._has_moved = False
        self.due = False

    def moved(self) -> None:
        """The policy moved the robot: there is a way back."""
        self._has_moved = True

    def is_due(self, was_asked: bool) -> bool:
        """Whether one comes before the question that is to be asked now, or ``was_asked``."""
        return self.due if was_asked else self._has_moved

    def give_up(self) -> None:
        """None comes by itself."""
        self._has_moved = self.due = False

    def begin(self, why: str, now: Now) -> None:
        """The fuser was told to go back."""
        self._taken = WayBackTaken(now.steady_ns, why)
        self.give_up()

    def committed(self, plan: Plan, judge: Judge) -> None:
        """The fuser committed ``plan``."""
        if self._taken is not None:
            self._taken = self._taken.committed(plan, judge)

    def ended(self, recovering: bool, now: Now) -> str:
        """Why the way back that was taken is over, in words, once; empty: it is not, or none was.
        Where the guard is not ``recovering`` any more, it is over."""
        words = "" if self._taken is None else self._taken.ended(now)
        if words or not recovering:
            self._taken = None
        return words
