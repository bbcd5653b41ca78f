"""The numbers that a policy is told as the state of the robot.

Text, entries apart by semicolons: ``KEY: GROUP [OPTION VALUE] ..., GROUP ...``, such as
``observation/state: arm, gripper closed 1 opened 0``, with the options of a layout: the numbers
are those that ``absolute`` rows with the same options would turn into the present position.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.policy.columns import column_targets
from aura_ros.policy.declared import DeclarationError, Declared, StateInput
from aura_ros.policy.entries import check_known, entries, last_word
from aura_ros.policy.layout import parse
from aura_ros.robot.description import JointGroup, Robot
from aura_ros.robot.problems import closest
from aura_ros.types import NS, Array, Request


@dataclass(frozen=True)
class StateColumns:
    """Numbers (m,) under ``key``: position of ``joints`` (m,) less ``offset``, over ``factor``.

    ``measured`` (m,) marks grippers: one that holds something never gets where it was planned
    to be, and the policy has to see that. Other joints are told as the request says. ``of`` is
    that of ``StateInput``; a velocity has no offset, the time ahead no joints.
    """

    key: str
    joints: NDArray[np.intp]
    factor: Array
    offset: Array
    measured: NDArray[np.bool_]
    of: str = "position"

    def numbers(self, request: Request) -> NDArray[np.float32]:
        """What the policy is told, (m,)."""
        start, seen = request.start, request.observation
        if self.of == "ahead":
            return np.array([(start.time_ns - seen.stamp_ns) / NS], dtype=np.float32)
        if self.of == "velocity":
            return np.asarray(start.velocity[self.joints] / self.factor, dtype=np.float32)
        told, found = start.position[self.joints], seen.joints.position[self.joints]
        is_found = {"told": False, "measured": True}.get(self.of, self.measured)
        position = np.where(is_found, found, told)
        return np.asarray((position - self.offset) / self.factor, dtype=np.float32)


def declared_state(declared: Declared, text: str, robot: Robot) -> tuple[StateColumns, ...]:
    """The state that a policy declares, by ``text`` or by the names of groups.

    A key that names no group holds all joints if it is the only one of its kind. Raises
    DeclarationError, LayoutError.
    """
    wanted = {entry.key: entry for entry in declared.state_keys if entry.of != "ahead"}
    given = entries(text, "state_keys", "KEY: GROUP, GROUP")
    check_known(given, list(wanted), declared, "state_keys")
    groups = [group.name for group in robot.groups]
    kinds = [entry.of for entry in wanted.values()]
    stated = ", ".join(group.name for group in robot.groups if group.kind != "base")
    if not given:
        whole = [key for key, entry in wanted.items() if kinds.count(entry.of) == 1]
        given = {key: stated for key in whole if last_word(key) not in groups}
    missing = {key: last_word(key) for key in wanted if key not in given}
    for key, name in missing.items():
        if name not in groups:
            raise DeclarationError(
                f"policy {declared.name} needs a state {key!r}, and {robot.name} has no group of "
                f"that name but {', '.join(groups)}; say by the parameter state_keys what it is"
            )
    parts = {**given, **missing}
    return tuple(
        _of_width(_state(entry.key, parts[entry.key], robot), entry, declared)
        if entry.of != "ahead"
        else _time_ahead(entry.key)
        for entry in declared.state_keys
    )


def _time_ahead(key: str) -> StateColumns:
    none = np.zeros(0)
    return StateColumns(key, none.astype(np.intp), none, none, none.astype(np.bool_), "ahead")


def _of_width(columns: StateColumns, wanted: StateInput, declared: Declared) -> StateColumns:
    if len(columns.joints) != wanted.width:
        raise DeclarationError(
            f"policy {declared.name} needs {wanted.width} numbers as state {wanted.key!r}, and "
            f"{len(columns.joints)} joints are given; choose groups by the parameter state_keys, "
            "or serve the checkpoint of this robot"
        )
    return replace(columns, of=wanted.of)


def state_columns(text: str, robot: Robot) -> tuple[StateColumns, ...]:
    """The state that ``text`` says. Raises DeclarationError, LayoutError."""
    given = entries(text, "state_keys", "KEY: GROUP, GROUP")
    return tuple(_state(key, words, robot) for key, words in given.items())


def _state(key: str, text: str, robot: Robot) -> StateColumns:
    pieces = [_group_columns(words.strip(), robot) for words in text.split(",")]
    joints, factor, offset, measured = (
        np.concatenate(column) for column in zip(*pieces, strict=True)
    )
    return StateColumns(key, joints, factor, offset, measured)


def _group_columns(words: str, robot: Robot) -> tuple[NDArray[Any], ...]:
    name, _, options = words.partition(" ")
    group = _group(name, robot)
    targets = column_targets(parse(f"{name}: absolute {options}")[0], group, robot)
    if not targets.factor.all():
        raise DeclarationError(f"parameter state_keys: '{words}' has a scale or a range of zero")
    is_gripper = np.full(len(targets.joints), group.kind == "gripper")
    return targets.joints, targets.factor, targets.offset, is_gripper


def _group(name: str, robot: Robot) -> JointGroup:
    known = {group.name: group for group in robot.groups}
    if name not in known:
        raise DeclarationError(
            f"parameter state_keys: {robot.name} has no group {name!r}, {closest(name, known)}"
        )
    if known[name].kind == "base":
        raise DeclarationError(
            f"parameter state_keys: nobody measures how far {name!r} drove; leave it out"
        )
    return known[name]
