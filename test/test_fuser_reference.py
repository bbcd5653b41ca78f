"""Rows of a chunk on the knot grid."""

import numpy as np
import pytest
from chain_values import chunk, ns, stamp, toy

from aura_ros.fuser.reference import MAX_KNOTS, interpolated, knots_left, near, resampled

ROBOT = toy()
PERIOD = ns(0.02)


def ramp(count=16):
    """Rows that rise by 0.01 each, inside all limits of the arm."""
    return np.repeat(0.01 * np.arange(count)[:, None], 3, axis=1) * [1.0, 1.0, 0.1] + [0, 0, 0.01]


def found(value, first_s, count):
    return resampled(value, value.rows, ROBOT).at(stamp(first_s), count)


def test_rows_are_interpolated_in_time():
    value = chunk(ROBOT, rows=ramp())
    assert knots_left(value.end_ns, stamp(0.1), PERIOD) == (15 * 50 - 100) // 20
    times = 0.1 + 0.02 * np.arange(30)
    np.testing.assert_allclose(found(value, 0.1, 30)[:, 0], 0.01 * times / 0.05, atol=1e-12)


def test_between_rows_a_smooth_motion_is_followed_closer_than_by_straight_lines():
    rows = np.sin(2 * np.arange(0, 1.6, 0.05))[:, None] * np.ones(2)
    position = np.linspace(2, 28, 400)
    smooth = interpolated(rows, position, np.array([True, False]))
    errors = np.abs(smooth - np.sin(0.1 * position)[:, None]).max(axis=0)
    assert errors[0] < 5e-5 < 1e-3 < errors[1] + 1e-4


def test_a_gripper_that_steps_does_not_overshoot():
    rows = np.array([[0.0], [0.0], [1.0], [1.0]])
    between = interpolated(rows, np.linspace(0, 3, 50), np.array([False]))
    assert between.min() >= 0.0
    assert between.max() <= 1.0


def test_before_its_first_row_and_after_its_last_a_chunk_is_held():
    value = chunk(ROBOT, begin_s=0.2, rows=ramp())
    rows = found(value, 0.0, 60)
    np.testing.assert_allclose(rows[:10, 0], 0.0, atol=1e-12)
    assert rows[12, 0] > 0
    covered = resampled(value, value.rows, ROBOT).covers(stamp(0.0), 60)
    assert covered.argmax() == 10
    assert covered.sum() == 15 * 50 // 20 + 1


def test_rows_are_kept_inside_the_margin():
    rows = np.array([[9.0, -9.0, 9.0]] * 4)
    inside = [ROBOT.limits.upper[0] - 0.01, ROBOT.limits.lower[1] + 0.01, 0.049]
    at_limits = found(chunk(ROBOT, rows=rows), 0.0, 5)
    np.testing.assert_allclose(at_limits, np.broadcast_to(inside, (5, 3)))


def test_a_chunk_that_has_passed_has_no_knots_left():
    assert knots_left(chunk(ROBOT, rows=ramp()).end_ns, stamp(5.0), PERIOD) == 0


def test_an_endless_chunk_is_planned_in_parts():
    value = chunk(ROBOT, rows=ramp(), row_period_ns=ns(3600))
    assert knots_left(value.end_ns, stamp(0.0), PERIOD) == MAX_KNOTS
    assert len(resampled(value, value.rows, ROBOT).values) == MAX_KNOTS


@pytest.mark.parametrize("turns", [-3, 0, 2])
def test_joints_that_turn_without_end_go_on_from_where_they_are(turns):
    robot = toy(continuous_joints=frozenset({"joint_1"}))
    angle = np.linspace(3.0, 3.4, 8)
    wrapped = np.stack([angle * 0, (angle + np.pi) % (2 * np.pi) - np.pi, angle * 0], axis=1)
    place = np.array([0.0, 2.9 + 2 * np.pi * turns, 0.0])
    rows = near(wrapped, place, robot)
    np.testing.assert_allclose(rows[:, 1], angle + 2 * np.pi * turns)


def test_limited_joints_never_wrap():
    wrapped = np.array([[0.0, 3.0, 0.0], [0.0, -3.0, 0.0]])
    assert (near(wrapped, np.zeros(3), ROBOT) == wrapped).all()
