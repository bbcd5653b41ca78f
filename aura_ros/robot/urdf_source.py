"""The URDF that a robot's configuration names, as it is: for kinematics and geometry."""

from __future__ import annotations

from pathlib import Path

from aura_ros.robot.document import read_document
from aura_ros.robot.find import find_config, read_urdf
from aura_ros.robot.problems import Problems
from aura_ros.robot.schema import ROBOT


def urdf_of(path_or_name: str | Path) -> bytes:
    """URDF of a configuration: a path, or the name of a file in ``config/robots``.

    Raises RobotConfigError where it names none, or a topic.
    """
    file = find_config(path_or_name)
    problems = Problems(file)
    document = read_document(file.read_bytes(), {}, problems)
    problems.raise_if_any()
    config = ROBOT.read(document, "", problems)
    problems.raise_if_any()
    if config["urdf"] is None:
        problems.add("urdf", "is missing, and kinematics need it", "name the robot's URDF")
        problems.raise_if_any()
    urdf = read_urdf(config["urdf"], file.parent, problems)
    problems.raise_if_any()
    assert urdf is not None
    return urdf
