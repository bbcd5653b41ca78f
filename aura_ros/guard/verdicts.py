"""From chunks and plans to verdicts, and what follows from those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aura_ros.guard import standing as stands
from aura_ros.guard.conduct import Conduct
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.correct.alignment import aligned
from aura_ros.guard.correct.corrections import Corrections
from aura_ros.guard.judge import Judge, mode_check
from aura_ros.guard.lattice import join
from aura_ros.guard.speaking import Speaker
from aura_ros.guard.standing import Standing
from aura_ros.guard.watch import Judged, Turn
from aura_ros.types import ActionChunk, Check, Decision, Now, Plan, Proposal, WayBack


class Verdicts:
    """Says what is judged. A chunk that passes is not spoken of before its plan is judged."""

    def __init__(
        self,
        judge: Judge,
        corrections: Corrections,
        standing: Standing,
        conduct: Conduct,
        speaker: Speaker,
        settings: Callable[[], GuardConfig],
    ) -> None:
        self._judge, self._corrections = judge, corrections
        self._standing, self._conduct = standing, conduct
        self._speaker, self._settings = speaker, settings
        self._unheard: tuple[Turn, Now] | None = None

    def catch_up(self) -> None:
        """What the watches make of the last plan need not delay its verdict."""
        if self._unheard is not None:
            unheard, self._unheard = self._unheard, None
            self._standing.hear(*unheard)

    def of_chunk(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """A chunk of the policy came."""
        return self._follow(chunk, self._judge.judge_chunk(chunk, now, self._settings()), now)

    def of_way_back(self, back: WayBack, now: Now) -> list[Any]:
        """A way back came."""
        checks = self._judge.judge_way_back(back.chunk, now, self._settings())
        return self._follow(back.chunk, checks, now)

    def of_proposal(self, proposal: Proposal, now: Now) -> list[Any]:
        """A plan came. Chunk and plan come on two topics in either order: it is judged when both
        are here."""
        chunk = self._judge.chunk(proposal.plan.chunk_digest)
        if chunk is None:
            self._judge.waiting = proposal.plan
            return []
        return self._of_plan(proposal.plan, chunk, now)

    def _follow(self, chunk: ActionChunk, checks: tuple[Check, ...], now: Now) -> list[Any]:
        """What follows from the checks of a chunk."""
        self._standing.hear(Judged(chunk, checks), now)
        if join(checks)[0] != Decision.ALLOW:
            verdict = self._speaker.verdict(chunk, None, checks, now)
            obeyed = self._conduct.obey(verdict, chunk, now)
            return [verdict, *obeyed, *self._conduct.update(now)]
        waiting = self._judge.waiting
        if waiting is not None and waiting.chunk_digest == chunk.digest:
            return self._of_plan(waiting, chunk, now)
        return []

    def _of_plan(self, plan: Plan, chunk: ActionChunk, now: Now) -> list[Any]:
        self._judge.waiting = None
        conduct, config = self._conduct, self._settings()
        stood = conduct.checks(now)
        share = self._standing.share(now, config, stood)
        context, found = self._judge.judge_plan(plan, chunk, now, config, share)
        mode = mode_check(conduct.state, conduct.reason, chunk)
        checks = (mode, *stands.against_plans(stood), *found)
        verdict = self._speaker.verdict(chunk, plan, checks, now, self._corrected(context, checks))
        allowed = verdict.decision == Decision.ALLOW
        if allowed:
            self._judge.motion.allow(plan)
        turn = Turn(chunk, plan, context.committed, context.measured, checks, allowed)
        self._unheard = turn, now
        return [verdict, *conduct.obey(verdict, chunk, now)]

    def _corrected(
        self, context: Context, checks: tuple[Check, ...]
    ) -> tuple[Decision, ActionChunk] | None:
        """What could be allowed in place of a plan that is refused; nothing in place of others."""
        attempt = self._judge.attempt(context.chunk)
        corrected = self._corrections.propose(context, checks, attempt)
        if corrected is None:
            return None
        decision, chunk = corrected
        if decision == Decision.SLOW:
            chunk = aligned(chunk, context)
        self._judge.keep_correction(chunk, attempt)
        return decision, chunk
