"""Measured poses and joint states become one state, and what is not one is said."""

from types import SimpleNamespace

import numpy as np
import pytest
from chain_values import stamp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kinds import BASE, DOWN, PLACE, SPIN, TURN, every_kind

from aura_ros.conversions import ConversionError
from aura_ros.conversions.poses import StateReader
from aura_ros.conversions.sensors import JointReader
from aura_ros.motion.rotations import from_quaternion
from aura_ros.types import NS

Rotation = pytest.importorskip("scipy.spatial.transform").Rotation
ROBOT = every_kind()
GIVEN = {"elbow": 0.5, "spin": 3.1, "finger": 0.02, "wheel": 9.0}


def header(seconds, frame=""):
    sec, nanosec = divmod(stamp(seconds), NS)
    return SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec), frame_id=frame)


def joint_state(seconds, velocity=(), **changes):
    values = GIVEN | changes
    return SimpleNamespace(
        header=header(seconds),
        name=list(values),
        position=list(values.values()),
        velocity=list(velocity),
    )


def pose(seconds, place=(0.1, 0.2, 0.3), quaternion=DOWN, frame="world"):
    return SimpleNamespace(
        header=header(seconds, frame),
        pose=SimpleNamespace(
            position=SimpleNamespace(**dict(zip("xyz", place, strict=True))),
            orientation=SimpleNamespace(**dict(zip("xyzw", quaternion, strict=True))),
        ),
    )


def reader():
    return StateReader(ROBOT, from_quaternion)


# --- joints -------------------------------------------------------------------------------------


def test_columns_that_are_no_joints_are_zero_and_need_not_be_named():
    state = JointReader(ROBOT).read_joints(joint_state(0.0, velocity=[0.1, 0.2, 0.3, 0.4]))
    expected = np.zeros(12)
    expected[[0, 1, 11]] = 0.5, 3.1, 0.02
    np.testing.assert_array_equal(state.position, expected)
    expected[[0, 1, 11]] = 0.1, 0.2, 0.3
    np.testing.assert_array_equal(state.velocity, expected)


def test_velocities_that_were_not_given_go_the_short_way_round():
    joints = JointReader(ROBOT)
    joints.read_joints(joint_state(0.0, spin=3.1))
    state = joints.read_joints(joint_state(0.1, spin=3.2 - 2 * np.pi, elbow=0.4))
    np.testing.assert_allclose(state.velocity[[0, SPIN]], [-1.0, 1.0])
    assert not state.velocity[BASE].any()


def test_joints_that_are_missing_are_named_but_no_column_of_base_or_tool():
    message = joint_state(0.0)
    message.name[1] = "spn"
    with pytest.raises(ConversionError, match="lack 1 of the 3 joints of 'toy': 'spin'"):
        JointReader(ROBOT).read_joints(message)


def test_joints_alone_are_no_state_of_a_robot_with_poses():
    with pytest.raises(ConversionError, match="poses on tool_pose are part of it"):
        JointReader(ROBOT).read(joint_state(0.0))
    jointed = every_kind(groups=ROBOT.groups[:2])
    assert JointReader(jointed).read(joint_state(0.0)).position[0] == 0.5


# --- poses --------------------------------------------------------------------------------------


@given(arrays(np.float64, 3, elements=st.floats(-1.7, 1.7)), st.sampled_from([1, -1]))
def test_a_pose_is_place_and_rotation_vector_from_the_orientation(vector, sign):
    quaternion = (Rotation.from_quat(DOWN) * Rotation.from_rotvec(vector)).as_quat()
    state = reader()
    assert state.read_joints(joint_state(0.0)) is None
    value = state.read_pose("tool", pose(0.0, quaternion=sign * quaternion))
    np.testing.assert_allclose(value.position[TURN], vector, atol=1e-9)
    np.testing.assert_array_equal(value.position[PLACE], [0.1, 0.2, 0.3])
    assert (value.position[0], value.position[11]) == (0.5, 0.02)


def test_velocities_of_a_pose_are_differences():
    state = reader()
    state.read_joints(joint_state(0.0))
    first = state.read_pose("tool", pose(0.0))
    assert not first.velocity.any()
    turned = (Rotation.from_quat(DOWN) * Rotation.from_rotvec([0.0, 0.0, 0.2])).as_quat()
    state.read_pose("tool", pose(0.1, place=(0.1, 0.3, 0.3), quaternion=turned))
    value = state.read_joints(joint_state(0.1))
    np.testing.assert_allclose(value.velocity[PLACE], [0.0, 1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(value.velocity[TURN], [0.0, 0.0, 2.0], atol=1e-9)


def test_a_state_comes_when_all_of_it_is_new_with_the_older_stamp():
    state = reader()
    assert state.read_pose("tool", pose(0.00)) is None
    assert state.read_joints(joint_state(0.01)).stamp_ns == stamp(0.00)
    # Joints alone, a pose that repeats, and the pose again: nothing is whole before both are new.
    assert state.read_joints(joint_state(0.02)) is None
    assert state.read_pose("tool", pose(0.00)) is None
    assert state.read_joints(joint_state(0.04)) is None
    value = state.read_pose("tool", pose(0.05, place=(0.0, 0.0, 0.9)))
    assert value.stamp_ns == stamp(0.04)
    assert value.position[PLACE][2] == 0.9
    assert state.read_pose("tool", pose(0.06)) is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (pose(0.0, frame="map"), "frame 'map', the configuration says 'world'"),
        (pose(0.0, quaternion=(0, 0, 0, 0)), "no unit quaternion"),
        (pose(0.0, quaternion=(0, 0, 0, 1.1)), "no unit quaternion"),
        (pose(0.0, quaternion=(np.nan, 0, 0, 1)), "no unit quaternion"),
        (pose(0.0, place=(0.1, np.inf, 0.0)), "not finite"),
    ],
)
def test_what_is_no_pose_is_said_and_never_part_of_a_state(message, words):
    state = reader()
    state.read_joints(joint_state(0.0))
    with pytest.raises(ConversionError, match=words):
        state.read_pose("tool", message)
    assert state.read_joints(joint_state(0.01)) is None
