"""Rows of numbers that each belong to one joint, turned into targets.

An increment is reached one row after its own, so H steps give H + 1 targets, the told state
first. Velocities are integrated as rectangles: a velocity command is held until the next one
comes, and so it was when the data were recorded; a trapezoid would take half of each from a row
that is not commanded yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aura_ros.policy.layout import LayoutError, Part
from aura_ros.robot.description import JointGroup, Robot
from aura_ros.types import NS, Array


@dataclass(frozen=True)
class ColumnTargets:
    """Targets of the joints in columns ``joints`` (m,) of the robot, one number a joint."""

    part: Part
    joints: NDArray[np.intp]
    factor: Array
    offset: Array
    period_s: float

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return len(self.joints)

    def targets(self, numbers: Array, told: Array) -> Array:
        """Targets (H, m) or, of steps, (H + 1, m) of ``numbers`` (H, m); told (n,)."""
        rows = numbers * self.factor + self.offset
        if self.part.representation == "absolute":
            return rows
        start = told[self.joints]
        if self.part.representation == "relative":
            return start + rows
        steps = rows * self.period_s if self.part.representation == "velocity" else rows
        return np.asarray(start + np.vstack([np.zeros_like(start), np.cumsum(steps, axis=0)]))


def column_targets(part: Part, group: JointGroup, robot: Robot) -> ColumnTargets:
    """Targets of a group by its part. Raises LayoutError."""
    joints = robot.group_indices(group.name)
    factor, offset = _scaling(part, group, robot.limits.lower[joints], robot.limits.upper[joints])
    return ColumnTargets(part, joints, factor, offset, robot.row_period_ns / NS)


def _scaling(part: Part, group: JointGroup, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Factor and offset, each (m,), of a part's numbers."""
    given = set(part.given())
    alien = given - {"scale", "offset", "lower", "upper", "closed", "opened"}
    if alien:
        raise LayoutError(f"'{part}': only poses have {', '.join(sorted(alien))}; leave it out")
    if given & {"lower", "upper"}:
        return _stretched(part, ("lower", "upper"), lower, upper)
    if given & {"closed", "opened"}:
        if group.switching is None:
            raise LayoutError(
                f"'{part}': closed and opened need a gripper with a table switching; "
                "give lower and upper, or scale and offset"
            )
        closed = np.full_like(lower, group.switching.closed)
        opened = np.full_like(lower, group.switching.opened)
        return _stretched(part, ("closed", "opened"), closed, opened)
    if part.offset and part.representation != "absolute":
        raise LayoutError(f"'{part}': only absolute numbers have an offset; leave it out")
    return np.full_like(lower, part.scale), np.full_like(lower, part.offset)


def _stretched(
    part: Part, names: tuple[str, str], first: Array, second: Array
) -> tuple[Array, Array]:
    """The line on which the options ``names`` become the positions ``first`` and ``second``."""
    low, high = getattr(part, names[0]), getattr(part, names[1])
    both = f"{names[0]} and {names[1]}"
    if low is None or high is None or low == high:
        raise LayoutError(f"'{part}': {both} belong together and must differ; give both")
    if set(part.given()) != set(names) or part.representation != "absolute":
        raise LayoutError(f"'{part}': {both} say all of absolute numbers; leave out the rest")
    if not (np.isfinite(first) & np.isfinite(second)).all():
        raise LayoutError(f"'{part}': the joints have no limits; give scale and offset")
    factor = (second - first) / (high - low)
    return factor, first - factor * low
