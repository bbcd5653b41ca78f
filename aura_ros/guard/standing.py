"""How world, chain and policy stand: what the watches say together."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Any

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.watch import About, Guarded, Watch
from aura_ros.types import NS, Check, Decision, Now

# The policy was calm while every check of it was below this share of its limit, or, where it
# never was that low, below what it was at best and this share of the rest to the limit.
CALM, NEARLY = 0.5, 0.25
# Ticks that are remembered: motion of 20 s.
REMEMBERED = 400


class Standing:
    """All watches of one guard."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        self._watches = tuple(Guarded(watch) for watch in watches)
        self._slowing = tuple(watch for watch in self._watches if watch.slows)
        self._cautious_until_ns = -1
        self._uses: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)

    def hear(self, value: Any, now: Now) -> None:
        """Hand a value to every watch."""
        for watch in self._watches:
            watch.hear(value, now)

    def mend(self) -> None:
        """A person resets the guard."""
        for watch in self._watches:
            watch.mend()

    def checks(self, now: Now, about: About | None = None) -> tuple[Check, ...]:
        """Every check, or those of one kind."""
        chosen = (w for w in self._watches if about is None or w.about == about)
        return tuple(check for watch in chosen for check in watch.checks(now))

    def against_all(self, now: Now) -> str:
        """What in the world or the chain stands against any motion, in words."""
        return named(causes(self.checks(now, About.WORLD)))

    def note(self, now: Now) -> None:
        """Remember how the policy is while it moves the robot, for a retreat."""
        uses = (use(check) for check in self.checks(now, About.POLICY))
        self._uses.append((now.ros_ns, max(uses, default=0.0)))

    @property
    def calm_ns(self) -> int | None:
        """When the policy was last calm, in ROS time [ns]; None: never."""
        best = min((used for _, used in self._uses), default=math.inf)
        if best > 1.0:
            return None
        calm = max(CALM, best + NEARLY * (1.0 - best))
        return next(time_ns for time_ns, used in reversed(self._uses) if used <= calm)

    def be_cautious(self, now: Now, seconds: float) -> None:
        """Motion is slower for a while."""
        self._cautious_until_ns = now.steady_ns + int(seconds * NS)

    def share(self, now: Now, config: GuardConfig, checks: Iterable[Check]) -> float:
        """Share of the velocity limits that plans may use now, as ``checks`` of now say too."""
        shares = [watch.share(now) for watch in self._slowing]
        slow = any(check.decision == Decision.SLOW for check in failing(checks))
        if slow or now.steady_ns < self._cautious_until_ns:
            shares.append(config.cautious_share)
        return min(shares, default=1.0)


def use(check: Check) -> float:
    """How much of its limit a check uses: 0 where its value says nothing, infinite where it
    failed."""
    if not check.passed:
        return math.inf
    is_said = check.limit > 0 and math.isfinite(check.value)
    return check.value / check.limit if is_said else 0.0


def failing(checks: Iterable[Check]) -> list[Check]:
    """The checks that failed."""
    return [check for check in checks if not check.passed]


def causes(checks: Iterable[Check]) -> list[Check]:
    """The checks that stand against all motion."""
    return [check for check in failing(checks) if check.decision >= Decision.HOLD]


def against_plans(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks that stand against new plans alone."""
    return tuple(c for c in failing(checks) if Decision.SLOW < c.decision < Decision.HOLD)


def named(checks: Iterable[Check]) -> str:
    """What failed, in words."""
    return "; ".join(check.detail or check.name for check in checks)
