"""Joint groups of a configuration and the hard limits of all their joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aura_ros.robot.description import JointGroup, Limits
from aura_ros.robot.kinds import described
from aura_ros.robot.limits import Columns, GroupLimits, joined
from aura_ros.robot.problems import Problems, closest
from aura_ros.robot.urdf import Urdf, UrdfError

# Without these a group's limits cannot be read.
READ_FIRST = ("kind", "unit", "joints", "continuous")


def joint_groups(config: Mapping[str, Any], problems: Problems) -> tuple[JointGroup, ...]:
    """All groups, with the joints that could be read; a joint in two groups is a problem."""
    groups: list[JointGroup] = []
    pose_topics = config["observation"].get("pose") or {}
    for name, table in config["groups"].items():
        made = described(name, table, pose_topics, problems)
        for joint in made.joints:
            owner = next((group.name for group in groups if joint in group.joints), None)
            if owner:
                problems.add(f"groups.{name}.joints", f"a joint of the group {owner!r} already",
                             "remove it from one of the two", joint)
        groups.append(made)
    _check_pose_topics(pose_topics, groups, problems)
    return tuple(groups)


def _check_pose_topics(
    topics: Mapping[str, str], groups: Sequence[JointGroup], problems: Problems
) -> None:
    """Every measured pose is that of a group of this kind, and has a topic of its own."""
    poses = [group.name for group in groups if group.kind == "pose"]
    for name, topic in topics.items():
        key = f"observation.pose.{name}"
        if name not in poses:
            problems.add(key, "no group of kind pose", closest(name, poses), name)
        elif list(topics.values()).count(topic) > 1:
            problems.add(key, "is the topic of two poses", "give each its own topic", topic)


def robot_limits(
    config: Mapping[str, Any], data: bytes | None, chosen: str, problems: Problems
) -> Limits | None:
    """Hard limits with the limit set ``chosen``; all sets are checked."""
    urdf = _parsed(data, problems)
    members = {
        name: GroupLimits(name, table, urdf, problems)
        for name, table in config["groups"].items()
        if table
        and not problems.under(*(f"groups.{name}.{key}" for key in READ_FIRST))
    }
    base = {name: group.base() for name, group in members.items()}
    sets: dict[str, dict[str, Columns]] = {"": base}
    for set_name, tables in config["limit_sets"].items():
        sets[set_name] = dict(base)
        for name, table in tables.items():
            key = f"limit_sets.{set_name}.{name}"
            if name not in config["groups"]:
                problems.add(key, "no such group", closest(name, config["groups"]))
            elif not problems.under(key, f"groups.{name}"):
                sets[set_name][name] = members[name].with_set(base[name], table, key)
    if chosen not in sets:
        problems.add("limit_sets", f"has no set {chosen!r}", closest(chosen, config["limit_sets"]))
        return None
    if problems.under("groups", "limit_sets"):
        return None
    limits = joined(list(sets[chosen].values()))
    _check_switching(config, limits, problems)
    return limits


def continuous_joints(groups: Sequence[JointGroup], limits: Limits) -> frozenset[str]:
    """Joints that turn without end. One with limits never wraps, whatever its URDF calls it."""
    joints = [(group.kind, joint) for group in groups for joint in group.joints]
    endless = np.isinf(limits.lower) & np.isinf(limits.upper)
    return frozenset(
        joint
        for (kind, joint), free in zip(joints, endless, strict=True)
        if free and kind not in ("base", "pose")
    )


def _check_switching(config: Mapping[str, Any], limits: Limits, problems: Problems) -> None:
    """A discrete gripper is open and closed inside its limits."""
    column = 0
    for name, table in config["groups"].items():
        columns = slice(column, column + len(table["joints"]))
        column = columns.stop
        for field in ("closed", "opened") if table["switching"] else ():
            value = table["switching"][field]
            lower, upper = limits.lower[columns].max(), limits.upper[columns].min()
            if not lower <= value <= upper:
                limit = f"must be inside the limits of its joints, {lower:g} to {upper:g}"
                problems.add(f"groups.{name}.switching.{field}", limit, "choose one inside", value)


def _parsed(data: bytes | None, problems: Problems) -> Urdf | None:
    if data is None:
        return None
    try:
        return Urdf(data)
    except UrdfError as error:
        problems.add("urdf", str(error), "name a URDF file")
        return None
