"""Where a chunk continues the present motion."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aura_ros.fuser.alignment import MOVING, aligned_row

RISING = np.linspace(0.0, 1.0, 11)[:, None] * [1.0, -2.0]


def test_it_is_the_first_row_that_lies_ahead_of_all_moving_joints():
    velocity = np.array([0.3, -0.3])
    assert aligned_row(RISING, np.array([0.35, -0.1]), velocity) == 4
    assert aligned_row(RISING, np.array([0.05, -1.1]), velocity) == 6
    assert aligned_row(RISING, np.array([-1.0, 1.0]), velocity) == 0


def test_where_none_lies_ahead_of_all_the_first_with_most_counts():
    assert aligned_row(RISING, np.array([0.35, 9.0]), np.array([0.3, 0.3])) == 4


def test_joints_that_stand_have_no_vote_nor_have_grippers():
    position = np.array([0.35, -1.5])
    assert aligned_row(RISING, position, np.array([0.3, -1e-3])) == 4
    only = np.array([True, False])
    assert aligned_row(RISING, position, np.array([0.3, -0.3]), only) == 4
    assert aligned_row(RISING, position, np.array([0.3, -0.3])) == 8


def test_a_row_just_reached_does_not_lie_ahead():
    assert aligned_row(RISING, np.array([0.5, 0.0]), np.array([0.3, 0.0])) == 6


def test_nothing_that_moves_is_followed_from_the_first_row():
    assert aligned_row(RISING, np.array([0.5, 0.5]), np.zeros(2)) == 0
    assert aligned_row(np.empty((0, 2)), np.zeros(2), np.ones(2)) == 0


@settings(deadline=None)
@given(st.integers(0, 2**31))
def test_no_row_agrees_with_more_joints_and_none_before_it_with_as_many(seed):
    drawn = np.random.default_rng(seed)
    rows, position = drawn.normal(size=(9, 5)), drawn.normal(size=5)
    velocity = drawn.normal(size=5) * drawn.integers(0, 2, 5)
    votes = [
        sum(
            v * (r - p) > 0
            for r, p, v in zip(row, position, velocity, strict=True)
            if abs(v) > MOVING
        )
        for row in rows
    ]
    assert aligned_row(rows, position, velocity) == votes.index(max(votes))
