"""Whether a configuration fits the joint states of a robot."""

import pytest
from robot_files import write

from aura_ros.robot.fit import check_joint_names
from aura_ros.robot.load import load_robot


@pytest.fixture
def robot(tmp_path):
    return load_robot(write(tmp_path))


def test_fits_in_any_order_and_with_more_joints(robot):
    assert check_joint_names(robot, [*reversed(robot.joints), "left_wheel"]) == ""


def test_names_missing_joints_and_the_closest(robot):
    names = [name.replace("elbow", "elbow_joint") for name in robot.joints]
    text = check_joint_names(robot, names)
    assert "lack 1 of the 6 joints of 'toy': 'elbow' (did you mean 'elbow_joint'?)" in text


def test_long_lists_are_cut(robot):
    assert "and 2 more" in check_joint_names(robot, ["shoulder"])


def test_another_robot_is_called_so(robot):
    text = check_joint_names(robot, ["panda_joint1", "panda_joint2"])
    assert "'toy' is for another robot" in text
    assert "panda_joint1" in text
    assert "another robot" in check_joint_names(robot, [])
