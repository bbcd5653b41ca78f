"""What the fuser says of itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aura_ros.fuser.moving import Moving
from aura_ros.motion.jerk import sample
from aura_ros.types import NS, FuserStatus, Health, Level, Now


def status_of(
    moving: Moving,
    committed: int,
    refused: Mapping[str, int],
    last_refusal: str,
    tripped: str,
    now: Now,
) -> FuserStatus:
    """What the fuser does at ``now``."""
    remaining, deviation, state = 0.0, float("nan"), "idle"
    plan, robot = moving.plan(now), moving.robot
    if plan is not None:
        remaining = max(plan.end_ns - now.ros_ns, 0) / NS
        state = _state(moving.is_allowed(now), remaining)
        if moving.measured is not None:
            joints = moving.measured[1]
            away = robot.difference(sample(plan, joints.stamp_ns).position, joints.position)
            deviation = float((np.abs(away) * robot.measured).max())
    return FuserStatus(
        now.ros_ns, "tripped" if tripped else state, remaining, committed, dict(refused),
        last_refusal, deviation, bool(tripped),
    )  # fmt: skip


def _state(is_allowed: bool, remaining: float) -> str:
    if remaining == 0.0:
        return "starved" if is_allowed else "idle"
    return "moving" if is_allowed else "stopping"


def health_of(status: FuserStatus, enabled: bool, tripped: str) -> Health:
    """The state, and what was refused last."""
    values = {"state": status.state, "committed": str(status.committed)}
    values |= {f"refused_{reason}": str(n) for reason, n in status.refused.items()}
    if not enabled:
        return Health(Level.WARN, "disabled: no chunk is taken", values)
    if tripped:
        return Health(Level.ERROR, f"last-mile check: {tripped}; call ~/reset", values)
    if status.state == "starved":
        words = f"no usable chunk: {status.last_refusal or 'none came'}"
        return Health(Level.WARN, words, values)
    return Health(Level.OK, status.state, values)
