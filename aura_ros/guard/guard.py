"""The guard as a deterministic core: it judges chunks and plans, and grants the lease.

In: images, joint states, chunks, proposals, commitments, risk, a person's words, ticks.
Out: verdicts, leases, status. Whatever is missing, unknown, late or raises does not allow.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from functools import singledispatchmethod
from typing import Any

import numpy as np

from aura_ros.guard.causes import mode_check, risk_check, tracking_check
from aura_ros.guard.checks import CHUNK, PLAN
from aura_ros.guard.context import Context, GuardConfig, below, join, run_checks
from aura_ros.guard.mode import MOVING, after_arm, after_causes, after_reset, after_verdict
from aura_ros.guard.sources import Source
from aura_ros.robot.description import Robot
from aura_ros.settings import validated
from aura_ros.types import (
    NS,
    ActionChunk,
    Arm,
    Check,
    ClockJump,
    Commitment,
    Configure,
    Decision,
    FailureRisk,
    GuardStatus,
    Health,
    Image,
    JointState,
    Lease,
    Level,
    Mode,
    Now,
    Plan,
    Proposal,
    Reset,
    RiskLevel,
    SetEnabled,
    Tick,
    Verdict,
)

# Chunks and judged plans that are remembered; more would only be older than max_age.
REMEMBERED = 64


class Guard:
    """One robot's guard. ``session`` distinguishes this process from its predecessors."""

    def __init__(self, robot: Robot, config: GuardConfig | None = None, session: int = 0) -> None:
        self._robot = robot
        self._config = config or GuardConfig()
        self._session = session
        self._beats = 0
        self._mode = Mode.INIT
        self._reason = "waiting for the first message of every source"
        self._healthy_since: int | None = None
        self._refused: Counter[str] = Counter()
        self._allowed = 0
        self._forget()

    def _forget(self) -> None:
        """Forget every stamp and source: at the start, and when ROS time jumped."""
        names = [camera.name for camera in self._robot.cameras] + ["joint_states"]
        self._sources = {name: Source(name) for name in names}
        self._risk: tuple[Now, FailureRisk] | None = None
        self._measured: JointState | None = None
        self._committed: Plan | None = None
        self._last_order: tuple[int, int, int] | None = None
        self._chunks: dict[str, ActionChunk] = {}
        self._waiting: Plan | None = None
        self._judged: deque[str] = deque(maxlen=REMEMBERED)
        self._malformed = 0

    @property
    def mode(self) -> Mode:
        """The present mode."""
        return self._mode

    # --- inputs ---------------------------------------------------------------------------

    @singledispatchmethod
    def handle(self, value: Any, now: Now) -> list[Any]:
        """Take one value that arrived at ``now``; return what follows from it, in order."""
        raise TypeError(f"the guard takes no {type(value).__name__}")

    @handle.register
    def _(self, value: Image, now: Now) -> list[Any]:
        if value.source in self._sources:
            source = self._sources[value.source]
            self._sources[value.source] = source.heard(now, value.fingerprint, value.black)
        return []

    @handle.register
    def _(self, value: JointState, now: Now) -> list[Any]:
        # Not finite is no sign of life.
        if np.isfinite(value.position).all() and np.isfinite(value.velocity).all():
            self._sources["joint_states"] = self._sources["joint_states"].heard(now)
            self._measured = value
        return []

    @handle.register
    def _(self, value: FailureRisk, now: Now) -> list[Any]:
        self._risk = (now, value)
        return self._update(now) if value.level == RiskLevel.ALARM else []

    @handle.register
    def _(self, value: Commitment, now: Now) -> list[Any]:
        self._committed = value.plan
        return []

    @handle.register
    def _(self, value: ActionChunk, now: Now) -> list[Any]:
        checks = run_checks(CHUNK, self._context(now, value))
        decision, _ = join(checks)
        malformed = not checks[0].passed
        self._malformed = self._malformed + 1 if malformed else 0
        if decision != Decision.ALLOW:
            verdict = self._verdict(now, value.digest, "", checks)
            return [verdict, *self._obey(verdict, now), *self._update(now)]
        self._last_order = value.order
        self._chunks[value.digest] = value
        while len(self._chunks) > REMEMBERED:
            self._chunks.pop(next(iter(self._chunks)))
        waiting = self._waiting
        if waiting is not None and waiting.chunk_digest == value.digest:
            return self._judge(waiting, value, now)
        return []

    @handle.register
    def _(self, value: Proposal, now: Now) -> list[Any]:
        chunk = self._chunks.get(value.plan.chunk_digest)
        if chunk is None:
            # Chunk and plan come on two topics in either order: judged when both are here.
            self._waiting = value.plan
            return []
        return self._judge(value.plan, chunk, now)

    @handle.register
    def _(self, value: Arm, now: Now) -> list[Any]:
        mode, words = after_arm(self._mode, value.armed)
        causes = self._causes(now)
        if causes and mode in MOVING:
            # Straight into the HOLD: no lease is granted before a cause is looked at.
            mode, words = after_causes(mode, False, False, False), _named(causes)
        return self._enter(mode, words, now)

    @handle.register
    def _(self, value: Reset, now: Now) -> list[Any]:
        self._refused.clear()
        self._malformed = 0
        return self._enter(after_reset(self._mode), "reset by a person", now)

    @handle.register
    def _(self, value: SetEnabled, now: Now) -> list[Any]:
        return self.handle(Arm(armed=False), now) if not value.enabled else [self.status(now)]

    @handle.register
    def _(self, value: ClockJump, now: Now) -> list[Any]:
        self._forget()
        return self._update(now)

    @handle.register
    def _(self, value: Tick, now: Now) -> list[Any]:
        out = self._update(now)
        return [*out, self._lease(now), self.status(now)]

    @handle.register
    def _(self, value: Configure, now: Now) -> list[Any]:
        self._config = validated(GuardConfig, value.values)
        return []

    # --- judging --------------------------------------------------------------------------

    def _context(self, now: Now, chunk: ActionChunk, plan: Plan | None = None) -> Context:
        return Context(
            now,
            self._robot,
            self._config,
            chunk,
            plan,
            self._committed,
            self._measured,
            self._last_order,
            frozenset(self._judged),
        )

    def _judge(self, plan: Plan, chunk: ActionChunk, now: Now) -> list[Any]:
        self._waiting = None
        context = self._context(now, chunk, plan)
        checks = (mode_check(self._mode, self._reason), *run_checks(PLAN, context))
        self._judged.append(plan.digest)
        verdict = self._verdict(now, chunk.digest, plan.digest, checks)
        if verdict.decision == Decision.ALLOW:
            self._allowed += 1
        return [verdict, *self._obey(verdict, now)]

    def _obey(self, verdict: Verdict, now: Now) -> list[Any]:
        """The mode that follows from a verdict."""
        mode = after_verdict(self._mode, verdict.decision)
        if mode == self._mode:
            return []
        self._healthy_since = None
        return self._enter(mode, verdict.reason or "a plan was allowed", now)

    def _verdict(
        self, now: Now, chunk_digest: str, plan_digest: str, checks: tuple[Check, ...]
    ) -> Verdict:
        decision, reason = join(checks)
        if decision != Decision.ALLOW:
            self._refused[reason] += 1
        return Verdict(now.ros_ns, chunk_digest, plan_digest, decision, reason, checks)

    # --- causes of a HOLD -----------------------------------------------------------------

    def checks(self, now: Now) -> tuple[Check, ...]:
        """The state of the world and of the chain, one check per source."""
        timeout = self._config.source_timeout
        sources = tuple(source.check(now, timeout) for source in self._sources.values())
        malformed = below(
            "malformed_streak",
            self._malformed,
            self._config.malformed_streak - 1,
            "chunk after chunk is malformed: see the verdicts",
            Decision.HOLD,
        )
        risk = risk_check(self._risk, now, self._config)
        tracking = tracking_check(self._committed, self._measured, self._robot, self._config)
        return (*sources, risk, tracking, malformed)

    def _causes(self, now: Now) -> list[Check]:
        return [check for check in self.checks(now) if not check.passed]

    def _update(self, now: Now) -> list[Any]:
        """Judge the causes and change the mode if they say so."""
        causes = self._causes(now)
        if causes:
            self._healthy_since = None
        elif self._healthy_since is None:
            self._healthy_since = now.steady_ns
        release = int(self._config.hold_release * NS)
        since = self._healthy_since
        released = since is not None and now.steady_ns - since >= release
        mode = after_causes(self._mode, not causes, released, self._config.auto_arm)
        words = _named(causes) or "every source is alive"
        if mode == self._mode and mode in (Mode.INIT, Mode.HOLD):
            self._reason = words
        return self._enter(mode, words, now) if mode != self._mode else []

    def _enter(self, mode: Mode, reason: str, now: Now) -> list[Any]:
        """Change the mode; the lease follows at once, a HOLD does not wait for the heartbeat."""
        if mode == self._mode:
            # What put the guard here stays said beside what was asked of it since.
            return [replace(self.status(now), reason=f"{reason} ({self._reason})")]
        self._reason = reason
        self._mode = mode
        return [self._lease(now), self.status(now)]

    # --- outputs --------------------------------------------------------------------------

    def _lease(self, now: Now) -> Lease:
        self._beats += 1
        granted = self._mode in MOVING
        duration = int(self._config.lease_duration * NS) if granted else 0
        reason = "" if granted else self._reason
        return Lease(self._session, self._beats, now.ros_ns, granted, duration, self._mode, reason)

    def status(self, now: Now) -> GuardStatus:
        """Mode, reason, checks and counters at ``now``."""
        return GuardStatus(
            now.ros_ns,
            self._mode,
            self._reason,
            self.checks(now),
            self._allowed,
            dict(self._refused),
        )

    def health(self, now: Now) -> Health:
        """The mode and what it is for."""
        values = {
            check.name: f"{check.value:.3f} of {check.limit:.3f}" for check in self.checks(now)
        }
        values |= {"mode": self._mode.name, "allowed": str(self._allowed)}
        values |= {f"refused_{reason}": str(n) for reason, n in self._refused.items()}
        levels = {Mode.ARMED: Level.OK, Mode.ACTIVE: Level.OK, Mode.STOP_LATCHED: Level.ERROR}
        words = f"{self._mode.name}: {self._reason}"
        return Health(levels.get(self._mode, Level.WARN), words, values)


def _named(causes: list[Check]) -> str:
    return "; ".join(check.detail for check in causes)
