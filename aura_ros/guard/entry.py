"""What the table of checks holds, and what a check is made from."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.robot.description import Robot
from aura_ros.robot.spec import Table
from aura_ros.types import Check, Decision

CheckFunction = Callable[[Context], Check]


class Stage(enum.Enum):
    """When a check is made: of a chunk as it arrives, of a plan with its chunk, or of the world
    at every tick (a :class:`aura_ros.guard.watch.Watch`)."""

    CHUNK = "chunk"
    PLAN = "plan"
    WORLD = "world"


class Unavailable(RuntimeError):
    """A check that cannot be made here: the words say what is missing, and the remedy."""


NO_OPTIONS = Table(MappingProxyType({}))


@dataclass(frozen=True)
class Setup:
    """What a check is made from: the robot, the guard's settings (they change while it runs), the
    check's own ``options``, the ``decision`` that its failing means, and the robot's URDF."""

    robot: Robot
    settings: Callable[[], GuardConfig]
    options: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision = Decision.HOLD
    urdf: Callable[[], bytes] | None = None


@dataclass(frozen=True)
class Entry:
    """A kind of check: its name, stage, maker, options and what failing means unless the rules
    say otherwise.

    ``make`` returns a function of a Context (stages CHUNK and PLAN; one with a method
    ``hear(value, now)`` also hears what the guard hears) or a Watch (WORLD). It raises Unavailable
    where it cannot be made. One that is not ``optional`` cannot be switched off; one that is
    ``automatic`` is on where it can be made, and others where the rules ask for them.
    """

    name: str
    stage: Stage
    make: Callable[[Setup], Any]
    decision: Decision = Decision.REFUSE
    options: Table = NO_OPTIONS
    optional: bool = True
    automatic: bool = True


def plain(
    name: str, stage: Stage, check: CheckFunction, decision: Decision = Decision.REFUSE
) -> Entry:
    """The entry of a check that is a function alone, and cannot be switched off."""
    return Entry(name, stage, lambda setup: check, decision, optional=False)
