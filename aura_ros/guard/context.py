"""What checks may look at, and how a check is run so that it can only fail closed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aura_ros.motion.bounds import Ratios, ratios, row_rates
from aura_ros.robot.description import Robot
from aura_ros.settings import setting
from aura_ros.types import NS, ActionChunk, Array, Check, Decision, JointState, Now, Plan


@dataclass(frozen=True)
class GuardConfig:
    """Settings of the guard."""

    source_timeout: float = setting(
        0.3, "longest silence or repetition of a source [s]", 0.01, 10.0
    )
    max_age: float = setting(1.5, "oldest observation behind a chunk [s]", 0.0, 60.0)
    clock_tolerance: float = setting(0.05, "how far stamps may be ahead of the clock [s]", 0.0, 1.0)
    require_risk: bool = setting(False, "HOLD while no failure risk is heard")
    risk_timeout: float = setting(1.5, "oldest failure risk, where it is required [s]", 0.01, 60.0)
    tracking_error: float = setting(
        0.3, "largest distance of measured from planned joints [rad or m]", 0.0, math.inf
    )
    start_tolerance: float = setting(
        0.05, "largest distance of a first plan's start from the robot [rad or m]", 0.0, 1.0
    )
    lease_duration: float = setting(
        0.25, "how long motion may go on without the guard [s]", 0.06, 0.25
    )
    malformed_streak: int = setting(3, "malformed chunks in a row that mean HOLD", 1, 1000)
    hold_release: float = setting(
        0.2, "how long all must be well before a HOLD ends [s]", 0.0, 10.0
    )
    auto_arm: bool = setting(False, "arm without a person: for demonstrations only")


@dataclass(frozen=True)
class Context:
    """One chunk, the plan made of it (or None), and what the guard knows of the past.

    ``seen`` are digests of plans already judged; ``last_order`` is the order of the last chunk
    before this one; ``committed`` the motion that the plan must continue; ``measured`` the robot.
    """

    now: Now
    robot: Robot
    config: GuardConfig
    chunk: ActionChunk
    plan: Plan | None = None
    committed: Plan | None = None
    measured: JointState | None = None
    last_order: tuple[int, int, int] | None = None
    seen: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def ratios(self) -> Ratios:
        """Use of every limit by the plan; several checks read it."""
        assert self.plan is not None
        h = self.plan.knot_period_ns / NS
        plan = self.plan
        return ratios(plan.position, plan.velocity, plan.acceleration, h, self.robot.limits)

    @cached_property
    def row_rates(self) -> tuple[Array, Array]:
        """Velocity (H - 1, n) and acceleration (H - 2, n) between the rows; two checks read it.

        Angles of continuous joints go the short way round. Zero for discrete grippers: their
        rows jump by nature, and what moves is the plan, which has checks of its own.
        """
        rows = np.array(self.chunk.rows)
        rows[:, self.robot.continuous] = np.unwrap(rows[:, self.robot.continuous], axis=0)
        rows[:, self.robot.switched] = 0.0
        return row_rates(rows, self.chunk.row_period_ns / NS)


CheckFunction = Callable[[Context], Check]


def passed(name: str, value: float, limit: float) -> Check:
    """A check that passed."""
    return Check(name, True, float(value), float(limit), Decision.ALLOW)


def failed(name: str, value: float, limit: float, decision: Decision, detail: str) -> Check:
    """A check that failed, with what failing means."""
    return Check(name, False, float(value), float(limit), decision, detail)


def below(
    name: str, value: float, limit: float, detail: str, decision: Decision = Decision.REFUSE
) -> Check:
    """Passes if ``value <= limit``. NaN never passes."""
    if value <= limit:
        return passed(name, value, limit)
    return failed(name, value, limit, decision, detail)


def run_checks(checks: Iterable[CheckFunction], context: Context) -> tuple[Check, ...]:
    """Run all checks; one that raises gives HOLD and names itself."""
    return tuple(_run(check, context) for check in checks)


def _run(check: CheckFunction, context: Context) -> Check:
    try:
        return check(context)
    except Exception as error:  # a broken check must not let anything through
        name = check.__module__.rsplit(".", 1)[-1]
        return failed(name, float("nan"), float("nan"), Decision.HOLD, f"raised {error!r}")


def join(checks: Iterable[Check]) -> tuple[Decision, str]:
    """The most severe decision and the name of the first check that made it."""
    decision, reason = Decision.ALLOW, ""
    for check in checks:
        if not check.passed and check.decision > decision:
            decision, reason = check.decision, check.name
    return decision, reason
