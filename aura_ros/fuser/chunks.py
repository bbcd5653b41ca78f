"""What becomes of chunks: taken, proposed, committed, given up, or gone back along.

Methods return what follows, in order; among that are refusals, for the fuser to count.
"""

from __future__ import annotations

from typing import Any

from aura_ros.fuser.acted import Trust
from aura_ros.fuser.admission import Admission, Refusal, refuse
from aura_ros.fuser.judged import Allowed, Corrected, Judged, Step
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.phase import Phase
from aura_ros.fuser.propose import Proposer
from aura_ros.fuser.report import Tally
from aura_ros.fuser.retreat import WayHome
from aura_ros.fuser.switching import Outcome, TaskSwitch
from aura_ros.fuser.taken import Taken
from aura_ros.types import ActionChunk, Decision, Now, Retreat, Verdict, WayBack

# Checks of the guard that may fail because it has missed what was committed: that a plan continues
# it, and that motion is not held, as where the robot is far from where it is thought to be. Unless
# the guard is told again it refuses every plan to come.
MISSED = ("continuity", "mode")


class Chunks:
    """The chunks of one robot: of the policy, and those that lead back along executed motion.

    ``tasks`` knows to which task they belong, ``home`` the way back; ``phase`` is that of the
    committed motion.
    """

    def __init__(self, moving: Moving, tally: Tally) -> None:
        self._moving, self._tally = moving, tally
        self.trust, self.proposer = Trust(moving), Proposer(moving.robot, moving)
        self.judged = Judged(self.proposer, moving, self.trust)
        self.tasks, self.home = TaskSwitch(moving), WayHome(moving)
        self.forget()

    def forget(self) -> None:
        """No chunk was heard, nothing was executed."""
        for each in (self.trust, self.proposer, self.judged, self.tasks, self.home):
            each.forget()
        self.taken = Taken()
        self.phase: Phase | None = None

    def watch(self, now: Now) -> None:
        """Time has passed."""
        self.tasks.watch(now)
        self.home.watch(now)

    def take(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """A chunk of the policy is proposed, now or after the one that is judged."""
        moving, newest = self._moving, self.taken.newest
        rules = Admission.of(moving.config)
        refusal = self.tasks.episodes.refuse(chunk) or refuse(
            chunk, newest, now, moving.robot, rules
        )
        if refusal is not None:
            return [refusal]
        if newest is not None and chunk.order[:2] != newest.order[:2]:
            self.proposer.forget()
        self.taken.take(chunk)
        self.tasks.took(chunk, now)
        acted = self.trust.acted_on(chunk, now)
        self.proposer.hear(acted, now)
        return self._follow(self.judged.bring(acted, now), now)

    def hear(self, verdict: Verdict, now: Now) -> list[Any]:
        """A plan was judged, or a chunk refused as such."""
        out = self._follow(self.judged.hear(verdict, now), now)
        self.tasks.look_after(self.taken.newest, bool(self.judged))
        if not verdict.plan_digest and verdict.decision != Decision.ALLOW:
            self._forget_chunk(verdict.chunk_digest)
        if any(check.name in MISSED and not check.passed for check in verdict.checks):
            out += self._moving.say_again()
        return [*out, *self._follow(self.judged.next(now), now)]

    def switch_task(self, now: Now) -> list[Any]:
        """Another task was given: the motion in flight is dropped, kept or rolled back."""
        back = self.tasks.switch(self.taken.newest, now)
        if self.tasks.outcome == Outcome.DROPPED:
            self.phase = None
            return self._moving.drop(now)
        if back is None:
            return []
        self.taken.take(back)
        self.home.note(back)
        out = self._go_back(back, now)
        self.tasks.look_after(back, bool(self.judged))
        return out

    def retreat(self, retreat: Retreat, now: Now) -> list[Any]:
        """The motion in flight is dropped, for the way back to where all was well."""
        self.judged.forget()
        out = self._moving.drop(now)
        back = self.home.back(retreat, self.taken.newest, now)
        if isinstance(back, Refusal):
            return [*out, back]
        return [*out, *self._go_back(back, now)]

    def _go_back(self, back: ActionChunk, now: Now) -> list[Any]:
        """The way back, and the plan of it that goes to the guard."""
        self.proposer.forget()
        self.proposer.hear(back, now)
        return [WayBack(back), *self._follow([self.judged.propose(back, now)], now)]

    def _follow(self, steps: list[Step], now: Now) -> list[Any]:
        """Plans that are allowed are committed, corrections take the place of their chunks;
        proposals and refusals go out."""
        out: list[Any] = []
        for step in steps:
            if isinstance(step, Allowed):
                self._tally.committed += 1
                self.phase = step.proposed.phase
                out += self._moving.commit(step.proposed.plan, now)
            elif isinstance(step, Corrected):
                for each in (self.taken, self.tasks, self.home):
                    each.corrected(step.of, step.chunk)
                out.append(step.refusal)
            else:
                out.append(step)
        return out

    def _forget_chunk(self, digest: str) -> None:
        """The guard refused a chunk as such: it was never taken, and older ones are new again."""
        chunk = self.taken.forget(digest)
        if chunk is not None:
            self.tasks.forgot(chunk, self.taken.newest)
