"""The checks of one robot's guard, made from the table by its rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aura_ros.guard.config import GuardConfig
from aura_ros.guard.entry import Entry, Setup, Stage, Unavailable
from aura_ros.guard.rules.table import TABLE
from aura_ros.guard.running import Named
from aura_ros.guard.watch import Watch
from aura_ros.robot.description import Robot
from aura_ros.types import digest_of


@dataclass(frozen=True)
class Checks:
    """Checks of chunks, of plans, and watches; those that are ``off`` with the reason, and those
    that the rules ask for but are ``missing``: with one of these the guard cannot be armed."""

    chunk: tuple[Named, ...]
    plan: tuple[Named, ...]
    watches: tuple[Watch, ...]
    off: tuple[str, ...]
    missing: tuple[str, ...]
    digest: str


def build(
    robot: Robot,
    settings: Callable[[], GuardConfig],
    urdf: Callable[[], bytes] | None = None,
) -> Checks:
    """The checks that are on by themselves, with default options."""
    made: dict[Stage, list[tuple[str, Any]]] = {stage: [] for stage in Stage}
    off = []
    for entry in TABLE:
        if not entry.automatic:
            off.append(f"{entry.name}: the rules do not ask for it")
            continue
        try:
            made[entry.stage].append((entry.name, _make(entry, robot, settings, urdf)))
        except Unavailable as error:
            off.append(f"{entry.name}: {error}")
    return Checks(
        tuple(made[Stage.CHUNK]),
        tuple(made[Stage.PLAN]),
        tuple(watch for _, watch in made[Stage.WORLD]),
        tuple(off),
        (),
        digest_of(robot.digest, *(entry.name for entry in TABLE)),
    )


def _make(
    entry: Entry,
    robot: Robot,
    settings: Callable[[], GuardConfig],
    urdf: Callable[[], bytes] | None,
) -> Any:
    return entry.make(Setup(robot, settings, entry.options.defaults, entry.decision, urdf))
