"""The guard as a deterministic core: it judges chunks and plans, and grants the lease.

In: what the robot senses, chunks, proposals, commitments, risk, a person's words, ticks. Out:
verdicts, leases, questions, the word to retreat, status. Whatever is missing, unknown, late or
raises does not allow. Here is what it takes; ``judge`` judges, ``conduct`` holds its state, and
``speaking`` says what it says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.guard import standing as stands
from aura_ros.guard.conduct import Conduct
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.correct.corrections import Corrections
from aura_ros.guard.judge import Judge, mode_check
from aura_ros.guard.lattice import join
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.running import Runner, run_check
from aura_ros.guard.speaking import Speaker
from aura_ros.guard.standing import Standing
from aura_ros.guard.watch import Hearing, Judged, Turn
from aura_ros.robot.description import Robot
from aura_ros.settings import validated
from aura_ros.types import (
    ActionChunk,
    Answer,
    Arm,
    AuditState,
    Check,
    ClockJump,
    Commitment,
    Configure,
    Decision,
    Distance,
    FailureRisk,
    GuardStatus,
    Health,
    Image,
    Instruction,
    JointState,
    MemoryState,
    Mode,
    Now,
    Plan,
    PolicyFeatures,
    Proposal,
    Reset,
    RiskLevel,
    SetEnabled,
    Tampered,
    Tick,
    WayBack,
    Wrench,
)

MakeChecks = Callable[[Robot, Callable[[], GuardConfig]], Checks]


class Guard:
    """One robot's guard. ``session`` distinguishes this process from its predecessors; ``rules``
    make its checks, ``run`` runs one of them."""

    def __init__(
        self,
        robot: Robot,
        config: GuardConfig | None = None,
        session: int = 0,
        rules: MakeChecks = build,
        run: Runner = run_check,
    ) -> None:
        self._config = config or GuardConfig()
        made = rules(robot, lambda: self._config)
        listeners = (Hearing(listener) for listener in made.listeners)
        self._standing = Standing((*made.watches, *listeners))
        self._corrections = Corrections(robot, made.plan)
        self._judge = Judge(robot, made, run, session)
        self._speaker = Speaker(made, session)
        self._unheard: tuple[Turn, Now] | None = None
        # Bound once: binding a dispatching method takes longer than most of its work.
        self._dispatch = self._take
        self._conduct = Conduct(
            self._standing, self._judge, self._speaker, lambda: self._config, made.missing
        )

    @property
    def mode(self) -> Mode:
        """The present mode."""
        return self._conduct.state.mode

    def status(self, now: Now) -> GuardStatus:
        """Mode, reason, checks and counters at ``now``."""
        return self._conduct.status(now)

    def health(self, now: Now) -> Health:
        """The mode and what it is for."""
        conduct = self._conduct
        return self._speaker.health(conduct.state, conduct.reason, self._standing.checks(now))

    # --- inputs ---------------------------------------------------------------------------

    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        self._judge.begin(now)
        self._catch_up()
        if not isinstance(value, Answer):
            self._standing.hear(value, now)
        return self._dispatch(value, now)

    def _catch_up(self) -> None:
        """What the watches make of the last plan need not delay its verdict."""
        if self._unheard is not None:
            unheard, self._unheard = self._unheard, None
            self._standing.hear(*unheard)

    @singledispatchmethod
    def _take(self, value: Any, now: Now) -> list[Any]:
        raise TypeError(f"the guard takes no {type(value).__name__}")

    @_take.register
    def _(self, value: Image | Instruction | PolicyFeatures, now: Now) -> list[Any]:
        return []

    @_take.register
    def _(self, value: MemoryState | Distance | Wrench, now: Now) -> list[Any]:
        return self._conduct.update(now)

    @_take.register
    def _(self, value: Tampered | AuditState, now: Now) -> list[Any]:
        return self._conduct.update(now)

    @_take.register
    def _(self, value: JointState, now: Now) -> list[Any]:
        if np.isfinite(value.position).all() and np.isfinite(value.velocity).all():
            self._judge.measured = value
        return []

    @_take.register
    def _(self, value: FailureRisk, now: Now) -> list[Any]:
        return self._conduct.update(now) if value.level == RiskLevel.ALARM else []

    @_take.register
    def _(self, value: Commitment, now: Now) -> list[Any]:
        self._judge.commit(value.plan)
        self._conduct.committed(value.plan)
        return []

    @_take.register
    def _(self, value: ActionChunk, now: Now) -> list[Any]:
        return self._judge_chunk(value, self._judge.judge_chunk(value, now, self._config), now)

    @_take.register
    def _(self, value: WayBack, now: Now) -> list[Any]:
        checks = self._judge.judge_way_back(value.chunk, now, self._config)
        return self._judge_chunk(value.chunk, checks, now)

    @_take.register
    def _(self, value: Proposal, now: Now) -> list[Any]:
        chunk = self._judge.chunk(value.plan.chunk_digest)
        if chunk is None:
            # Chunk and plan come on two topics in either order: judged when both are here.
            self._judge.waiting = value.plan
            return []
        return self._judge_plan(value.plan, chunk, now)

    @_take.register
    def _(self, value: Arm, now: Now) -> list[Any]:
        return self._conduct.arm(value.armed, now)

    @_take.register
    def _(self, value: Answer, now: Now) -> list[Any]:
        before = self._conduct.state
        said = self._conduct.answer(value.option, now)
        if self._conduct.state != before:
            # One that is refused settles nothing: what was in doubt still is.
            self._standing.hear(value, now)
        return said

    @_take.register
    def _(self, value: Reset, now: Now) -> list[Any]:
        self._speaker.forget_refusals()
        self._standing.mend()
        return self._conduct.reset(now)

    @_take.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        return [self.status(now)] if value.enabled else self._conduct.arm(False, now)

    @_take.register
    def _(self, value: ClockJump, now: Now) -> list[Any]:
        self._judge.forget()
        return self._conduct.update(now)

    @_take.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        conduct = self._conduct
        if conduct.state.moving and not conduct.state.recovering:
            self._standing.note(now)
        out = [*conduct.go_back(now), *conduct.update(now)]
        return [*out, conduct.lease(now), conduct.status(now)]

    @_take.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._config = validated(GuardConfig, value.values)
        return []

    # --- judging --------------------------------------------------------------------------

    def _judge_chunk(self, chunk: ActionChunk, checks: tuple[Check, ...], now: Now) -> list[Any]:
        self._standing.hear(Judged(chunk, checks), now)
        if join(checks)[0] != Decision.ALLOW:
            verdict = self._speaker.verdict(chunk, None, checks, now)
            obeyed = self._conduct.obey(verdict, chunk, now)
            return [verdict, *obeyed, *self._conduct.update(now)]
        waiting = self._judge.waiting
        if waiting is not None and waiting.chunk_digest == chunk.digest:
            return self._judge_plan(waiting, chunk, now)
        return []

    def _judge_plan(self, plan: Plan, chunk: ActionChunk, now: Now) -> list[Any]:
        self._judge.waiting = None
        conduct = self._conduct
        stood = conduct.checks(now)
        share = self._standing.share(now, self._config, stood)
        context, found = self._judge.judge_plan(plan, chunk, now, self._config, share)
        mode = mode_check(conduct.state, conduct.reason, chunk)
        checks = (mode, *stands.against_plans(stood), *found)
        verdict = self._speaker.verdict(chunk, plan, checks, now, self._corrected(context, checks))
        allowed = verdict.decision == Decision.ALLOW
        turn = Turn(chunk, plan, context.committed, context.measured, checks, allowed)
        self._unheard = turn, now
        return [verdict, *conduct.obey(verdict, chunk, now)]

    def _corrected(
        self, context: Context, checks: tuple[Check, ...]
    ) -> tuple[Decision, ActionChunk] | None:
        """What could be allowed in place of a plan that is refused; nothing in place of others."""
        attempt = self._judge.attempt(context.chunk)
        corrected = self._corrections.propose(context, checks, attempt)
        if corrected is not None:
            self._judge.keep_correction(corrected[1], attempt)
        return corrected
