"""Plans before the guard: the one that is judged, and the chunk that waits for its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.propose import Proposed, Proposer
from aura_ros.types import ActionChunk, Decision, Now, Plan, Proposal, Verdict

# The guard's check that a plan starts after now: a later start may pass it.
LATE = "timing"


@dataclass(frozen=True)
class Allowed:
    """A plan that may be committed now."""

    proposed: Proposed


Step: TypeAlias = Refusal | Proposal | Allowed


class Judged:
    """One plan at a time is judged; a chunk that comes meanwhile is proposed after it."""

    def __init__(self, proposer: Proposer, moving: Moving) -> None:
        self._proposer, self._moving = proposer, moving
        self.forget()

    def forget(self) -> None:
        """No plan is judged any more, no chunk waits."""
        self._pending: Proposed | None = None
        self._waiting: ActionChunk | None = None

    def __bool__(self) -> bool:
        """Whether a plan is judged."""
        return self._pending is not None

    def bring(self, chunk: ActionChunk, now: Now) -> list[Step]:
        """Propose a plan of ``chunk``, now or after the verdict that is awaited."""
        # A new proposal would void the one that is judged, and with chunks in quick succession
        # none would ever be committed. A verdict that cannot come in time is not awaited.
        if self._pending is not None and now.ros_ns <= self._pending.plan.start_ns:
            if self._waiting is not None:
                self._proposer.discard(self._waiting)
            self._waiting = chunk
            return []
        if self._pending is not None:
            self._proposer.discard(self._pending.chunk)
        return [self.propose(chunk, now)]

    def propose(self, chunk: ActionChunk, now: Now, attempt: int = 1) -> Step:
        """The plan of ``chunk`` goes to the guard, whatever is judged."""
        proposed = self._proposer.propose(chunk, attempt, now)
        if isinstance(proposed, Refusal):
            return proposed
        self._pending = proposed
        return Proposal(proposed.plan)

    def hear(self, verdict: Verdict, now: Now) -> list[Step]:
        """What follows from a verdict; nothing if it is about another plan."""
        pending = self._pending
        if pending is None or verdict.plan_digest != pending.plan.digest:
            return []
        self._pending = None
        steps = self._obey(verdict, pending, now)
        if not any(isinstance(step, Allowed) for step in steps) and self._pending is None:
            self._proposer.discard(pending.chunk)
        return steps

    def next(self, now: Now) -> list[Step]:
        """The chunk that waited for the verdict is proposed, once that has come."""
        if self._pending is not None:
            return []
        waiting, self._waiting = self._waiting, None
        return [] if waiting is None else [self.propose(waiting, now)]

    def _obey(self, verdict: Verdict, pending: Proposed, now: Now) -> list[Step]:
        if verdict.reason == LATE:
            return self._again(pending, Refusal(f"guard_{LATE}", f"guard: {LATE}"), now)
        if verdict.decision != Decision.ALLOW:
            return [Refusal(f"guard_{verdict.reason}", f"guard: {verdict.reason}")]
        if not self._moving.is_allowed(now):
            return [Refusal("no_lease", "no lease holds: is the guard armed?")]
        if self._is_too_late(pending.plan, now):
            words = "verdicts arrive after the plan's start: raise commit_delay"
            return self._again(pending, Refusal("late_verdict", words), now)
        return [Allowed(pending)]

    def _again(self, pending: Proposed, refusal: Refusal, now: Now) -> list[Step]:
        """A later start may pass; a newer chunk that waits is tried instead."""
        if self._waiting is not None:
            return []
        if pending.attempt < self._moving.config.attempts:
            return [self.propose(pending.chunk, now, pending.attempt + 1)]
        return [refusal]

    def _is_too_late(self, plan: Plan, now: Now) -> bool:
        return plan.start_ns < now.ros_ns or plan.base_digest != self._moving.identity
