"""Command outputs of a configuration: which controller gets which joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aura_ros.robot.description import CommandOutput, JointGroup
from aura_ros.robot.problems import Problems, closest
from aura_ros.robot.schema import (
    FLOAT64_MULTI_ARRAY,
    JOINT_TRAJECTORY,
    POSE_STAMPED,
    TWIST,
    TWIST_STAMPED,
)

# The kinds of groups that a message type can command. One of those in space commands one group.
JOINTS = ("joints", "gripper")
COMMANDS = {
    JOINT_TRAJECTORY: JOINTS,
    FLOAT64_MULTI_ARRAY: JOINTS,
    TWIST: ("base",),
    TWIST_STAMPED: ("base", "pose"),
    POSE_STAMPED: ("pose",),
}


def command_outputs(
    tables: Mapping[str, Any],
    groups: Sequence[JointGroup],
    chosen: Sequence[str] | None,
    problems: Problems,
) -> tuple[CommandOutput, ...]:
    """The active outputs: those named in ``chosen``, or else those with ``default: true``.

    Together they must command every joint of the robot once; anything else is a problem.
    """
    by_name = {group.name: group.joints for group in groups}
    outputs = {
        name: CommandOutput(name, table["topic"], table["type"],
                            _joints(table, f"commands.{name}", by_name, problems))
        for name, table in tables.items()
        if not problems.under(f"commands.{name}")
    }
    for name in chosen or ():
        if name not in tables:
            problems.add("commands", f"has no output {name!r}", closest(name, tables))
    names = chosen or [name for name in outputs if tables[name]["default"]]
    active = tuple(outputs[name] for name in dict.fromkeys(names) if name in outputs)
    for name, output in outputs.items():
        if not problems.under(f"commands.{name}"):
            _check_type(output, groups, problems)
    if not problems.under("commands"):
        _check_coverage(active, [j for joints in by_name.values() for j in joints], problems)
    return active


def _joints(
    table: Mapping[str, Any], key: str, groups: Mapping[str, Sequence[str]], problems: Problems
) -> tuple[str, ...]:
    """Joints of one output, in its order."""
    kinds = [kind for kind in ("groups", "joints") if table[kind] is not None]
    if len(kinds) != 1:
        problems.add(key, "must name either groups or joints", "keep one of the two")
        return ()
    kind = kinds[0]
    known = groups if kind == "groups" else [j for joints in groups.values() for j in joints]
    for i, name in enumerate(table[kind]):
        if name not in known:
            limit = f"no such {kind.removesuffix('s')} in this robot"
            problems.add(f"{key}.{kind}[{i}]", limit, closest(name, known), name)
    if kind == "joints":
        return tuple(table[kind])
    return tuple(joint for name in table[kind] for joint in groups.get(name, ()))


def _check_type(
    output: CommandOutput, groups: Sequence[JointGroup], problems: Problems
) -> None:
    """The message can command what the output drives."""
    kinds = COMMANDS[output.type]
    driven = [group for group in groups if set(group.joints) & set(output.joints)]
    for group in driven:
        if group.kind not in kinds:
            others = [kind for kind, takes in COMMANDS.items() if group.kind in takes]
            problems.add(f"commands.{output.name}.type",
                         f"cannot command {group.name!r}, a group of kind {group.kind}",
                         f"use {' or '.join(others)} in an output of its own", output.type)
    if kinds != JOINTS and (len(driven) != 1 or driven[0].joints != output.joints):
        problems.add(f"commands.{output.name}", f"{output.type} commands one whole group",
                     "write groups: [its name]")


def _check_coverage(
    active: Sequence[CommandOutput], joints: Sequence[str], problems: Problems
) -> None:
    """Every joint is commanded by exactly one active output, every topic used once."""
    for joint in joints:
        owners = [output.name for output in active if joint in output.joints]
        if not owners:
            problems.add("commands", f"no active output commands {joint!r}",
                         "add it to one, or remove it from the groups")
        elif len(owners) > 1:
            problems.add("commands", f"{joint!r} is commanded by {' and '.join(owners)}",
                         "write `default: false` in all but one, or choose one when loading")
    topics = [output.topic for output in active]
    for output in active:
        if topics.count(output.topic) > 1:
            problems.add(f"commands.{output.name}.topic", "is used by two outputs",
                         "give each controller its own topic", output.topic)
