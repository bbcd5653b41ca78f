"""The guard as a deterministic core: it judges chunks and plans, and grants the lease.

In: what the robot senses, chunks, proposals, commitments, risk, a person's words, ticks. Out:
verdicts, leases, questions, the word to retreat, status. Whatever is missing, unknown, late or
raises does not allow. Here is what it takes; ``verdicts`` are what follows from chunks and plans,
``conduct`` holds its state, and ``speaking`` says what it says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.guard.conduct import Conduct
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.correct.corrections import Corrections
from aura_ros.guard.judge import Judge
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.running import Runner, run_check
from aura_ros.guard.speaking import Speaker
from aura_ros.guard.standing import Standing
from aura_ros.guard.verdicts import Verdicts
from aura_ros.guard.watch import Hearing
from aura_ros.robot.description import Robot
from aura_ros.settings import validated
from aura_ros.types import (
    ActionChunk,
    Answer,
    Arm,
    AuditState,
    ClockJump,
    Commitment,
    Configure,
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
        self._judge = Judge(robot, made, run, session)
        self._speaker = Speaker(made, session)
        # Bound once: binding a dispatching method takes longer than most of its work.
        self._dispatch = self._take
        self._conduct = Conduct(
            self._standing, self._judge, self._speaker, lambda: self._config, made.missing
        )
        self._verdicts = Verdicts(
            self._judge,
            Corrections(robot, made.plan),
            self._standing,
            self._conduct,
            self._speaker,
            lambda: self._config,
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
        self._verdicts.catch_up()
        if not isinstance(value, Answer | Commitment):  # of these only what counts is told
            self._standing.hear(value, now)
        return self._dispatch(value, now)

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
        return self._conduct.committed(value, now)

    @_take.register
    def _(self, value: ActionChunk, now: Now) -> list[Any]:
        return self._verdicts.of_chunk(value, now)

    @_take.register
    def _(self, value: WayBack, now: Now) -> list[Any]:
        return self._verdicts.of_way_back(value, now)

    @_take.register
    def _(self, value: Proposal, now: Now) -> list[Any]:
        return self._verdicts.of_proposal(value, now)

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
