"""The configurations in config/robots: each loads, and says of limits what its source says."""

import numpy as np
import pytest

from aura_ros.motion.stop import tail_ratios
from aura_ros.robot.find import CHECKOUT, read_urdf
from aura_ros.robot.fit import check_joint_names
from aura_ros.robot.load import load_robot
from aura_ros.robot.problems import Problems, RobotConfigError
from aura_ros.robot.urdf import Urdf
from aura_ros.types import NS

FOLDER = CHECKOUT / "config/robots"
SHIPPED = {"embedded_panda", "franka_fr3", "metaworld_sawyer", "panda_servo", "so101",
           "tiago_pro", "unitree_g1", "ur5"}

# Joint limits of franka_description 1.x, robots/fr3/joint_limits.yaml: lower, upper, velocity.
FR3 = [(-2.7437, 2.7437, 2.62), (-1.7837, 1.7837, 2.62), (-2.9007, 2.9007, 2.62),
       (-3.0421, -0.1518, 2.62), (-2.8065, 2.8065, 5.26), (0.5445, 4.5169, 4.18),
       (-3.0159, 3.0159, 5.26)]
FR3_URDF = "<robot name='fr3'>" + "".join(
    f"<joint name='fr3_joint{i}' type='revolute'>"
    f"<limit lower='{lower}' upper='{upper}' velocity='{velocity}' effort='1'/></joint>"
    for i, (lower, upper, velocity) in enumerate(FR3, start=1)
) + "</robot>"

# Configuration -> its URDF in example-robot-data, and the groups whose limits are the URDF's.
URDFS = {
    "embedded_panda": ("panda_description/urdf/panda.urdf", {
        "arm": ("lower", "upper", "velocity"), "gripper": ("lower", "upper", "velocity")}),
    "ur5": ("ur_description/urdf/ur5_robot.urdf", {"arm": ("lower", "upper")}),
    "so101": ("so_arm_description/urdf/so101.urdf", {
        "arm": ("lower", "upper"), "gripper": ("lower", "upper")}),
    "unitree_g1": ("g1_description/urdf/g1_29dof_with_hand_rev_1_0.urdf", {
        "left_arm": ("lower", "upper", "velocity"), "right_arm": ("lower", "upper", "velocity")}),
    "panda_servo": ("panda_description/urdf/panda.urdf", {
        "gripper": ("lower", "upper", "velocity")}),
    "tiago_pro": ("tiago_pro_description/robots/tiago_pro.urdf", {
        "torso": ("lower", "upper", "velocity"), "right_arm": ("lower", "upper", "velocity"),
        "right_gripper": ("lower", "upper", "velocity")}),
}


def urdf_bytes(path):
    """A URDF of example-robot-data; the test is skipped where that is not installed."""
    source = dict.fromkeys(("file", "package", "path", "topic")) | {"example_robot_data": path}
    problems = Problems("test")
    data = read_urdf(source, FOLDER, problems)
    if data is None:
        pytest.skip(f"example-robot-data with {path} is not installed")
    return data


def load(name, **options):
    if name in URDFS:
        urdf_bytes(URDFS[name][0])
    return load_robot(name, urdf_text=FR3_URDF if name == "franka_fr3" else None, **options)


def test_every_file_is_tested():
    assert {file.stem for file in FOLDER.glob("*.yaml")} == SHIPPED


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_loads_under_its_own_name(name):
    robot = load(name)
    assert robot.name == name
    assert check_joint_names(robot, robot.stated) == ""
    assert len(robot.limits.lower) == len(robot.joints)


@pytest.mark.parametrize("name", sorted(URDFS))
def test_limits_are_those_of_the_urdf(name):
    path, groups = URDFS[name]
    urdf, robot = Urdf(urdf_bytes(path)), load(name)
    for group, fields in groups.items():
        indices = robot.group_indices(group)
        joints = [urdf.joint(robot.joints[i]) for i in indices]
        for field in fields:
            expected = [getattr(joint, field) for joint in joints]
            np.testing.assert_array_equal(getattr(robot.limits, field)[indices], expected)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_margins(name):
    robot = load(name)
    expected = {"rad": 0.005, "m": 0.0005, "normalised": 0.01, "base": 0.0, "pose": 0.005}
    for i, margin in enumerate(robot.limits.margin):
        group = robot.group_of(i)
        assert margin == expected[group.kind if group.unit == "si" else group.unit]


def test_panda_has_frankas_published_limits():
    limits = load("embedded_panda").limits
    np.testing.assert_array_equal(limits.velocity[:7], [2.175] * 4 + [2.61] * 3)
    np.testing.assert_array_equal(limits.acceleration[:7], [15, 7.5, 10, 12.5, 15, 20, 20])
    np.testing.assert_array_equal(limits.jerk[:7], 500 * limits.acceleration[:7])


