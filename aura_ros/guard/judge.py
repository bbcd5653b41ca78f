"""Chunks and plans before the guard: what is remembered of them, and how they are judged."""

from __future__ import annotations

from collections import deque

from aura_ros.guard.checks import integrity
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.correct.scaling import CORRECTED
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.mode import MODE, State
from aura_ros.guard.motion import Motion
from aura_ros.guard.rules.built import Checks
from aura_ros.guard.running import Runner, run_checks
from aura_ros.robot.description import Robot
from aura_ros.types import (
    ROLLBACK,
    ActionChunk,
    Check,
    Decision,
    JointState,
    Mode,
    Now,
    Plan,
)

# Chunks and judged plans that are remembered; more would only be older than max_age.
REMEMBERED = 64
# Sources that say more than whose a chunk is, and who alone may say them.
NOT_OF_POLICIES = {ROLLBACK: "only the fuser makes ways back", CORRECTED: "only the guard corrects"}


class Judge:
    """Judges by ``checks``; remembers what was judged, and what it is judged against."""

    def __init__(self, robot: Robot, checks: Checks, run: Runner, session: int) -> None:
        self._robot, self._checks, self._run, self._session = robot, checks, run, session
        self._began_ns: int | None = None
        self.motion = Motion(robot)
        self.forget()

    def begin(self, now: Now) -> None:
        """The guard's process lives: its ``session`` is counted from the first word of that."""
        if self._began_ns is None:
            self._began_ns = now.steady_ns

    def forget(self) -> None:
        """Forget every chunk and plan: at the start, and when ROS time jumped."""
        self.measured: JointState | None = None
        self.motion.forget()
        self.waiting: Plan | None = None
        self._last_order: tuple[int, int, int] | None = None
        self._chunks: dict[str, ActionChunk] = {}
        self._corrections: dict[str, int] = {}
        self._judged: deque[str] = deque(maxlen=REMEMBERED)

    def chunk(self, digest: str) -> ActionChunk | None:
        """A chunk that passed, by its digest."""
        return self._chunks.get(digest)

    def keep(self, chunk: ActionChunk) -> None:
        """A chunk passed, or was made here."""
        self._chunks[chunk.digest] = chunk
        while len(self._chunks) > REMEMBERED:
            self._chunks.pop(next(iter(self._chunks)))

    def attempt(self, chunk: ActionChunk) -> int:
        """How often ``chunk`` would have been corrected with the next correction, from 1."""
        return self._corrections.get(chunk.digest, 0) + 1

    def keep_correction(self, chunk: ActionChunk, attempt: int) -> None:
        """``chunk`` was made here, by so many corrections."""
        self.keep(chunk)
        self._corrections[chunk.digest] = attempt
        while len(self._corrections) > REMEMBERED:
            self._corrections.pop(next(iter(self._corrections)))

    def judge_chunk(self, chunk: ActionChunk, now: Now, config: GuardConfig) -> tuple[Check, ...]:
        """The checks of a chunk of the policy as it arrives; one that passes is remembered."""
        checks = run_checks(self._checks.chunk, self._context(now, config, chunk), self._run)
        if chunk.source in NOT_OF_POLICIES:
            whose = NOT_OF_POLICIES[chunk.source]
            words = f"no policy makes chunks of source {chunk.source!r}: {whose}"
            checks = (failed("sequence", 1, 0, Decision.REFUSE, words), *checks)
        elif all(check.passed for check in checks):
            self._last_order = chunk.order
            self.keep(chunk)
        return checks

    def judge_way_back(
        self, chunk: ActionChunk, now: Now, config: GuardConfig
    ) -> tuple[Check, ...]:
        """The checks of a way back: it has no order among the policy's chunks."""
        context = self._context(now, config, chunk, ordered=False)
        checks = run_checks(self._checks.chunk, context, self._run)
        if chunk.source != ROLLBACK or chunk.digest in self._chunks:
            words = "no way back, or one that was sent before"
            checks = (failed("sequence", 1, 0, Decision.REFUSE, words), *checks)
        elif all(check.passed for check in checks):
            self.keep(chunk)
        return checks

    def judge_plan(
        self, plan: Plan, chunk: ActionChunk, now: Now, config: GuardConfig, share: float
    ) -> tuple[Context, tuple[Check, ...]]:
        """The checks of a plan with its chunk, and what they looked at. Of what is no motion there
        is no more to say than that."""
        context = self._context(now, config, chunk, plan, share)
        self._judged.append(plan.digest)
        if context.fault:
            return context, (integrity.check(context),)
        return context, run_checks(self._checks.plan, context, self._run)

    def _context(
        self,
        now: Now,
        config: GuardConfig,
        chunk: ActionChunk,
        plan: Plan | None = None,
        share: float = 1.0,
        ordered: bool = True,
    ) -> Context:
        began_ns = now.steady_ns if self._began_ns is None else self._began_ns
        return Context(
            now,
            self._robot,
            config,
            chunk,
            plan,
            self.motion.committed,
            self.measured,
            self._last_order if ordered else None,
            frozenset(self._judged),
            share,
            self._session + now.steady_ns - began_ns if self._session else None,
        )


def mode_check(state: State, reason: str, chunk: ActionChunk) -> Check:
    """Value: the mode; limit: ACTIVE. Plans are allowed only where motion is; on the way back,
    only those of it."""
    if not state.moving:
        decision = Decision.HOLD if state.mode == Mode.HOLD else Decision.REFUSE
        words = f"the guard is {state.mode.name}: {reason}"
        return failed(MODE, state.mode, Mode.ACTIVE, decision, words)
    if state.recovering and chunk.source != ROLLBACK:
        words = "only the way back may move now"
        return failed(MODE, state.mode, Mode.ACTIVE, Decision.REFUSE, words)
    return passed(MODE, state.mode, Mode.ACTIVE)
