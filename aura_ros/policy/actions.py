"""A backend's rows turned into absolute joint targets, anchored at the state it was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from aura_ros.motion.kinematics import KinematicsError
from aura_ros.motion.rotations import RotationError
from aura_ros.policy import poses
from aura_ros.policy.columns import ColumnTargets, column_targets
from aura_ros.policy.layout import COLUMNS, POSES, LayoutError, Part, text_of
from aura_ros.policy.poses import PoseTargets, ToolKinematics, ToolTargets
from aura_ros.robot.description import JointGroup, Robot
from aura_ros.robot.problems import closest
from aura_ros.types import NO_ALTERNATIVES, Array, Request, Response

# By kind of group. Columns of a pose are no numbers that add up.
_ALLOWED = {
    "joints": COLUMNS + POSES,
    "gripper": COLUMNS,
    "base": COLUMNS,
    "pose": ("absolute", *POSES),
}


class ActionError(ValueError):
    """Rows that are not what the layout says: nothing moves on them."""


class Actions:
    """The layout of a backend's rows. Without ``parts``: absolute targets of all joints.

    ``kinematics``, by group, are those of the groups of joints that ``tools`` names. Groups
    without a part stay where they were told to be. Raises LayoutError.
    """

    def __init__(
        self,
        robot: Robot,
        parts: tuple[Part, ...] = (),
        kinematics: Mapping[str, ToolKinematics] | None = None,
    ) -> None:
        self.parts = parts or tuple(Part(group.name) for group in robot.groups)
        self._turning = robot.continuous
        self._targets = [
            _targets(part, group, robot, kinematics or {})
            for part, group in zip(self.parts, _groups(self.parts, robot), strict=True)
        ]
        self.width = sum(targets.width for targets in self._targets)
        is_plain = self.parts == tuple(Part(group.name) for group in robot.groups)
        self._is_identity = is_plain and not self._turning.any()

    @property
    def layout(self) -> str:
        """The parts as text."""
        return text_of(self.parts)

    def applied(self, response: Response, request: Request) -> Response:
        """``response`` with absolute rows (H, n), or with the reason why there are none.

        Its alternatives mean the same as its rows; one that cannot be read spoils the answer.
        """
        if response.error:
            return response
        told = request.start.position
        try:
            rows = self.rows(response.rows, told)
            others = [self.rows(drawn, told) for drawn in response.alternatives]
        except (ActionError, RotationError, KinematicsError) as error:
            words = f"rows of the policy: {error}"
            nothing = np.zeros((0, 0))
            return replace(response, rows=nothing, alternatives=NO_ALTERNATIVES, error=words)
        if rows is response.rows:
            return response
        alternatives = np.stack(others) if others else NO_ALTERNATIVES
        return replace(response, rows=rows, alternatives=alternatives)

    def rows(self, given: Array, told: Array) -> Array:
        """Absolute targets of all joints for the backend's rows (H, width), told (n,).

        H + 1 rows if any part is made of steps: the told state is the first one.
        """
        self._check_shape(given)
        if self._is_identity:
            return given
        self._check_finite(given)
        rows = np.tile(told, (len(given) + any(part.is_step for part in self.parts), 1))
        for targets, numbers in zip(self._targets, self._split(given), strict=True):
            wanted = targets.targets(numbers, told)
            rows[: len(wanted), targets.joints] = wanted
            # The last step ends a row later: until then the others stay.
            rows[len(wanted) :, targets.joints] = wanted[-1]
        if self._turning.any():
            turning = np.vstack([told, rows])[:, self._turning]
            rows[:, self._turning] = np.unwrap(turning, axis=0)[1:]
        return rows

    def _split(self, given: Array) -> list[Array]:
        ends = np.cumsum([targets.width for targets in self._targets])
        return np.split(given, ends[:-1], axis=1)

    def _check_shape(self, given: Array) -> None:
        if given.ndim == 2 and given.shape[1] == self.width and len(given):
            return
        widths = ", ".join(f"{t.width} for {t.part.group}" for t in self._targets)
        raise ActionError(
            f"shape {given.shape}, but layout '{self.layout}' needs rows of {self.width} numbers "
            f"({widths}); say by the parameter actions what the policy answers"
        )

    def _check_finite(self, given: Array) -> None:
        bad = np.argwhere(~np.isfinite(given))
        if len(bad):
            row, column = bad[0]
            raise ActionError(f"number {column} of row {row} is {given[row, column]}")


def tools(parts: tuple[Part, ...], robot: Robot) -> tuple[Part, ...]:
    """The parts whose poses joints must reach: they need kinematics. Raises LayoutError."""
    groups = zip(parts, _groups(parts, robot), strict=True)
    found = tuple(part for part, group in groups if part.is_pose and group.kind == "joints")
    for part in found:
        if not part.tip_link:
            raise LayoutError(f"'{part}': poses of joints are those of a link; give tip_link")
    return found


def _groups(parts: tuple[Part, ...], robot: Robot) -> list[JointGroup]:
    """The group of each part."""
    known = {group.name: group for group in robot.groups}
    for index, part in enumerate(parts):
        if part.group not in known:
            raise LayoutError(
                f"'{part}': {robot.name} has no group {part.group!r}, {closest(part.group, known)}"
            )
        if part.group in [other.group for other in parts[:index]]:
            raise LayoutError(f"'{part}': group {part.group!r} has two parts; keep one of them")
    return [known[part.group] for part in parts]


def _targets(
    part: Part, group: JointGroup, robot: Robot, kinematics: Mapping[str, ToolKinematics]
) -> ColumnTargets | PoseTargets | ToolTargets:
    allowed = _ALLOWED[group.kind]
    if part.representation not in allowed:
        raise LayoutError(
            f"'{part}': a group of kind {group.kind} cannot be {part.representation!r}; "
            f"it can be {', '.join(allowed)}"
        )
    if not part.is_pose:
        return column_targets(part, group, robot)
    poses.check(part)
    joints = robot.group_indices(group.name)
    if group.kind == "pose":
        if part.base_link or part.tip_link:
            raise LayoutError(
                f"'{part}': the pose is that of frame {group.frame!r} and its tool; "
                "leave out base_link and tip_link"
            )
        return PoseTargets(part, joints, group.orientation)
    if part.group not in kinematics:
        raise LayoutError(f"'{part}': poses of joints need kinematics; hand them in")
    return ToolTargets(part, joints, kinematics[part.group])
