"""What the kind of a group asks of its table, and the group that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aura_ros.robot.description import MAX_ROTATION, JointGroup, Switching
from aura_ros.robot.problems import Problems

COLUMNS = {"base": "x, y, yaw or x, yaw", "pose": "x, y, z, rx, ry, rz"}
WIDTHS = {"base": (2, 3), "pose": (6,)}
# Keys that mean something for some kinds only.
BELONGS = {
    "continuous": ("joints",),
    "switching": ("gripper",),
    "frame": ("base", "pose"),
    "orientation": ("pose",),
    "max_rotation": ("pose",),
}
UNIT_NORM = 1e-3


def described(
    name: str, table: Mapping[str, Any], pose_topics: Mapping[str, str], problems: Problems
) -> JointGroup:
    """The group ``name`` of a configuration; what does not fit its kind is a problem."""
    key, kind = f"groups.{name}", table.get("kind")
    joints = tuple(joint for joint in table.get("joints") or () if joint)
    if kind:
        _check_keys(key, kind, table, problems)
        _check_columns(key, kind, joints, table, problems)
    if kind == "pose":
        _check_pose(key, name, table, pose_topics, problems)
    return JointGroup(
        name,
        kind or "",
        joints,
        table.get("unit") or "",
        _switching(key, table, problems),
        table.get("frame") or ("base_link" if kind == "base" else ""),
        _orientation(f"{key}.orientation", table, problems),
        table.get("max_rotation") or MAX_ROTATION,
        pose_topics.get(name, ""),
    )


def _check_keys(key: str, kind: str, table: Mapping[str, Any], problems: Problems) -> None:
    """No key of another kind, and no joint listed that is not there."""
    for field, kinds in BELONGS.items():
        if table.get(field) and kind not in kinds:
            limit = f"belongs to groups of kind {' or '.join(kinds)}"
            problems.add(f"{key}.{field}", limit, f"remove it, or write kind: {kinds[0]}")
    for i, joint in enumerate(table.get("continuous") or ()):
        if joint not in (table.get("joints") or ()):
            limit = "no joint of this group"
            problems.add(f"{key}.continuous[{i}]", limit, "remove it, or add it to joints", joint)


def _check_columns(
    key: str, kind: str, joints: tuple[str, ...], table: Mapping[str, Any], problems: Problems
) -> None:
    """A base and a pose have their own columns and are in SI units; joints have one unit."""
    unit = table.get("unit")
    if unit and (unit == "si") != (kind in COLUMNS):
        remedy = "write si" if kind in COLUMNS else "write rad, m or normalised"
        problems.add(f"{key}.unit", f"is not the unit of a group of kind {kind}", remedy, unit)
    if table.get("continuous") and unit != "rad":
        problems.add(f"{key}.continuous", "needs the unit rad", "write unit: rad, or remove it")
    if kind in WIDTHS and joints and len(joints) not in WIDTHS[kind]:
        limit = f"has {len(joints)} columns; a {kind} has {COLUMNS[kind]}, in this order"
        problems.add(f"{key}.joints", limit, "name those", list(joints))


def _check_pose(
    key: str,
    name: str,
    table: Mapping[str, Any],
    pose_topics: Mapping[str, str],
    problems: Problems,
) -> None:
    if not table.get("frame"):
        problems.add(f"{key}.frame", "is missing", "add the frame that the pose is given in")
    if name not in pose_topics:
        problems.add(
            f"observation.pose.{name}", "is missing", "add the topic that measures this pose"
        )


def _orientation(
    key: str, table: Mapping[str, Any], problems: Problems
) -> tuple[float, float, float, float]:
    """The unit quaternion x y z w that is given, or no rotation."""
    given = table.get("orientation")
    if not given or None in given:
        return (0.0, 0.0, 0.0, 1.0)
    norm = math.hypot(*given)
    if len(given) != 4 or norm == 0.0:
        problems.add(key, "must be a quaternion x y z w", "write four numbers", list(given))
        return (0.0, 0.0, 0.0, 1.0)
    x, y, z, w = (value / norm for value in given)
    if abs(norm - 1.0) > UNIT_NORM:
        remedy = f"write [{x:.6g}, {y:.6g}, {z:.6g}, {w:.6g}]"
        problems.add(key, f"has norm {norm:.6g}, a rotation has 1", remedy, list(given))
    return (x, y, z, w)


def _switching(key: str, table: Mapping[str, Any], problems: Problems) -> Switching | None:
    """How a discrete gripper switches, None if it is not one."""
    given = table.get("switching")
    if not given or None in given.values():
        return None
    made = Switching(
        given["closed"],
        given["opened"],
        given["low"],
        given["high"],
        given["debounce"],
        given["lead"],
    )
    if made.closed == made.opened:
        limit = "closed and opened are the same position"
        problems.add(f"{key}.switching", limit, "give two positions", made.closed)
    if not 0.0 < made.low < made.high < 1.0:
        limit = f"must be above 0, below high = {made.high:g}, and high below 1"
        problems.add(f"{key}.switching.low", limit, "choose low and high around 0.5", made.low)
    return made
