"""Simpler guards: one that lets all through, and one that judges every plan by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aura_ros.bench.guard.srm import SessionRisk
from aura_ros.guard.checks import (
    braking,
    freshness,
    plan_acceleration,
    plan_jerk,
    plan_position,
    plan_velocity,
    row_acceleration,
    row_position,
    row_velocity,
    schema,
)
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.lattice import join
from aura_ros.guard.running import Named, run_checks
from aura_ros.robot.description import Robot
from aura_ros.types import (
    ActionChunk,
    Check,
    Decision,
    GuardStatus,
    Health,
    Instruction,
    Lease,
    Level,
    Mode,
    Now,
    Plan,
    Proposal,
    Tick,
    Verdict,
)

LEASE_NS = 250_000_000
OF_CHUNKS: tuple[Named, ...] = (("schema", schema.check), ("freshness", freshness.check))
OF_PLANS: tuple[Named, ...] = tuple(
    (module.__name__.rpartition(".")[2], module.check)
    for module in (
        row_position, row_velocity, row_acceleration, plan_position, plan_velocity,
        plan_acceleration, plan_jerk, braking,
    )
)  # fmt: skip


class NoGate:
    """Every plan is allowed, and the lease always granted."""

    def __init__(self) -> None:
        self._beats = 0

    def handle(self, value: Any, now: Now) -> list[Any]:
        """As ``Guard.handle``."""
        if isinstance(value, Proposal):
            return self.proposed(value.plan, now)
        if isinstance(value, ActionChunk):
            return self.arrived(value, now)
        return [self._lease(now), self.status(now)] if isinstance(value, Tick) else []

    def arrived(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """A chunk arrived."""
        return []

    def proposed(self, plan: Plan, now: Now) -> list[Any]:
        """The word on a plan."""
        return [Verdict(now.ros_ns, plan.chunk_digest, plan.digest, Decision.ALLOW, "", ())]

    def _lease(self, now: Now) -> Lease:
        self._beats += 1
        return Lease(0, self._beats, now.ros_ns, True, LEASE_NS, Mode.ACTIVE, "")

    def status(self, now: Now) -> GuardStatus:
        """Always active."""
        return GuardStatus(now.ros_ns, Mode.ACTIVE, "", (), 0, {})

    def health(self, now: Now) -> Health:
        """Always well."""
        return Health(Level.OK, "lets all through")


class Stateless(NoGate):
    """Judges a chunk and its plan by what they are: schema, freshness, limits of rows and plan.

    With ``risk`` what the checks found is also summed up over the session.
    """

    def __init__(self, robot: Robot, risk: SessionRisk | None = None) -> None:
        super().__init__()
        self._robot, self._config, self._risk = robot, GuardConfig(), risk
        self._chunk: ActionChunk | None = None

    def handle(self, value: Any, now: Now) -> list[Any]:
        """As ``Guard.handle``."""
        if isinstance(value, Instruction) and self._risk is not None:
            self._risk.reset()
        return super().handle(value, now)

    def arrived(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """A chunk that is bad is refused before anybody plans it."""
        context = Context(now, self._robot, self._config, chunk)
        verdict = _verdict(chunk, "", run_checks(OF_CHUNKS, context), now)
        self._chunk = chunk if verdict.decision == Decision.ALLOW else None
        return [] if self._chunk is not None else [verdict]

    def proposed(self, plan: Plan, now: Now) -> list[Any]:
        """A plan is judged with its chunk, which always arrives first here."""
        chunk = self._chunk
        if chunk is None or chunk.digest != plan.chunk_digest:
            return []
        context = Context(now, self._robot, self._config, chunk, plan)
        checks = run_checks(OF_PLANS, context)
        if self._risk is not None:
            checks = (*checks, self._risk.judged(checks))
        return [_verdict(chunk, plan.digest, checks, now)]


def _verdict(chunk: ActionChunk, plan: str, checks: Sequence[Check], now: Now) -> Verdict:
    decision, reason = join(checks)
    return Verdict(now.ros_ns, chunk.digest, plan, decision, reason, tuple(checks))
