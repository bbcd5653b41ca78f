"""Limits from episodes hold the false-alarm rate that they claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.guard.risk.conformal import MARGIN, CalibrationError, joint_bounds, upper_bound


def test_the_limit_is_an_order_statistic():
    bound = upper_bound(np.arange(99.0), 0.1)
    assert (bound.limit, bound.holds) == (89.0, 0.1)


def test_too_few_episodes_hold_less_than_was_asked_for():
    bound = upper_bound(np.arange(1.0, 10.0), 0.01)
    assert (bound.limit, bound.holds) == (9.0 * MARGIN, 0.1)


def test_nothing_known_is_an_error():
    with pytest.raises(CalibrationError, match="no episode has a value"):
        upper_bound(np.array([np.nan]), 0.1)
    with pytest.raises(CalibrationError, match="no episode has a value"):
        joint_bounds(np.full((3, 2), np.nan), np.full((3, 2), np.nan), 0.1)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0.01, 0.5))
def test_at_most_alpha_of_the_episodes_themselves_are_above(values, alpha):
    maxima = np.array(values)
    above = np.mean(maxima > upper_bound(maxima, alpha).limit)
    assert above <= alpha


def test_the_next_episode_exceeds_the_limit_no_more_often_than_alpha():
    rng = np.random.default_rng(1)
    draws = rng.standard_cauchy((4000, 100))
    exceeded = [row[-1] > upper_bound(row[:-1], 0.1).limit for row in draws]
    assert np.mean(exceeded) == pytest.approx(0.1, abs=0.02)


def test_values_share_one_false_alarm_rate():
    rng = np.random.default_rng(2)
    draws = rng.gamma(2.0, [1.0, 100.0, 1e-3], (1000, 101, 3))
    exceeded = []
    for draw in draws:
        limits, holds = joint_bounds(draw[:50], draw[50:100], 0.05)
        assert holds == 0.05
        exceeded.append((draw[100] > limits).any())
    assert np.mean(exceeded) < 0.06


def test_what_was_never_measured_has_no_limit():
    first = np.array([[1.0, np.nan], [2.0, np.nan]])
    limits, holds = joint_bounds(first, first, 0.1)
    assert limits[0] == pytest.approx(2.0 * MARGIN)
    assert limits[1] == np.inf
    assert holds == pytest.approx(1 / 3)
