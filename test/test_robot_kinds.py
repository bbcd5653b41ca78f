"""Groups of every kind in a configuration: what follows from them, and what is said of bad ones."""

from dataclasses import fields

import numpy as np
import pytest
import yaml
from kinds import CONFIG, DOWN, every_kind
from robot_files import config as toy_config
from robot_files import write

from aura_ros.robot.description import Limits, Switching
from aura_ros.robot.load import load_robot
from aura_ros.robot.problems import RobotConfigError


def changed(path, value):
    """The configuration with ``value`` at a dotted path; None removes the key."""
    values = yaml.safe_load(CONFIG)
    *parents, last = path.split(".")
    table = values
    for parent in parents:
        table = table.setdefault(parent, {})
    if value is None:
        del table[last]
    else:
        table[last] = value
    return values


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kinds")


def load(folder, values=None, **options):
    path = folder / "every.yaml"
    path.write_text(CONFIG if values is None else yaml.safe_dump(values, sort_keys=False))
    return load_robot(path, **options)


def refusal(folder, values):
    with pytest.raises(RobotConfigError) as caught:
        load(folder, values)
    return caught.value


# --- what a valid file says -----------------------------------------------------------------------


def test_all_kinds_are_read(folder):
    robot, same = load(folder), every_kind()
    assert robot.joints == same.joints
    for field in fields(Limits):
        found, expected = getattr(robot.limits, field.name), getattr(same.limits, field.name)
        np.testing.assert_array_equal(found, expected, field.name)
    assert robot.continuous_joints == {"spin"}
    base, tool, gripper = robot.groups[2:]
    assert (base, tool, gripper) == same.groups[1:]
    assert (base.frame, tool.frame, tool.orientation) == ("base_link", "world", DOWN)
    assert gripper.switching == Switching(0.0, 0.04, 0.4, 0.6, 0.1, 0.0)


def test_masks_follow_from_the_kinds(folder):
    robot = load(folder)
    columns = np.array(robot.joints)
    assert list(columns[robot.continuous]) == ["spin"]
    assert list(columns[~robot.measured]) == ["x", "y", "yaw"]
    assert list(columns[robot.switched]) == ["finger"]
    assert robot.stated == ("elbow", "spin", "finger")
    ((turn, longest),) = robot.rotations
    assert (list(columns[turn]), longest) == (["rx", "ry", "rz"], 2.8)


def test_a_differential_drive_has_two_columns(folder):
    values = changed("groups.base.joints", ["x", "yaw"])
    values["groups"]["base"]["limits"] = {"velocity": 1.0, "acceleration": 1.0, "jerk": 20.0}
    robot = load(folder, values)
    assert robot.groups[2].joints == ("x", "yaw")


def test_the_longest_rotation_is_a_choice(folder):
    robot = load(folder, changed("groups.tool.max_rotation", 1.0))
    turn = robot.group_indices("tool")[3:]
    np.testing.assert_array_equal(robot.limits.upper[turn], 1.0)
    assert robot.rotations[0][1] == 1.0


def test_rotation_columns_may_be_limited_further(folder):
    values = changed("groups.tool.limits.lower", [-1.0, -1.0, 0.0, -0.1, -0.2, -0.3])
    turn = load(folder, values).group_indices("tool")[3:]
    np.testing.assert_array_equal(load(folder, values).limits.lower[turn], [-0.1, -0.2, -0.3])


def test_an_orientation_is_normalised(folder):
    values = changed("groups.tool.orientation", [0.7071, 0.0, 0.0, 0.7071])
    orientation = load(folder, values).groups[3].orientation
    assert orientation == pytest.approx((np.sqrt(0.5), 0, 0, np.sqrt(0.5)), abs=1e-12)
    values = changed("groups.tool.orientation", None)
    assert load(folder, values).groups[3].orientation == (0.0, 0.0, 0.0, 1.0)


def test_a_pose_may_be_commanded_as_a_pose(folder):
    robot = load(folder, commands=["joints", "base", "pose", "gripper"])
    assert robot.commands[2].type == "geometry_msgs/msg/PoseStamped"


def test_joints_are_continuous_by_their_urdf_unless_they_have_limits(tmp_path):
    assert load_robot(write(tmp_path)).continuous_joints == {"wrist"}
    values = toy_config()
    values["groups"]["arm"]["limits"] |= {"lower": [-2, -1, -3], "upper": [2, 1.5, 3]}
    robot = load_robot(write(tmp_path, values))
    assert robot.continuous_joints == frozenset()
    assert not robot.continuous.any()


def test_a_limit_set_may_slow_a_base_but_gives_it_no_end(folder):
    values = changed("limit_sets", {"slow": {"base": {"velocity": 0.2}}})
    np.testing.assert_array_equal(load(folder, values, limit_set="slow").limits.velocity[2:5], 0.2)
    values["limit_sets"]["slow"]["base"] = {"upper": 1.0}
    assert "limit_sets.slow.base.upper" in str(refusal(folder, values))


# --- what is said of a bad file -------------------------------------------------------------------

