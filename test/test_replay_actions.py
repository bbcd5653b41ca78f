"""Recorded commands become arrays: at the right times, for the right joints, or not at all."""

import math

import numpy as np
import pytest
from chain_values import toy
from hypothesis import given
from hypothesis import strategies as st
from replay_recordings import POSITIONS, TRAJECTORY, positions, trajectory

from aura_ros.conversions import ConversionError
from aura_ros.policy.backend import BackendError
from aura_ros.replay.actions import (
    ActionReader,
    Segment,
    SegmentBackend,
    segments,
)
from aura_ros.types import NS, JointState, KinematicState, Observation, Request

ROBOT = toy()
NAMES = ROBOT.joints
POSITION = [0.1, 0.2, 0.03]
STAMP = 1_000 * NS


def read(message, kind=TRAJECTORY, log_ns=5 * NS):
    return ActionReader(ROBOT, kind).read(log_ns, message)


def test_a_command_counts_at_its_stamp_plus_time_from_start():
    time_ns, position = read(trajectory(STAMP, NAMES, POSITION, ahead_ns=33))
    assert time_ns == STAMP + 33
    assert position.tolist() == POSITION


def test_without_a_stamp_it_counts_from_its_log_time():
    assert read(trajectory(0, NAMES, POSITION, ahead_ns=33))[0] == 5 * NS + 33


def test_joints_come_in_the_robots_order_whatever_the_message_says():
    names = ("extra", *reversed(NAMES))
    message = trajectory(STAMP, names, [9.0, *reversed(POSITION)])
    assert read(message)[1].tolist() == POSITION


def test_of_a_full_trajectory_the_first_point_counts():
    message = trajectory(STAMP, NAMES, POSITION, ahead_ns=10)
    message.points.extend(trajectory(STAMP, NAMES, [9, 9, 9], ahead_ns=20).points)
    assert read(message) == (STAMP + 10, pytest.approx(POSITION))


def test_plain_positions_count_at_their_log_time():
    time_ns, position = read(positions(POSITION), POSITIONS)
    assert (time_ns, position.tolist()) == (5 * NS, POSITION)


def without_points():
    message = trajectory(STAMP, NAMES, POSITION)
    message.points.clear()
    return message


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (trajectory(STAMP, ("a", "b", "c"), POSITION), TRAJECTORY, "lack 3 of the 3 joints"),
        (trajectory(STAMP, NAMES, POSITION[:2]), TRAJECTORY, "3 joint names and 2 positions"),
        (trajectory(STAMP, NAMES, [0.1, math.nan, 0.0]), TRAJECTORY, "joint_1 is not finite"),
        (without_points(), TRAJECTORY, "without points"),
        (positions([0.1] * 4), POSITIONS, "have 4 numbers, 'toy' has 3 joints"),
    ],
)
def test_what_is_no_command_for_this_robot_is_told(message, kind, words):
    with pytest.raises(ConversionError, match=words):
        read(message, kind)


# --- segments -------------------------------------------------------------------------------


def commands(*times):
    return [(k * NS, round(t * NS), np.full(3, float(t))) for k, t in enumerate(times)]


def seconds(run):
    return (run.time_ns / NS).tolist()


def test_late_and_repeated_commands_are_dropped():
    (run,) = segments(commands(1, 2, 2, 1.5, 3))
    assert seconds(run) == [1, 2, 3]


def test_a_recording_that_loops_has_a_segment_for_each_round():
    first, second = segments(commands(1, 2, 3, 1, 2, 3))
    assert seconds(first) == seconds(second) == [1, 2, 3]
    assert second.log_ns == 3 * NS


def test_one_command_alone_is_no_segment():
    assert segments(commands(1)) == []
    assert segments([]) == []


@given(st.lists(st.floats(0, 100), max_size=30))
def test_times_in_a_segment_always_increase(times):
    for run in segments(commands(*times)):
        assert (np.diff(run.time_ns) > 0).all()


def test_between_commands_positions_are_interpolated_and_held_at_the_ends():
    (run,) = segments(commands(1, 2, 4))
    wanted = np.array([0, 1.5, 3, 9]) * NS
    assert run.at(wanted.astype(np.int64))[:, 0].tolist() == [1, 1.5, 3, 4]


def request(time_s):
    at = round(time_s * NS)
    zero = np.zeros(3)
    observation = Observation(at, {}, JointState(at, np.array(POSITION), zero), "x")
    return Request(1, 1, observation, KinematicState(at, zero, zero, zero), None)


def test_a_backend_answers_from_the_segment_of_its_time():
    runs = segments([*commands(1, 2, 3), *[(10 * NS + a, b, -c) for a, b, c in commands(1, 2, 3)]])
    backend = SegmentBackend(runs, ROBOT)
    assert backend.act(request(2), backend.encode(request(2).observation))[0, 0] == 2
    backend.jump(10 * NS)
    assert backend.segment is runs[1]
    assert backend.act(request(2), POSITION)[0, 0] == -2
    backend.jump(0)
    assert backend.segment is runs[0]
    with pytest.raises(BackendError, match="no command at this time"):
        backend.act(request(60), POSITION)


def test_segments_are_values():
    assert isinstance(segments(commands(1, 2))[0], Segment)
