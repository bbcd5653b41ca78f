"""Joint groups of a configuration and the hard limits of all their joints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aura_ros.robot.description import JointGroup, Limits
from aura_ros.robot.limits import Columns, GroupLimits, joined
from aura_ros.robot.problems import Problems, closest
from aura_ros.robot.urdf import Urdf, UrdfError


def joint_groups(config: Mapping[str, Any], problems: Problems) -> tuple[JointGroup, ...]:
    """All groups, with the joints that could be read; a joint in two groups is a problem."""
    groups: list[JointGroup] = []
    for name, table in config["groups"].items():
        joints = tuple(joint for joint in table.get("joints") or () if joint)
        for joint in joints:
            owner = next((group.name for group in groups if joint in group.joints), None)
            if owner:
                problems.add(f"groups.{name}.joints", f"a joint of the group {owner!r} already",
                             "remove it from one of the two", joint)
        groups.append(JointGroup(name, table.get("kind"), joints, table.get("unit")))
    return tuple(groups)


def robot_limits(
    config: Mapping[str, Any], data: bytes | None, chosen: str, problems: Problems
) -> Limits | None:
    """Hard limits with the limit set ``chosen``; all sets are checked."""
    urdf = _parsed(data, problems)
    members = {
        name: GroupLimits(name, table, urdf, problems)
        for name, table in config["groups"].items()
        if table and not problems.under(f"groups.{name}.joints", f"groups.{name}.unit")
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
    return joined(list(sets[chosen].values()))


def _parsed(data: bytes | None, problems: Problems) -> Urdf | None:
    if data is None:
        return None
    try:
        return Urdf(data)
    except UrdfError as error:
        problems.add("urdf", str(error), "name a URDF file")
        return None
