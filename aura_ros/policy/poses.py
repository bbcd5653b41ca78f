"""Rows that are poses: a place and a rotation, absolute, relative to the told pose or in steps.

Steps along the base's axes turn and move the tool as robosuite's operational space controller
does (LIBERO, OpenVLA): places add up, rotations are applied from the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from aura_ros.motion import rotations
from aura_ros.policy.layout import FRAMES, ROTATIONS, LayoutError, Part
from aura_ros.types import Array

_OPTIONS = {"position_scale", "rotation_scale", "frame", "base_link", "tip_link"}


class Pose(NamedTuple):
    """Places (..., 3) [m] and quaternions x y z w (..., 4), of any norm."""

    place: Array
    quaternion: Array


class ToolKinematics(Protocol):
    """Where the tool of a group of joints is, and which joints take it to a pose."""

    def forward(self, position: Array) -> tuple[Array, Array]:
        """Place (3,) [m] and quaternion x y z w (4,) with the robot's joints at (n,)."""

    def inverse(self, place: Array, quaternion: Array, position: Array) -> Array:
        """The group's joints (H, m) for poses (H, 3), (H, 4), from the robot's joints (n,) on."""


@dataclass(frozen=True)
class PoseTargets:
    """Targets of a group whose columns ``joints`` (6,) are a pose."""

    part: Part
    joints: NDArray[np.intp]
    orientation: tuple[float, float, float, float]

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return 3 + ROTATIONS[self.part.rotation]

    def targets(self, numbers: Array, told: Array) -> Array:
        """Targets (H, 6) or, of steps, (H + 1, 6) of ``numbers`` (H, width); told (n,)."""
        start = told[self.joints]
        begin = Pose(start[:3], rotations.to_quaternion(start[3:], self.orientation))
        place, turn = pose_targets(numbers, self.part, begin)
        # The told rotation goes first, so that the rows continue it.
        vectors = rotations.from_quaternion(np.vstack([begin.quaternion, turn]), self.orientation)
        return np.hstack([place, vectors[1:]])


@dataclass(frozen=True)
class ToolTargets:
    """Targets of the joints that carry a tool along poses."""

    part: Part
    joints: NDArray[np.intp]
    kinematics: ToolKinematics

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return 3 + ROTATIONS[self.part.rotation]

    def targets(self, numbers: Array, told: Array) -> Array:
        """Targets (H, m) or, of steps, (H + 1, m) of ``numbers`` (H, width); told (n,)."""
        begin = Pose(*self.kinematics.forward(told))
        return self.kinematics.inverse(*pose_targets(numbers, self.part, begin), told)


def check(part: Part) -> None:
    """Raise LayoutError for what no pose can have."""
    if part.rotation not in ROTATIONS:
        raise LayoutError(f"'{part}': a pose needs a rotation, one of {', '.join(ROTATIONS)}")
    if part.rotation == "euler":
        try:
            rotations.check_euler(part.axes)
        except rotations.RotationError as error:
            raise LayoutError(f"'{part}': {error}") from None
    if part.frame not in FRAMES:
        raise LayoutError(f"'{part}': frame must be one of {', '.join(FRAMES)}")
    if part.frame == "tool" and part.representation == "pose":
        raise LayoutError(f"'{part}': an absolute pose is in the frame of its base; leave it out")
    if part.rotation_scale != 1.0 and part.rotation in ("quaternion", "6d"):
        raise LayoutError(f"'{part}': a {part.rotation} has no scale; leave out rotation_scale")
    alien = set(part.given()) - _OPTIONS
    if alien:
        raise LayoutError(f"'{part}': a pose has no {', '.join(sorted(alien))}; leave it out")


def pose_targets(rows: Array, part: Part, told: Pose) -> Pose:
    """Poses (H, ...) or, of steps, (H + 1, ...) of ``rows`` (H, width) from the told pose."""
    place = rows[:, :3] * part.position_scale
    turn = _quaternions(rows[:, 3:], part)
    if part.representation == "pose":
        return Pose(place, turn)
    moved = _moved_by_tool if part.frame == "tool" else _moved_by_base
    if part.representation == "pose_relative":
        return moved(told, Pose(place, turn))
    path = [told]
    for step in zip(place, turn, strict=True):
        path.append(moved(path[-1], Pose(*step)))
    return Pose(*map(np.stack, zip(*path, strict=True)))


def _quaternions(numbers: Array, part: Part) -> Array:
    if part.rotation == "quaternion":
        return numbers
    if part.rotation == "6d":
        return rotations.from_6d(numbers)
    scaled = numbers * part.rotation_scale
    if part.rotation == "euler":
        return rotations.from_euler(scaled, part.axes)
    return rotations.from_vector(scaled)


def _moved_by_base(pose: Pose, step: Pose) -> Pose:
    """``pose`` after ``step``, which may be many, along the axes of the base."""
    turned = rotations.multiply(step.quaternion, pose.quaternion)
    return Pose(pose.place + step.place, turned)


def _moved_by_tool(pose: Pose, step: Pose) -> Pose:
    """``pose`` after ``step``, which may be many, along the axes of the tool."""
    along = rotations.turned(step.place, pose.quaternion)
    return Pose(pose.place + along, rotations.multiply(pose.quaternion, step.quaternion))
