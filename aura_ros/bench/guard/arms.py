"""The arms of the comparison: our guard, and simpler ones with its interface.

No gate lets all through. Clamp: joint limiters, rows clamped to limits joint by joint, then let
through. Stateless: what can be said of a chunk and a plan alone, without the past, the world and
the chain. With SRM's EMA: the same, and Session Risk Memory (arXiv 2603.22350) over its outputs.
CBF-QP alone: rows filtered by control barriers, which know the box as well as the simulator does,
then let through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from aura_ros.bench.guard.clearance import BoxClearance
from aura_ros.bench.guard.experiment import (
    BARRIER,
    CLAMP,
    EMA,
    NO_GATE,
    OURS,
    STATELESS,
    Conditions,
)
from aura_ros.bench.guard.filters import barrier, clamped, unchanged
from aura_ros.bench.guard.gates import NoGate, Stateless
from aura_ros.bench.guard.scene import KEEP_OUT
from aura_ros.bench.guard.srm import SessionRisk
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.rules.load import Rules, default_rules, load_rules
from aura_ros.guard.watch import Watch
from aura_ros.pipeline import Room
from aura_ros.robot.description import Robot
from aura_ros.sim.model import panda_directory
from aura_ros.types import ActionChunk


@dataclass(frozen=True)
class Arm:
    """What stands between policy and fuser: the ``guard``, what is done to chunks before, and
    whether messages that were changed on their way are found (``authentic``)."""

    guard: Room
    filtered: Callable[[ActionChunk], ActionChunk] = unchanged
    authentic: bool = False


def make_arm(name: str, robot: Robot, conditions: Conditions) -> Arm:
    """A fresh arm. Raises ValueError that lists the names."""
    makers: dict[str, Callable[[], Arm]] = {
        NO_GATE: lambda: Arm(NoGate()),
        CLAMP: lambda: Arm(NoGate(), partial(clamped, robot=robot)),
        STATELESS: lambda: Arm(Stateless(robot)),
        EMA: lambda: Arm(Stateless(robot, SessionRisk())),
        BARRIER: lambda: Arm(NoGate(), barrier(robot, (_clearance(),))),
        OURS: lambda: Arm(ours(robot, conditions), authentic=True),
    }
    if name not in makers:
        raise ValueError(f"no arm {name!r}; there are: {', '.join(makers)}")
    return makers[name]()


def ours(robot: Robot, conditions: Conditions, *more: Watch) -> Guard:
    """Our guard, with all checks that the rules of the conditions switch on, and ``more``."""
    rules = _rules(conditions.rules)

    def made(robot: Robot, settings: Callable[[], GuardConfig]) -> Checks:
        checks = build(robot, settings, rules, _urdf)
        return replace(checks, watches=(*checks.watches, *more))

    return Guard(robot, GuardConfig(auto_arm=True), rules=made)


@lru_cache(maxsize=1)
def _clearance() -> BoxClearance:
    return BoxClearance(KEEP_OUT)


@lru_cache(maxsize=4)
def _rules(file: str) -> Rules:
    return load_rules(Path(file)) if file else default_rules()


@lru_cache(maxsize=1)
def _urdf() -> bytes:
    return (panda_directory() / "urdf" / "panda.urdf").read_bytes()


def switched_off(robot: Robot, conditions: Conditions) -> tuple[str, ...]:
    """Checks of our guard that are off or cannot be made, each with the reason."""
    checks = build(robot, GuardConfig, _rules(conditions.rules), _urdf)
    return (*checks.off, *checks.missing)
