"""Kinds of options that checks of geometry share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.guard.entry import Setup, Unavailable
from aura_ros.guard.geometry.chain import Chain
from aura_ros.guard.geometry.pairs import FARTHEST
from aura_ros.robot.problems import Problems, closest
from aura_ros.robot.spec import Choice, Field, ListOf, MapOf, Number, Table, Text
from aura_ros.types import Array

NAME = Text(r"\S+", "a name without spaces")
# As the embedded Panda tracks its references at 1 rad/s.
TRACKING_ERROR = 0.01


_ANY = Number()


@dataclass(frozen=True)
class Vector:
    """A list of ``length`` numbers."""

    length: int
    number: Number = _ANY

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        """The numbers as a tuple."""
        if not isinstance(value, (list, tuple)) or len(value) != self.length:
            limit = f"must be a list of {self.length} numbers"
            problems.add(key, limit, "write [a, b, ...]", value)
            return None
        return ListOf(self.number).read(value, key, problems)


@dataclass(frozen=True)
class PerGroup:
    """One number for all groups, or a table with one for each."""

    number: Number

    def read(self, value: Any, key: str, problems: Problems) -> Any:
        """A number, or numbers by group."""
        if isinstance(value, Mapping):
            return MapOf(self.number, NAME).read(value, key, problems)
        return self.number.read(value, key, problems)


_SIZE = Number(0.0, above=True)
MODEL: dict[str, Field] = {
    "home": Field(
        MapOf(Number(), NAME),
        "positions [rad or m] by joint of a configuration without collisions, zero or the middle "
        "of the range if absent; joints that the robot's configuration does not name stay there",
        None,
    ),
    "link_radius": Field(
        MapOf(_SIZE, NAME),
        "links that are no mesh but capsules of this radius [m] along their joints",
        None,
    ),
    "tracking_error": Field(
        PerGroup(Number(0.0, 0.5)),
        "how far joints may be from the plan [rad or m], a number or one by group",
        TRACKING_ERROR,
    ),
}
BOX = Table(
    {
        "center": Field(Vector(3), "center of the box [m]"),
        "size": Field(Vector(3, _SIZE), "full lengths of its edges [m]"),
        "rotation": Field(Vector(4), "quaternion x y z w of its axes", (0.0, 0.0, 0.0, 1.0)),
    }
)
HALF_SPACE = Table(
    {
        "normal": Field(Vector(3), "direction out of the half-space"),
        "offset": Field(Number(), "all points x with normal x <= offset are in it [m]"),
    }
)
REGION = Table(
    {
        "name": Field(NAME, "name of the region"),
        "keep": Field(Choice(("out", "in")), "keep links out of it, or in it", "out"),
        "box": Field(BOX, "a box", None),
        "half_space": Field(HALF_SPACE, "or a half-space", None),
    }
)
TOOL = Table(
    {
        "link": Field(NAME, "link that carries the tool"),
        "offset": Field(Vector(3), "middle of the tool in the link's frame [m]", (0.0, 0.0, 0.0)),
        "radius": Field(_SIZE, "radius of the ball around the tool and what it holds [m]"),
    }
)


def tracking_error(setup: Setup, chain: Chain) -> Array:
    """The bound (J,) [rad or m] of every joint of the chain. Raises Unavailable."""
    told, robot = setup.options["tracking_error"], setup.robot
    if isinstance(told, Mapping):
        names = [group.name for group in robot.groups]
        for name in told:
            if name not in names:
                near = closest(name, names)
                raise Unavailable(f"tracking_error: the robot has no group {name!r}, {near}")
        by_joint = [told.get(group.name, TRACKING_ERROR) for group in robot.groups
                    for _ in group.joints]  # fmt: skip
        error = chain.spread(np.array(by_joint))
    else:
        error = chain.spread(np.full(len(robot.joints), float(told)))
    together = float(error[chain.turning].sum())
    if together >= FARTHEST:
        raise Unavailable(
            f"tracking_error: {together:.2f} rad over all joints bounds nothing, below "
            f"{FARTHEST} rad is needed; name a smaller one"
        )
    return error
