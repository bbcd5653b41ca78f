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


@dataclass(frozen=True)
class Unasked:
    """Whether a retreat comes by itself, before a person is asked about the policy.

    ``moved``: the policy moved the robot since the last way back, so that there is one;
    ``due``: it comes once the robot rests, and the question waits for it.
    """

    moved: bool = False
    due: bool = False
