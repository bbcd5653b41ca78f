"""What a calibration was made with, and whether it holds for what is there now."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from aura_ros.guard.watch import Judged
from aura_ros.robot.description import JointGroup, Limits, Robot
from aura_ros.types import ROLLBACK, ActionChunk

REMEDY = "make it with `aura calibrate --guard`"
# A URDF that is written anew may round its numbers.
EQUAL = 1e-6


@dataclass(frozen=True)
class Body:
    """What of a robot a calibration depends on: its ``groups`` with their joints, its ``limits``,
    the names of its ``cameras``, and the time grids of chunks and plans."""

    groups: tuple[str, ...]
    cameras: tuple[str, ...]
    row_period_ns: int
    horizon: int
    knot_period_ns: int
    stop_knots: int
    limits: Limits


def body_of(robot: Robot) -> Body:
    """What a calibration for ``robot`` depends on."""
    return Body(
        tuple(map(_group, robot.groups)),
        tuple(sorted(camera.name for camera in robot.cameras)),
        robot.row_period_ns,
        robot.horizon,
        robot.knot_period_ns,
        robot.stop_knots,
        robot.limits,
    )


def differences(made: Body, robot: Robot) -> list[str]:
    """Every key in which ``robot`` is another than the one that ``made`` describes; none: it
    fits."""
    here = body_of(robot)
    plain = [field.name for field in fields(Body) if field.name != "limits"]
    words = [
        f"robot.{name} is {_shown(getattr(made, name))}, here {_shown(getattr(here, name))}"
        for name in plain
        if getattr(made, name) != getattr(here, name)
    ]
    return words or _limits(made.limits, robot)


def _limits(made: Limits, robot: Robot) -> list[str]:
    words = []
    for field in fields(Limits):
        theirs, ours = getattr(made, field.name), getattr(robot.limits, field.name)
        words += [
            f"robot.limits.{field.name} of {joint} is {its:g}, here {own:g}"
            for joint, its, own in zip(robot.joints, theirs, ours, strict=True)
            if not np.isclose(its, own, rtol=EQUAL, atol=0.0)
        ]
    return words


def _group(group: JointGroup) -> str:
    kind = f"{group.kind}, switching" if group.switching else group.kind
    return f"{group.name} ({kind}): {' '.join(group.joints)}"


def _shown(value: Any) -> str:
    return "; ".join(value) or "none" if isinstance(value, tuple) else str(value)


@dataclass(frozen=True)
class MadeBy:
    """A policy, as its chunks say: SHA-256 of its weights and of its normalisation; empty: they do
    not say."""

    model: str = ""
    normalisation: str = ""

    def __str__(self) -> str:
        if not (self.model or self.normalisation):
            return "one that does not say what it is"
        return (
            f"{self.model[:12] or 'unsaid'} (normalisation {self.normalisation[:12] or 'unsaid'})"
        )


def made_by(chunk: ActionChunk) -> MadeBy:
    """The policy behind a chunk."""
    return MadeBy(chunk.provenance.model, chunk.provenance.normalisation)


class SamePolicy:
    """Whether chunks come from the policy that was calibrated: what another one's features, starts
    and samples are usually like, nobody knows.

    A policy says what it is in its chunks, so this cannot be known before the first one.
    """

    def __init__(self, file: str, calibrated: MadeBy) -> None:
        self._file, self._calibrated = file, calibrated
        self.fault = ""
        """What is wrong; empty: nothing."""

    def hear(self, value: Any) -> None:
        """Chunks that passed: others move nothing."""
        if not isinstance(value, Judged) or value.chunk.source == ROLLBACK:
            return
        if all(check.passed for check in value.checks):
            found = made_by(value.chunk)
            self.fault = "" if found == self._calibrated else self._words(found)

    def _words(self, found: MadeBy) -> str:
        return (
            f"{self._file}: policy is {self._calibrated}, chunks come from {found}: {REMEDY} "
            "from runs of that policy, or switch this check off"
        )
