"""What the fuser says of itself."""

from __future__ import annotations

from collections import Counter

import numpy as np

from aura_ros.fuser.admission import Refusal
from aura_ros.fuser.moving import Moving
from aura_ros.fuser.permission import Permission
from aura_ros.motion.jerk import sample
from aura_ros.types import NS, FuserStatus, Health, Level, Now


class Tally:
    """Plans that were ``committed``, what was ``refused`` by reason, and why at last, in words."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.forget()

    def forget(self) -> None:
        """Nothing was committed or refused."""
        self.committed = 0
        self.forget_refusals()

    def forget_refusals(self) -> None:
        """Count refusals anew."""
        self.refused.clear()
        self.last_refusal = ""

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal."""
        self.refused[refusal.code] += 1
        self.last_refusal = refusal.words


def status_of(
    moving: Moving, tally: Tally, tripped: str, is_back: bool, switch: str, now: Now
) -> FuserStatus:
    """What the fuser does at ``now``. ``is_back``: the way back of a retreat is taken; ``switch``:
    what the last new instruction did."""
    remaining, deviation, state = 0.0, float("nan"), "idle"
    plan, robot = moving.plan(now), moving.robot
    if plan is not None:
        remaining = max(plan.end_ns - now.ros_ns, 0) / NS
        state = _state(moving.is_allowed(now), remaining, is_back)
        if moving.measured is not None:
            joints = moving.measured[1]
            away = robot.difference(sample(plan, joints.stamp_ns).position, joints.position)
            deviation = float((np.abs(away) * robot.measured).max())
    return FuserStatus(
        now.ros_ns, "tripped" if tripped else state, remaining, tally.committed,
        dict(tally.refused), tally.last_refusal, deviation, bool(tripped), switch,
    )  # fmt: skip


def _state(is_allowed: bool, remaining: float, is_back: bool) -> str:
    if remaining == 0.0:
        return "starved" if is_allowed else "idle"
    if not is_allowed:
        return "stopping"
    return "retreating" if is_back else "moving"


def health_of(status: FuserStatus, permission: Permission) -> Health:
    """The state, and what was refused last."""
    values = {"state": status.state, "committed": str(status.committed)}
    values |= {f"refused_{reason}": str(n) for reason, n in status.refused.items()}
    if not permission.enabled:
        return Health(Level.WARN, "disabled: no chunk is taken", values)
    if permission.tripped:
        words = f"last-mile check: {permission.tripped}; call ~/reset"
        return Health(Level.ERROR, words, values)
    if status.state == "starved":
        words = f"no usable chunk: {status.last_refusal or 'none came'}"
        return Health(Level.WARN, words, values)
    return Health(Level.OK, status.state, values)
