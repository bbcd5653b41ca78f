"""Whether a configuration fits the robot that is talking."""

from __future__ import annotations

from collections.abc import Iterable

from aura_ros.robot.description import Robot
from aura_ros.robot.problems import closest

SHOWN = 3


def check_joint_names(robot: Robot, names: Iterable[str]) -> str:
    """Say what is wrong if joint states with ``names`` lack joints of ``robot``; else "".

    Further joints in ``names`` are no problem: a robot may have more than are commanded.
    """
    present = list(names)
    missing = [joint for joint in robot.stated if joint not in present]
    if not missing:
        return ""
    if len(missing) == len(robot.stated):
        return (
            f"the configuration {robot.name!r} is for another robot: joint states name none of "
            f"its joints ({_listed(robot.stated)}) but {_listed(present) or 'nothing'}; "
            "choose the configuration of this robot, or another joint_states topic"
        )
    hints = "; ".join(f"{joint!r} ({closest(joint, present)})" for joint in missing[:SHOWN])
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return (
        f"joint states lack {len(missing)} of the {len(robot.stated)} joints of {robot.name!r}: "
        f"{hints}{more}; correct the names in its configuration, or choose that of this robot"
    )


def _listed(names: Iterable[str]) -> str:
    items = list(names)
    return ", ".join(items[:SHOWN]) + (", ..." if len(items) > SHOWN else "")