def test_panda_is_commanded_by_trajectory_or_position():
    (trajectory,) = load("embedded_panda").commands
    (position,) = load("embedded_panda", commands=["position"]).commands
    assert trajectory.topic == "joint_trajectory_controller/joint_trajectory"
    assert position.topic == "position_controller/commands"
    assert trajectory.joints == position.joints
    assert trajectory.joints[-1] == "panda_finger_joint1"


def test_fr3_stays_inside_its_urdf_and_needs_it():
    limits = load("franka_fr3").limits
    lower, upper, velocity = np.array(FR3).T
    assert np.all(limits.lower > lower)
    assert np.all(limits.upper < upper)
    assert np.all(limits.velocity < velocity)
    with pytest.raises(RobotConfigError, match="urdf_text"):
        load_robot("franka_fr3")


def test_g1_arms_have_a_collaborative_set():
    robot, slow = load("unitree_g1"), load("unitree_g1", limit_set="collaborative")
    arms = np.concatenate([robot.group_indices("left_arm"), robot.group_indices("right_arm")])
    hands = np.concatenate([robot.group_indices("left_hand"), robot.group_indices("right_hand")])
    assert (len(arms), len(hands)) == (14, 12)
    np.testing.assert_array_equal(slow.limits.velocity[arms], 2.0)
    np.testing.assert_array_equal(slow.limits.acceleration[arms], 40.0)
    for limits in (robot.limits, slow.limits):
        np.testing.assert_array_equal(limits.lower[hands], 0.0)
        np.testing.assert_array_equal(limits.upper[hands], 1.0)
        np.testing.assert_array_equal(limits.velocity[hands], 10.0)
        np.testing.assert_array_equal(limits.acceleration[hands], 400.0)
    assert (robot.row_period_ns, robot.horizon) == (33_333_333, 30)
    assert robot.cameras[0].compressed


def test_g1_is_the_robot_of_the_recordings():
    reader = pytest.importorskip("rosbags.highlevel")
    folder = CHECKOUT.parent / "shared/data/g1_bottle/g1_ep001"
    if not folder.is_dir():
        pytest.skip(f"the recording {folder.name} is not there")
    robot = load("unitree_g1")
    with reader.AnyReader([folder]) as bag:
        topics = {connection.topic.lstrip("/") for connection in bag.connections}
        states = [c for c in bag.connections if c.topic == "/joint_states"]
        connection, _, data = next(bag.messages(states))
        names = bag.deserialize(data, connection.msgtype).name
    assert tuple(names) == robot.joints
    assert {robot.joint_states_topic, robot.recorded_action_topic, robot.cameras[0].topic} <= topics


@pytest.mark.parametrize(
    ("name", "group"),
    [("metaworld_sawyer", "tool"), ("panda_servo", "tool"), ("tiago_pro", "base")],
)
def test_bases_and_tools_can_stop_from_their_speed_within_the_tail(name, group):
    robot = load(name)
    fast = robot.limits.velocity[None] * np.isin(robot.joints, robot.group_of(0).joints)
    assert robot.group_of(0).name == group
    middle, h = np.zeros_like(fast), robot.knot_period_ns / NS
    used = tail_ratios(middle, fast, middle, robot.stop_knots, h, robot.limits)
    assert (np.maximum(used.acceleration, used.jerk) <= 1.0).all()


def test_tiago_drives_by_velocity_and_its_gripper_is_open_or_closed():
    robot = load("tiago_pro")
    base, gripper = robot.groups[0], robot.groups[-1]
    assert (base.kind, base.frame, len(base.joints)) == ("base", "base_link", 3)
    assert np.isinf(robot.limits.upper[:3]).all()
    assert (gripper.switching.closed, gripper.switching.opened) == (0.79, 0.0)
    assert robot.commands[0].type == "geometry_msgs/msg/Twist"
    assert not robot.continuous.any()


@pytest.mark.parametrize(("outputs", "kind"), [(None, "Pose"), (["twist", "gripper"], "Twist")])
def test_panda_is_moved_by_servo_with_poses_or_velocities(outputs, kind):
    robot = load("panda_servo", commands=outputs)
    assert robot.commands[0].type == f"geometry_msgs/msg/{kind}Stamped"
    (tool,) = robot.poses
    assert (tool.frame, tool.pose_topic, len(tool.joints)) == ("panda_link0", "current_pose", 6)
    assert robot.stated == ("panda_finger_joint1",)
