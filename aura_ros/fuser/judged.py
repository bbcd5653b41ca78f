"""Plans before the guard: the one that is judged, and the chunk that waits for its verdict.

Where the guard refuses a plan it may hand back a chunk that could be allowed instead. That takes
the place of the refused one, alone: averaged with chunks that were not corrected it would lose
what was corrected. Its plan is judged like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from aura_ros.fuser.acted import Trust
from aura_ros.fuser.admission import Refusal, unlike
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.propose import Proposed, Proposer
from aura_ros.types import ActionChunk, Decision, Now, Plan, Proposal, Verdict

# The guard's check that a plan starts after now: a later start may pass it.
LATE = "timing"
# Decisions that come with a chunk that could be allowed instead.
MILD = (Decision.CLAMP, Decision.SLOW)
# Corrections of one chunk: one that still does not pass will not.
MAX_CORRECTIONS = 3


@dataclass(frozen=True)
class Allowed:
    """A plan that may be committed now."""

    proposed: Proposed


@dataclass(frozen=True)
class Corrected:
    """The plan of the chunk of digest ``of`` was refused; ``chunk`` is taken in its place."""

    of: str
    chunk: ActionChunk
    refusal: Refusal


Step: TypeAlias = Refusal | Proposal | Allowed | Corrected


class Judged:
    """One plan at a time is judged; a chunk that comes meanwhile is proposed after it."""

    def __init__(self, proposer: Proposer, moving: Moving, trust: Trust) -> None:
        self._proposer, self._moving, self._trust = proposer, moving, trust
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
        if self._waiting is not None:
            self._proposer.discard(self._waiting)
            self._waiting = None
        if self._pending is not None and now.ros_ns <= self._pending.plan.start_ns:
            self._waiting = chunk
            return []
        if self._pending is not None:
            self._proposer.discard(self._pending.chunk)
            self._pending = None
        return [self.propose(chunk, now)]

    def propose(self, chunk: ActionChunk, now: Now, attempt: int = 1, corrections: int = 0) -> Step:
        """The plan of ``chunk`` goes to the guard, whatever is judged."""
        proposed = self._proposer.propose(chunk, attempt, now)
        if isinstance(proposed, Refusal):
            return proposed
        self._pending = replace(proposed, corrections=corrections)
        return Proposal(proposed.plan)

    def hear(self, verdict: Verdict, now: Now) -> list[Step]:
        """What follows from a verdict; nothing if it is about another plan."""
        if not verdict.plan_digest:
            return self._hear_of_chunk(verdict)
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
        if waiting is None:
            return []
        if not self._proposer.knows(waiting):
            # A correction took the place of all that was heard before it.
            self._proposer.hear(waiting, now)
        return [self.propose(waiting, now)]

    def _hear_of_chunk(self, verdict: Verdict) -> list[Step]:
        """A chunk was refused before any plan of it was looked at."""
        pending, waiting = self._pending, self._waiting
        if verdict.decision == Decision.ALLOW:
            return []
        if waiting is not None and waiting.digest == verdict.chunk_digest:
            self._waiting = None
            self._proposer.discard(waiting)
        elif pending is not None and pending.chunk.digest == verdict.chunk_digest:
            self._pending = None
            self._proposer.discard(pending.chunk)
        else:
            return []
        return [_refused(verdict)]

    def _obey(self, verdict: Verdict, pending: Proposed, now: Now) -> list[Step]:
        if verdict.reason == LATE:
            return self._again(pending, Refusal(f"guard_{LATE}", f"guard: {LATE}"), now)
        if verdict.correction is not None and verdict.decision in MILD:
            return self._correct(verdict.correction, verdict.reason, pending, now)
        if verdict.decision != Decision.ALLOW:
            return [_refused(verdict)]
        if not self._moving.is_allowed(now):
            return [Refusal("no_lease", "no lease holds: is the guard armed?")]
        if self._is_too_late(pending.plan, now):
            words = "verdicts arrive after the plan's start: raise commit_delay"
            return self._again(pending, Refusal("late_verdict", words), now)
        return [Allowed(pending)]

    def _correct(
        self, correction: ActionChunk, reason: str, pending: Proposed, now: Now
    ) -> list[Step]:
        """``correction`` takes the place of the chunk whose plan was refused for ``reason``."""
        count = pending.corrections + 1
        if count > MAX_CORRECTIONS:
            return [Refusal(f"guard_{reason}", f"guard: {reason}, corrected too often")]
        fault = unlike(correction, pending.chunk, self._moving.robot)
        if fault is not None:
            return [fault]
        acted = self._trust.acted_on(correction, now)
        self._proposer.forget()
        self._proposer.hear(acted, now)
        step = self.propose(acted, now, corrections=count)
        if isinstance(step, Refusal):
            self._proposer.discard(acted)
        words = f"guard: {reason}; a chunk that it corrected is tried instead"
        return [Corrected(pending.chunk.digest, correction, Refusal("corrected", words)), step]

    def _again(self, pending: Proposed, refusal: Refusal, now: Now) -> list[Step]:
        """A later start may pass; a newer chunk that waits is tried instead."""
        if self._waiting is not None:
            return []
        if pending.attempt < self._moving.config.attempts:
            return [self.propose(pending.chunk, now, pending.attempt + 1, pending.corrections)]
        return [refusal]

    def _is_too_late(self, plan: Plan, now: Now) -> bool:
        return plan.start_ns < now.ros_ns or plan.base_digest != self._moving.identity


def _refused(verdict: Verdict) -> Refusal:
    return Refusal(f"guard_{verdict.reason}", f"guard: {verdict.reason}")
