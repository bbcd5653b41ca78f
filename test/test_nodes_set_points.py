"""Commands as velocities and poses: right in every frame, and the last word is zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from chain_values import home, stamp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kinds import BASE, DOWN, PLACE, TURN, every_kind
from scipy.spatial.transform import Rotation

from aura_ros.conversions.fields import nanoseconds
from aura_ros.nodes.set_points import (
    POSE_STAMPED,
    STILL_REPEATS,
    TWIST,
    TWIST_STAMPED,
    SetPoints,
    is_still,
    message_of,
)
from aura_ros.robot.description import CommandOutput
from aura_ros.types import Command

ROBOT = every_kind()
GROUPS = {group.name: group for group in ROBOT.groups}
turns = arrays(np.float64, 3, elements=st.floats(-1.6, 1.6))
rates = arrays(np.float64, 3, elements=st.floats(-1.5, 1.5))


def command(position=None, velocity=None, passed=True):
    position = home(ROBOT) if position is None else position
    return Command(stamp(0.0), position, np.zeros(12) if velocity is None else velocity, passed)


def output(kind, group, robot=ROBOT):
    joints = next(g.joints for g in robot.groups if g.name == group)
    return CommandOutput(group, "topic", kind, joints)


def said(kind, group, robot=ROBOT, **values):
    return message_of(output(kind, group, robot), robot)(command(**values))


def numbers(vector):
    names = ("x", "y", "z", "w") if hasattr(vector, "w") else ("x", "y", "z")
    return [getattr(vector, name) for name in names]


def velocity(**columns):
    made = np.zeros(12)
    for name, value in columns.items():
        made[ROBOT.joints.index(name)] = value
    return made


# --- bases ----------------------------------------------------------------------------------------


def test_a_base_is_told_its_velocity_forward_left_and_turning():
    twist = said(TWIST, "base", velocity=velocity(x=0.3, y=-0.2, yaw=0.7, elbow=9.0, rx=9.0))
    assert numbers(twist.linear) == [0.3, -0.2, 0.0]
    assert numbers(twist.angular) == [0.0, 0.0, 0.7]


def test_the_velocity_of_a_base_does_not_depend_on_what_it_has_driven():
    driven = home(ROBOT)
    driven[BASE] = 3.0, 4.0, 1.0
    same = velocity(x=0.3, y=0.1, yaw=0.2)
    assert said(TWIST, "base", position=driven, velocity=same) == said(TWIST, "base", velocity=same)


def test_a_differential_drive_has_no_sideways_column():
    groups = (replace(GROUPS["base"], joints=("x", "yaw")),)
    robot = every_kind(groups=groups)
    message = message_of(output(TWIST, "base", robot), robot)
    twist = message(Command(stamp(0.0), np.zeros(2), np.array([0.3, -0.7]), True))
    assert numbers(twist.linear) == [0.3, 0.0, 0.0]
    assert numbers(twist.angular) == [0.0, 0.0, -0.7]


def test_stamped_velocities_name_time_and_frame():
    stamped = said(TWIST_STAMPED, "base", velocity=velocity(x=0.3))
    assert (stamped.header.frame_id, stamped.twist.linear.x) == ("base_link", 0.3)
    assert nanoseconds(stamped.header.stamp) == stamp(0.0)
    assert said(TWIST_STAMPED, "tool").header.frame_id == "world"


# --- tools ----------------------------------------------------------------------------------------


def tool_at(turn, place=(0.1, 0.2, 0.3)):
    position = home(ROBOT)
    position[PLACE], position[TURN] = place, turn
    return position


@given(turns, rates)
def test_the_angular_velocity_of_a_tool_is_the_true_one_in_its_frame(turn, rate):
    moving = np.zeros(12)
    moving[PLACE], moving[TURN] = (0.1, -0.2, 0.3), rate
    message = said(TWIST_STAMPED, "tool", position=tool_at(turn), velocity=moving)
    assert numbers(message.twist.linear) == [0.1, -0.2, 0.3]
    omega = np.array(numbers(message.twist.angular))
    step = 1e-6
    before, after = (
        Rotation.from_quat(DOWN) * Rotation.from_rotvec(turn + sign * step / 2 * rate)
        for sign in (-1, 1)
    )
    np.testing.assert_allclose(omega, (after * before.inv()).as_rotvec() / step, atol=1e-5)
    # So the limits of the columns bound the true angular velocity.
    assert np.linalg.norm(omega) <= np.linalg.norm(rate) * (1 + 1e-12) + 1e-12


@given(turns)
def test_a_pose_is_the_planned_place_and_orientation(turn):
    message = said(POSE_STAMPED, "tool", position=tool_at(turn))
    assert message.header.frame_id == "world"
    assert nanoseconds(message.header.stamp) == stamp(0.0)
    assert numbers(message.pose.position) == [0.1, 0.2, 0.3]
    given = Rotation.from_quat(numbers(message.pose.orientation))
    expected = Rotation.from_quat(DOWN) * Rotation.from_rotvec(turn)
    assert (given * expected.inv()).magnitude() < 1e-7


# --- the last word --------------------------------------------------------------------------------


class Heard(list):
    publish = list.append


def base(kind=TWIST):
    heard = Heard()
    return heard, SetPoints(heard, output(kind, "base"), ROBOT)


@pytest.mark.parametrize("kind", [TWIST, TWIST_STAMPED])
def test_where_no_command_follows_motion_zero_is_said_once(kind):
    heard, points = base(kind)
    points.halt()
    assert not heard
    points.publish(command(velocity=velocity(x=0.3, yaw=-0.1)))
    assert not is_still(heard[-1])
    points.halt()
    points.halt()
    assert len(heard) == 2
    assert is_still(heard[-1])


def test_a_robot_at_rest_hears_so_for_a_while_and_then_others_may_drive_it():
    heard, points = base()
    points.publish(command())
    assert not heard
    for _ in range(2):
        points.publish(command(velocity=velocity(y=0.1)))
        before = len(heard)
        for _ in range(2 * STILL_REPEATS):
            points.publish(command())
        assert len(heard) - before == STILL_REPEATS
        assert is_still(heard[-1])
    points.halt()
    assert len(heard) == 2 * (STILL_REPEATS + 1)


def test_a_command_that_was_held_back_is_a_zero_velocity():
    heard, points = base()
    points.publish(command(velocity=velocity(x=0.3)))
    points.publish(command(passed=False))
    assert is_still(heard[-1])


def test_poses_and_positions_are_repeated_at_rest_and_not_halted():
    heard = Heard()
    points = SetPoints(heard, output(POSE_STAMPED, "tool"), ROBOT)
    for _ in range(2 * STILL_REPEATS):
        points.publish(command())
    points.halt()
    assert len(heard) == 2 * STILL_REPEATS
