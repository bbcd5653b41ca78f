"""What a backend's rows mean, live and in replay: as the user says, or as the backend declares."""

from __future__ import annotations

from collections.abc import Callable

from aura_ros.motion.kinematics import Kinematics, KinematicsError
from aura_ros.policy.actions import Actions, tools
from aura_ros.policy.backend import Backend, declared_actions, declared_of
from aura_ros.policy.layout import LayoutError, parse
from aura_ros.robot.description import Robot


def make_actions(robot: Robot, text: str, backend: Backend, urdf: Callable[[], bytes]) -> Actions:
    """What the backend's rows mean: the layout ``text``, or what the backend declares.

    ``urdf`` is read where poses are to be reached by joints. Raises ValueError where layout,
    backend and robot do not fit.
    """
    try:
        parts = parse(text or declared_actions(backend))
        found = tools(parts, robot)
        data = urdf() if found else b""
        kinematics = {
            part.group: Kinematics(data, robot, part.group, part.tip_link, part.base_link)
            for part in found
        }
        actions = Actions(robot, parts, kinematics)
    except (LayoutError, KinematicsError) as error:
        raise ValueError(f"parameter actions: {error}") from None
    declared = declared_of(backend)
    if declared is not None and declared.action_width != actions.width:
        raise ValueError(
            f"policy {declared.name} answers rows of {declared.action_width} numbers, but layout "
            f"'{actions.layout}' needs {actions.width}; say by the parameter actions what the "
            "policy answers, or use the checkpoint of this robot"
        )
    return actions