BAD = [
    # path, value (None: removed), key of the problem, words
    ("groups.base.kind", "bse", "groups.base.kind", "did you mean 'base'"),
    ("groups.base.unit", "m", "groups.base.unit", "write si"),
    ("groups.arm.unit", "si", "groups.arm.unit", "write rad, m or normalised"),
    ("groups.base.joints", ["x"], "groups.base.joints", "x, y, yaw or x, yaw"),
    ("groups.tool.joints", ["px", "py", "pz"], "groups.tool.joints", "x, y, z, rx, ry, rz"),
    ("groups.base.limits.lower", -1.0, "groups.base.limits.lower", "remove it"),
    ("groups.base.limits.jerk", None, "groups.base.limits.jerk", "is missing"),
    ("groups.base.limits.velocity", None, "groups.base.limits.velocity", "declare it"),
    ("groups.tool.limits.margin", None, "groups.tool.limits.margin", "is missing"),
    ("groups.tool.limits.lower", None, "groups.tool.limits.lower", "declare it"),
    ("groups.tool.limits.upper", 3.0, "groups.tool.limits.upper",
     "'rx' has 2.8 in groups.tool.max_rotation"),
    ("groups.tool.frame", None, "groups.tool.frame", "is missing"),
    ("groups.tool.frame", "/world", "groups.tool.frame", "without a leading slash"),
    ("groups.tool.orientation", [0, 0, 1.0], "groups.tool.orientation", "four numbers"),
    ("groups.tool.orientation", [0, 0, 0, 0], "groups.tool.orientation", "quaternion"),
    ("groups.tool.orientation", [0, 0, 1, 1], "groups.tool.orientation",
     "write [0, 0, 0.707107, 0.707107]"),
    ("groups.tool.max_rotation", 3.1, "groups.tool.max_rotation", "0 to 3"),
    ("groups.arm.frame", "world", "groups.arm.frame", "kind base or pose"),
    ("groups.arm.orientation", [0, 0, 0, 1], "groups.arm.orientation", "kind pose"),
    ("groups.arm.max_rotation", 1.0, "groups.arm.max_rotation", "kind pose"),
    ("groups.arm.switching", {"closed": 0, "opened": 1}, "groups.arm.switching", "kind gripper"),
    ("groups.gripper.continuous", ["finger"], "groups.gripper.continuous", "kind joints"),
    ("groups.arm.continuous", ["elbow"], "groups.arm.continuous[0]", "never wrap"),
    ("groups.wrist.continuous", ["spn"], "groups.wrist.continuous[0]", "no joint of this group"),
    ("groups.wrist.unit", "m", "groups.wrist.continuous", "unit rad"),
    ("groups.gripper.switching.closed", None, "groups.gripper.switching.closed", "is missing"),
    ("groups.gripper.switching.closed", 0.04, "groups.gripper.switching", "same position"),
    ("groups.gripper.switching.opened", 0.06, "groups.gripper.switching.opened", "0 to 0.05"),
    ("groups.gripper.switching.closed", -0.01, "groups.gripper.switching.closed", "0 to 0.05"),
    ("groups.gripper.switching.low", 0.6, "groups.gripper.switching.low", "below high = 0.6"),
    ("groups.gripper.switching.low", 0.0, "groups.gripper.switching.low", "above 0"),
    ("groups.gripper.switching.high", 1.0, "groups.gripper.switching.low", "high below 1"),
    ("groups.gripper.switching.debounce", 0.81, "groups.gripper.switching.debounce",
     "at most 0.8, the length of a chunk"),
    ("action.row_period", 0.005, "groups.gripper.switching.debounce", "raise action.horizon"),
    ("groups.gripper.switching.lead", -0.1, "groups.gripper.switching.lead", "from 0 to 5"),
    ("observation.pose", None, "observation.pose.tool", "add the topic"),
    ("observation.pose.tol", "tool_pose2", "observation.pose.tol", "did you mean 'tool'"),
    ("commands.base.type", "geometry_msgs/msg/PoseStamped", "commands.base.type",
     "cannot command 'base', a group of kind base; use geometry_msgs/msg/Twist or"),
    ("commands.tool.type", "geometry_msgs/msg/Twist", "commands.tool.type", "TwistStamped or"),
    ("commands.gripper.type", "geometry_msgs/msg/Twist", "commands.gripper.type", "Float64"),
    ("commands.base.type", "std_msgs/msg/Float64MultiArray", "commands.base.type", "Twist"),
    ("commands.joints.groups", ["arm", "wrist", "base"], "commands.joints.type", "'base'"),
    ("commands.base.groups", ["base", "tool"], "commands.base", "commands one whole group"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "key", "words"), BAD)
def test_says_where_what_and_how_to_repair(path, value, key, words, folder):
    error = refusal(folder, changed(path, value))
    found = [str(problem) for problem in error.problems if problem.key == key]
    assert any(words in text for text in found), str(error)
    assert all(problem.limit and problem.remedy for problem in error.problems)


def test_one_base_or_tool_is_commanded_whole_and_in_order(folder):
    values = changed("commands.base.groups", None)
    values["commands"]["base"]["joints"] = ["y", "x", "yaw"]
    assert "commands one whole group" in str(refusal(folder, values))


def test_a_switching_gripper_stays_inside_a_tighter_limit_set(folder):
    values = changed("limit_sets", {"narrow": {"gripper": {"upper": 0.03}}})
    load(folder, values)
    with pytest.raises(RobotConfigError, match=r"gripper.switching.opened = 0.04"):
        load(folder, values, limit_set="narrow")
