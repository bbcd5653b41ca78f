"""The controllers keep the contracts of joint_trajectory_controller and of position commands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.sim.controllers import (
    Controllers,
    JointTrajectoryController,
    PositionController,
    resting,
)
from aura_ros.sim.trajectory import CommandRefused, Point, TrajectoryCommand
from aura_ros.types import NS

JOINTS = ("a", "b")
T0 = 1_000 * NS


def ns(seconds):
    return round(seconds * NS)


def point(time_s, positions, velocities=(), accelerations=()):
    arrays = (np.array(values, float) for values in (positions, velocities, accelerations))
    return Point(ns(time_s), *arrays)


def command(*points, stamp_ns=0, names=JOINTS):
    return TrajectoryCommand(stamp_ns, names, points)


def controller(position=(0.0, 0.0)):
    return JointTrajectoryController(JOINTS, resting(np.array(position), T0))


def test_stamp_zero_means_now_and_positions_alone_are_joined_by_lines():
    jtc = controller()
    jtc.accept(command(point(1.0, [1.0, -2.0])), T0)
    state = jtc.desired(T0 + ns(0.25))
    np.testing.assert_allclose(state.position, [0.25, -0.5])
    np.testing.assert_allclose(state.velocity, [1.0, -2.0])


def test_velocities_make_cubics_and_accelerations_quintics():
    cubic, quintic = controller(), controller()
    cubic.accept(command(point(1.0, [1.0, 1.0], [0.0, 0.0])), T0)
    quintic.accept(command(point(1.0, [1.0, 1.0], [0.0, 0.0], [0.0, 0.0])), T0)
    t = 0.25
    assert cubic.desired(T0 + ns(t)).position[0] == pytest.approx(3 * t**2 - 2 * t**3)
    expected = 10 * t**3 - 15 * t**4 + 6 * t**5
    assert quintic.desired(T0 + ns(t)).position[0] == pytest.approx(expected)


def test_the_point_with_fewer_derivatives_decides():
    jtc = controller()
    full, bare = point(1.0, [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]), point(2.0, [3.0, 3.0])
    jtc.accept(command(full, bare), T0)
    jtc.desired(T0 + ns(1.0))
    np.testing.assert_allclose(jtc.desired(T0 + ns(1.5)).position, [2.0, 2.0])


@given(
    seed=st.integers(0, 1000),
    orders=st.lists(st.integers(0, 2), min_size=1, max_size=5),
)
def test_every_point_is_passed_through_and_the_last_is_held(seed, orders):
    rng = np.random.default_rng(seed)
    points, time_s = [], 0.0
    for index, order in enumerate(orders):
        time_s += rng.uniform(0.05, 1.0)
        derivatives = [rng.normal(size=2) for _ in range(order)]
        if index == len(orders) - 1:
            derivatives = [np.zeros(2) for _ in derivatives]
        points.append(point(time_s, rng.normal(size=2), *derivatives))
    jtc = controller()
    jtc.accept(command(*points), T0)
    for expected in points:
        state = jtc.desired(T0 + expected.time_ns)
        np.testing.assert_allclose(state.position, expected.positions, atol=1e-9)
        near = jtc.desired(T0 + expected.time_ns + 1)
        np.testing.assert_allclose(near.position, expected.positions, atol=1e-6)
    held = jtc.desired(T0 + points[-1].time_ns + 10 * NS)
    np.testing.assert_array_equal(held.position, points[-1].positions)
    np.testing.assert_array_equal(held.velocity, [0.0, 0.0])


def test_a_new_trajectory_replaces_the_old_one_from_the_desired_state():
    jtc = controller()
    jtc.accept(command(point(2.0, [2.0, 2.0], [0.0, 0.0], [0.0, 0.0])), T0)
    middle = T0 + ns(1.0)
    before = jtc.desired(middle)
    jtc.accept(command(point(1.0, [0.0, 0.0], [0.0, 0.0], [0.0, 0.0])), middle)
    after = jtc.desired(middle + 1)
    np.testing.assert_allclose(after.position, before.position, atol=1e-6)
    np.testing.assert_allclose(after.velocity, before.velocity, atol=1e-6)
    np.testing.assert_allclose(after.acceleration, before.acceleration, atol=1e-6)
    np.testing.assert_array_equal(jtc.desired(middle + 2 * NS).position, [0.0, 0.0])


def test_a_trajectory_after_a_long_hold_begins_where_it_was_held():
    jtc = controller()
    jtc.accept(command(point(1.0, [1.0, 1.0])), T0)
    jtc.desired(T0 + 100 * NS)
    jtc.accept(command(point(1.0, [2.0, 2.0])), T0 + 100 * NS)
    np.testing.assert_allclose(jtc.desired(T0 + 100 * NS + ns(0.5)).position, [1.5, 1.5])


def test_a_future_stamp_is_reached_by_interpolation():
    jtc = controller()
    points = (point(0.0, [1.0, 1.0], [0.0, 0.0]), point(1.0, [2.0, 2.0], [0.0, 0.0]))
    jtc.accept(command(*points, stamp_ns=T0 + ns(0.5)), T0)
    np.testing.assert_allclose(jtc.desired(T0 + ns(0.25)).position, [0.5, 0.5])
    np.testing.assert_allclose(jtc.desired(T0 + ns(0.5)).position, [1.0, 1.0])


def test_a_stamp_in_the_past_keeps_its_timing_and_leaves_past_points_out():
    jtc = controller()
    points = [point(t, [t, -t]) for t in (0.0, 0.5, 1.0, 1.5)]
    jtc.accept(command(*points, stamp_ns=T0 - ns(0.75)), T0)
    np.testing.assert_allclose(jtc.desired(T0).position, [0.75, -0.75])
    np.testing.assert_allclose(jtc.desired(T0 + ns(0.5)).position, [1.25, -1.25])


def test_joints_in_another_order_are_sorted():
    jtc = controller()
    jtc.accept(command(point(1.0, [2.0, 1.0]), names=("b", "a")), T0)
    np.testing.assert_allclose(jtc.desired(T0 + NS).position, [1.0, 2.0])


GOOD = point(1.0, [1.0, 1.0])
REFUSALS = {
    "unknown joints": command(GOOD, names=("a", "c")),
    "are missing": command(point(1.0, [1.0]), names=("a",)),
    "named twice": command(point(1.0, [1.0] * 3), names=("a", "b", "b")),
    "no points": command(),
    "times must increase": command(GOOD, point(1.0, [2.0, 2.0])),
    "is negative": command(point(-0.1, [1.0, 1.0])),
    "positions of point 0 has 3 numbers": command(point(1.0, [1.0] * 3)),
    "positions of point 0 has 0 numbers": command(point(1.0, [])),
    "velocities of point 0 has 1 numbers": command(point(1.0, [1.0] * 2, [0.0])),
    "not finite": command(point(1.0, [1.0, np.nan])),
    "accelerations without velocities": command(point(1.0, [1.0] * 2, [], [0.0] * 2)),
    "must end at rest": command(point(1.0, [1.0] * 2, [0.1, 0.0])),
    "ended 1.000 s ago": command(GOOD, stamp_ns=T0 - 2 * NS),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_refused_trajectory_is_named_and_changes_nothing(reason):
    jtc = controller()
    jtc.accept(command(point(1.0, [1.0, 1.0])), T0)
    with pytest.raises(CommandRefused, match=reason):
        jtc.accept(REFUSALS[reason], T0)
    np.testing.assert_allclose(jtc.desired(T0 + ns(0.5)).position, [0.5, 0.5])


def test_positions_are_held_until_others_come():
    position = PositionController(JOINTS, resting(np.zeros(2), T0))
    position.accept(np.array([0.1, 0.2]), T0)
    np.testing.assert_array_equal(position.desired(T0).position, [0.1, 0.2])
    np.testing.assert_array_equal(position.desired(T0 + 100 * NS).position, [0.1, 0.2])


@pytest.mark.parametrize("positions", [[0.1], [0.1] * 3, [], [[0.1, 0.2]], [0.1, np.inf]])
def test_refused_positions_change_nothing(positions):
    position = PositionController(JOINTS, resting(np.zeros(2), T0))
    with pytest.raises(CommandRefused, match="numbers"):
        position.accept(np.array(positions), T0)
    np.testing.assert_array_equal(position.desired(T0).position, [0.0, 0.0])


def test_the_controller_heard_last_is_in_charge():
    both = Controllers(JOINTS, np.zeros(2), T0)
    both.follow(command(point(1.0, [1.0, 1.0])), T0)
    np.testing.assert_allclose(both.target(T0 + ns(0.5)), [0.5, 0.5])
    both.go_to(np.array([0.3, 0.4]), T0 + ns(0.5))
    np.testing.assert_array_equal(both.target(T0 + ns(0.9)), [0.3, 0.4])
    both.follow(command(point(1.0, [1.3, 1.4])), T0 + NS)
    np.testing.assert_allclose(both.target(T0 + ns(1.5)), [0.8, 0.9])


def test_a_refused_command_does_not_take_charge():
    both = Controllers(JOINTS, np.zeros(2), T0)
    both.follow(command(point(1.0, [1.0, 1.0])), T0)
    with pytest.raises(CommandRefused):
        both.go_to(np.array([1.0]), T0)
    np.testing.assert_allclose(both.target(T0 + ns(0.5)), [0.5, 0.5])
