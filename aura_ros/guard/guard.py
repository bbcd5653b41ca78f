"""The guard as a deterministic core: it judges chunks and plans, and grants the lease.

In: what the robot senses, chunks, proposals, commitments, risk, a person's words, ticks. Out:
verdicts, leases, questions, the word to retreat, status. Whatever is missing, unknown, late or
raises does not allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.guard import mode as machine
from aura_ros.guard import standing as stands
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.correct.corrections import Corrections
from aura_ros.guard.judge import Judge, mode_check
from aura_ros.guard.lattice import join
from aura_ros.guard.mode import State
from aura_ros.guard.retreat import WayBackTaken
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.running import Runner, run_check
from aura_ros.guard.standing import Standing
from aura_ros.guard.watch import About, Hearing, Judged, Turn
from aura_ros.robot.description import Robot
from aura_ros.settings import validated
from aura_ros.types import (
    NS,
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
    Lease,
    Level,
    MemoryState,
    Mode,
    Now,
    Plan,
    PolicyFeatures,
    Proposal,
    Question,
    Reset,
    Retreat,
    RiskLevel,
    SetEnabled,
    Tampered,
    Tick,
    Verdict,
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
        self._session = session
        self._rules = rules(robot, lambda: self._config)
        listeners = (Hearing(listener) for listener in self._rules.listeners)
        self._standing = Standing((*self._rules.watches, *listeners))
        self._corrections = Corrections(robot, self._rules.plan)
        self._judge = Judge(robot, self._rules, run, session)
        self._state = State(Mode.INIT)
        self._reason = "waiting for the first message of every source"
        self._beats = self._allowed = self._questions = 0
        self._healthy_since: int | None = None
        self._way_back: WayBackTaken | None = None
        self._refused: Counter[str] = Counter()

    @property
    def mode(self) -> Mode:
        """The present mode."""
        return self._state.mode

    # --- inputs ---------------------------------------------------------------------------

    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        self._standing.hear(value, now)
        return self._take(value, now)

    @singledispatchmethod
    def _take(self, value: Any, now: Now) -> list[Any]:
        raise TypeError(f"the guard takes no {type(value).__name__}")

    @_take.register
    def _(self, value: Image | Instruction | PolicyFeatures, now: Now) -> list[Any]:
        return []

    @_take.register
    def _(self, value: MemoryState | Distance | Wrench, now: Now) -> list[Any]:
        return self._update(now)

    @_take.register
    def _(self, value: Tampered | AuditState, now: Now) -> list[Any]:
        return self._update(now)

    @_take.register
    def _(self, value: JointState, now: Now) -> list[Any]:
        if np.isfinite(value.position).all() and np.isfinite(value.velocity).all():
            self._judge.measured = value
        return []

    @_take.register
    def _(self, value: FailureRisk, now: Now) -> list[Any]:
        return self._update(now) if value.level == RiskLevel.ALARM else []

    @_take.register
    def _(self, value: Commitment, now: Now) -> list[Any]:
        self._judge.commit(value.plan)
        if self._way_back is not None:
            self._way_back = self._way_back.committed(value.plan, self._judge)
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
        missing = "; ".join(self._rules.missing)
        state, words = machine.after_arm(self._state, value.armed, missing)
        against = stands.causes(self._checks(now))
        if against and state.moving:
            # Straight into the HOLD: no lease is granted before a cause is looked at.
            state = machine.after_causes(state, join(against)[0], False, False)
            words = stands.named(against)
        return self._enter(state, words, now)

    @_take.register
    def _(self, value: Answer, now: Now) -> list[Any]:
        world = stands.causes(self._standing.checks(now, About.WORLD))
        state, words = machine.after_answer(self._state, value.option, stands.named(world))
        if state == self._state:
            return self._enter(state, words, now)
        self._standing.be_cautious(now, self._config.cautious_time)
        return [*self._enter(state, words, now), *self._begin_way_back(now)]

    @_take.register
    def _(self, value: Reset, now: Now) -> list[Any]:
        self._refused.clear()
        self._standing.mend()
        return self._enter(machine.after_reset(self._state), "reset by a person", now)

    @_take.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        return self._take(Arm(armed=False), now) if not value.enabled else [self.status(now)]

    @_take.register
    def _(self, value: ClockJump, now: Now) -> list[Any]:
        self._judge.forget()
        return self._update(now)

    @_take.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        self._standing.note_calm(now)
        out = [*self._end_way_back(now), *self._update(now)]
        return [*out, self._lease(now), self.status(now)]

    @_take.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._config = validated(GuardConfig, value.values)
        return []

    # --- judging --------------------------------------------------------------------------

    def _judge_chunk(self, chunk: ActionChunk, checks: tuple[Check, ...], now: Now) -> list[Any]:
        self._standing.hear(Judged(chunk, checks), now)
        if join(checks)[0] != Decision.ALLOW:
            verdict = self._verdict(chunk, None, checks, now)
            return [verdict, *self._obey(verdict, now), *self._update(now)]
        waiting = self._judge.waiting
        if waiting is not None and waiting.chunk_digest == chunk.digest:
            return self._judge_plan(waiting, chunk, now)
        return []

    def _judge_plan(self, plan: Plan, chunk: ActionChunk, now: Now) -> list[Any]:
        self._judge.waiting = None
        share = self._standing.share(now, self._config)
        context, found = self._judge.judge_plan(plan, chunk, now, self._config, share)
        stood = stands.against_plans(self._checks(now))
        checks = (mode_check(self._state, self._reason, chunk), *stood, *found)
        corrected = self._corrected(context, checks)
        verdict = self._verdict(chunk, plan, checks, now, corrected)
        allowed = verdict.decision == Decision.ALLOW
        self._allowed += allowed
        turn = Turn(chunk, plan, context.committed, context.measured, checks, allowed)
        self._standing.hear(turn, now)
        return [verdict, *self._obey(verdict, now)]

    def _corrected(
        self, context: Context, checks: tuple[Check, ...]
    ) -> tuple[Decision, ActionChunk] | None:
        """What could be allowed in place of a plan that is refused; nothing in place of others."""
        attempt = self._judge.attempt(context.chunk)
        corrected = self._corrections.propose(context, checks, attempt)
        if corrected is not None:
            self._judge.keep_correction(corrected[1], attempt)
        return corrected

    def _obey(self, verdict: Verdict, now: Now) -> list[Any]:
        """The state that follows from a verdict."""
        state = machine.after_verdict(self._state, verdict.decision)
        if state == self._state:
            return []
        self._healthy_since = None
        return self._enter(state, verdict.reason or "a plan was allowed", now)

    def _verdict(
        self,
        chunk: ActionChunk,
        plan: Plan | None,
        checks: tuple[Check, ...],
        now: Now,
        corrected: tuple[Decision, ActionChunk] | None = None,
    ) -> Verdict:
        decision, reason = join(checks)
        if corrected is not None:
            decision = corrected[0]
            self._refused["corrected"] += 1
        elif decision != Decision.ALLOW:
            self._refused[reason] += 1
        return Verdict(
            now.ros_ns,
            chunk.digest,
            plan.digest if plan else "",
            decision,
            reason,
            checks,
            self._rules.digest,
            chunk.provenance,
            None if corrected is None else corrected[1],
        )

    # --- world, chain and policy ----------------------------------------------------------

    def _checks(self, now: Now) -> tuple[Check, ...]:
        """What counts now: on the way back the policy is out of it."""
        return self._standing.checks(now, About.WORLD if self._state.recovering else None)

    def _update(self, now: Now) -> list[Any]:
        """Judge how things stand, and change the state if that says so."""
        against = stands.causes(self._checks(now))
        if against:
            self._healthy_since = None
        elif self._healthy_since is None:
            self._healthy_since = now.steady_ns
        release = int(self._config.hold_release * NS)
        since = self._healthy_since
        released = since is not None and now.steady_ns - since >= release
        state = machine.after_causes(self._state, join(against)[0], released, self._arms_itself)
        words = stands.named(against) or "every source is alive"
        is_waiting = state.mode == Mode.INIT or (state.mode == Mode.HOLD and not state.asking)
        if state == self._state and is_waiting:
            self._reason = words
        return self._enter(state, words, now) if state != self._state else []

    @property
    def _arms_itself(self) -> bool:
        return self._config.auto_arm and not self._rules.missing

    # --- the way back ---------------------------------------------------------------------

    def _begin_way_back(self, now: Now) -> list[Any]:
        if not self._state.recovering:
            return []
        self._way_back = WayBackTaken(now.steady_ns)
        until = self._standing.calm_ns
        return [Retreat(now.ros_ns, now.ros_ns if until is None else until, self._reason)]

    def _end_way_back(self, now: Now) -> list[Any]:
        if self._way_back is None:
            return []
        words = self._way_back.ended(now)
        if self._state.recovering and not words:
            return []
        self._way_back = None
        state = machine.after_way_back(self._state)
        return self._enter(state, words, now) if state != self._state else []

    # --- outputs --------------------------------------------------------------------------

    def _enter(self, state: State, reason: str, now: Now) -> list[Any]:
        """Change the state; the lease follows at once, a HOLD does not wait for the heartbeat."""
        if state == self._state:
            # What put the guard here stays said beside what was asked of it since.
            return [replace(self.status(now), reason=f"{reason} ({self._reason})")]
        asked, self._state, self._reason = self._state.asking, state, reason
        question = [] if asked == state.asking else [self._question(now)]
        return [self._lease(now), self.status(now), *question]

    def _question(self, now: Now) -> Question:
        """What a person is asked, or that nothing is asked any more."""
        if not self._state.asking:
            return Question(now.ros_ns, 0, "", ())
        self._questions += 1
        return Question(now.ros_ns, self._questions, self._reason, machine.OPTIONS)

    def _lease(self, now: Now) -> Lease:
        self._beats += 1
        granted = self._state.moving
        duration = int(self._config.lease_duration * NS) if granted else 0
        reason = "" if granted else self._reason
        return Lease(self._session, self._beats, now.ros_ns, granted, duration, self.mode, reason)

    def status(self, now: Now) -> GuardStatus:
        """Mode, reason, checks and counters at ``now``."""
        return GuardStatus(
            now.ros_ns,
            self._state.mode,
            self._reason,
            self._standing.checks(now),
            self._allowed,
            dict(self._refused),
            self._state.asking,
            self._state.recovering,
            self._rules.off,
            self._rules.digest,
        )

    def health(self, now: Now) -> Health:
        """The mode and what it is for."""
        checks = self._standing.checks(now)
        values = {check.name: f"{check.value:.3f} of {check.limit:.3f}" for check in checks}
        values |= {"mode": self.mode.name, "allowed": str(self._allowed)}
        values |= {f"refused_{reason}": str(n) for reason, n in self._refused.items()}
        values |= {"off": "; ".join(self._rules.off)} if self._rules.off else {}
        levels = {Mode.ARMED: Level.OK, Mode.ACTIVE: Level.OK, Mode.STOP_LATCHED: Level.ERROR}
        words = f"{self.mode.name}: {self._reason}"
        return Health(levels.get(self.mode, Level.WARN), words, values)
