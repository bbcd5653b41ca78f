"""The joints of a URDF that a robot's plans move, by pinocchio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.guard.entry import Unavailable
from aura_ros.guard.geometry.chain import Chain
from aura_ros.guard.geometry.urdf_files import mimics
from aura_ros.robot.description import JointGroup
from aura_ros.robot.problems import closest
from aura_ros.types import Array

Followed = tuple[int, float, float]


@dataclass(frozen=True)
class Frame:
    """A link: its place in the Chain, and its rotation (3, 3) and origin (3,) [m] there; the
    ``joint`` of the URDF that carries it and the one ``above``, moved or not."""

    place: int
    rotation: Array
    origin: Array
    joint: int = 0
    above: int = -1

    def connected(self, other: Frame) -> bool:
        """One joint or none is between them."""
        return self.joint in (other.joint, other.above) or other.joint == self.above


def followed_of(full: Any, urdf: bytes, groups: tuple[JointGroup, ...]) -> dict[str, Followed]:
    """Of every joint that moves: the robot's column, scale and shift."""
    names = set(list(full.names)[1:])
    columns = [joint for group in groups for joint in group.joints]
    moved = {}
    for group in groups:
        for joint in group.joints:
            if joint in names:
                moved[joint] = (columns.index(joint), 1.0, 0.0)
            elif group.kind in ("joints", "gripper") and group.unit != "normalised":
                raise Unavailable(f"no joint {joint!r} in the URDF, {closest(joint, names)}")
    if not moved:
        raise Unavailable("the URDF holds none of the robot's joints: correct urdf or groups")
    followers = mimics(urdf)
    for joint in followers:
        leader, scale, shift = joint, 1.0, 0.0
        while leader in followers:
            leader, factor, more = followers[leader]
            scale, shift = scale * factor, shift + scale * more
        if leader in moved and joint in names:
            moved[joint] = (moved[leader][0], scale, shift)
    return moved


def reduced_of(
    pin: Any, full: Any, shapes: Any, moved: set[str], home: dict[str, float]
) -> tuple[Any, Any]:
    """The model in which all joints that nobody moves are fixed at home."""
    unknown = [name for name in home if not full.existJointName(name)]
    if unknown:
        raise Unavailable(f"home: no joint {unknown[0]!r}, {closest(unknown[0], full.names)}")
    fixed = [index for index in range(1, full.njoints) if full.names[index] not in moved]
    at = pin.neutral(full)
    for index in fixed:
        joint, value = full.joints[index], home.get(full.names[index], 0.0)
        turns = joint.nq == 2
        at[joint.idx_q : joint.idx_q + joint.nq] = (
            (math.cos(value), math.sin(value)) if turns else value
        )
    reduced, parts = pin.buildReducedModel(full, [shapes], fixed, at)
    return reduced, parts[0]


def chain_of(model: Any, followed: list[Followed]) -> Chain:
    joints = [model.joints[index] for index in range(1, model.njoints)]
    motions = np.array([np.asarray(joint.createData().S).reshape(6) for joint in joints])
    turning = np.abs(motions[:, 3:]).sum(axis=1) > 0.5
    placed = [model.jointPlacements[index] for index in range(1, model.njoints)]
    columns, scale, shift = zip(*followed, strict=True)
    return Chain(
        np.array([model.parents[index] for index in range(1, model.njoints)], dtype=np.intp),
        np.array([frame.rotation for frame in placed]),
        np.array([frame.translation for frame in placed]),
        np.where(turning[:, None], motions[:, 3:], motions[:, :3]),
        turning,
        np.array(columns, dtype=np.intp),
        np.array(scale),
        np.array(shift),
    )


def frames_of(pin: Any, full: Any, model: Any) -> dict[str, Frame]:
    """Every link by its name."""
    links = [frame for frame in model.frames if frame.type == pin.FrameType.BODY]
    return {frame.name: _frame(pin, full, frame) for frame in links}


def _frame(pin: Any, full: Any, frame: Any) -> Frame:
    joint = full.frames[full.getFrameId(frame.name, pin.FrameType.BODY)].parentJoint
    above = full.parents[joint] if joint else -1
    rotation, origin = np.array(frame.placement.rotation), np.array(frame.placement.translation)
    return Frame(int(frame.parentJoint), rotation, origin, int(joint), int(above))
