"""The way back: from the word to retreat until the robot rests where it was well."""

from __future__ import annotations

from dataclasses import dataclass

from aura_ros.guard.judge import Judge
from aura_ros.types import NS, ROLLBACK, Now, Plan

# The fuser answers at once; without a way back for so long there is none [s].
PATIENCE_S = 1.0


@dataclass(frozen=True)
class WayBackTaken:
    """A retreat that was asked for at ``begun_ns`` (steady clock), and its committed plan."""

    begun_ns: int
    plan: Plan | None = None

    def committed(self, plan: Plan, judge: Judge) -> WayBackTaken:
        """Something was committed: the way back, or not."""
        chunk = judge.chunk(plan.chunk_digest)
        is_ours = chunk is not None and chunk.source == ROLLBACK
        return WayBackTaken(self.begun_ns, plan) if is_ours else self

    def ended(self, now: Now) -> str:
        """Why the retreat is over, in words; empty while it goes on."""
        if self.plan is not None:
            return "back where it was well" if now.ros_ns > self.plan.end_ns else ""
        waited = now.steady_ns - self.begun_ns > PATIENCE_S * NS
        return "there is no way back" if waited else ""
