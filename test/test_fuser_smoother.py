"""A polynomial through the rows of a chunk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura_ros.fuser.smoother import smoothed

BOTH = np.array([True, True])


@pytest.mark.parametrize("degree", [3, 4])
def test_rows_on_a_polynomial_stay_and_rows_off_it_come_nearer(degree):
    t = np.linspace(0, 1, 50)
    rows = np.stack([t**degree, 1 - t], axis=1)
    np.testing.assert_allclose(smoothed(rows, degree, BOTH), rows, atol=1e-12)
    noise = 0.05 * np.random.default_rng(3).standard_normal(rows.shape)
    error = smoothed(rows + noise, degree, BOTH) - rows
    # Least squares leave (degree + 1) / H of the variance of white noise.
    share = (error**2).mean() / (noise**2).mean()
    assert share < 2.5 * (degree + 1) / 50


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(3, 4), st.integers(0, 2**31))
def test_it_is_least_squares(count, degree, seed):
    rows = np.random.default_rng(seed).uniform(-3, 3, (count, 2))
    times = np.linspace(-1, 1, count)
    least = min(degree, count - 1)
    expected = np.polynomial.polynomial.polyfit(times, rows, least)
    found = smoothed(rows, degree, BOTH)
    np.testing.assert_allclose(
        found, np.polynomial.polynomial.polyval(times, expected).T, atol=1e-7
    )
    # Smoothing what is smooth changes nothing.
    np.testing.assert_allclose(smoothed(found, degree, BOTH), found, atol=1e-9)


def test_grippers_are_left_alone():
    rows = np.random.default_rng(0).uniform(size=(20, 2))
    found = smoothed(rows, 3, np.array([True, False]))
    np.testing.assert_array_equal(found[:, 1], rows[:, 1])
    assert np.abs(found[:, 0] - rows[:, 0]).max() > 0.1
