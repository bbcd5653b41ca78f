"""The URDF of a configuration."""

import pytest
import robot_files

from aura_ros.robot.problems import RobotConfigError
from aura_ros.robot.urdf_source import urdf_of


def test_it_is_the_file_that_the_configuration_names(tmp_path):
    assert urdf_of(robot_files.write(tmp_path)) == robot_files.URDF.encode()


def test_a_configuration_without_one_is_told_so(tmp_path):
    values = robot_files.config()
    del values["urdf"]
    path = robot_files.write(tmp_path, values)
    with pytest.raises(RobotConfigError, match=r"urdf.*name the robot's URDF"):
        urdf_of(path)


def test_a_topic_cannot_be_read(tmp_path):
    values = robot_files.config() | {"urdf": {"topic": "robot_description"}}
    with pytest.raises(RobotConfigError, match=r"urdf\.topic"):
        urdf_of(robot_files.write(tmp_path, values))


def test_a_malformed_configuration_says_what_is_wrong(tmp_path):
    values = robot_files.config() | {"urdf": {"fiel": "toy.urdf"}}
    with pytest.raises(RobotConfigError, match="fiel"):
        urdf_of(robot_files.write(tmp_path, values))
