"""Polynomials of time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura_ros.bench.execution.curves import Blend, Polynomial, Spliced, quintic

motions = st.tuples(*[st.floats(-3, 3).map(lambda v: np.array([v, -v]))] * 3)


def by_differences(curve, time_s, h=1e-5):
    before, now, after = (curve.at(time_s + k * h)[0] for k in (-1, 0, 1))
    return (after - before) / (2 * h), (after - 2 * now + before) / h**2


@settings(deadline=None)
@given(motions, motions, st.floats(0.05, 2.0))
def test_a_quintic_meets_both_ends(start, end, length_s):
    curve = quintic(start, end, 1.5, length_s)
    for found, given_ in zip(curve.at(1.5), start, strict=True):
        np.testing.assert_allclose(found, given_, atol=1e-9)
    for found, given_ in zip(curve.at(1.5 + length_s), end, strict=True):
        np.testing.assert_allclose(found, given_, atol=1e-6 / length_s**2)


def test_a_fit_is_exact_for_rows_on_a_polynomial_of_its_degree():
    times = 0.1 * np.arange(12)
    rows = np.stack([1 + times**3, times - 2 * times**2], axis=1)
    position, velocity, acceleration = Polynomial.fitted(rows, 0.1, 3).at(0.55)
    np.testing.assert_allclose(position, [1 + 0.55**3, 0.55 - 2 * 0.55**2])
    np.testing.assert_allclose(velocity, [3 * 0.55**2, 1 - 4 * 0.55])
    np.testing.assert_allclose(acceleration, [6 * 0.55, -4.0])


@pytest.mark.parametrize("count", [1, 2])
def test_few_rows_are_fitted_by_a_lower_degree(count):
    rows = np.arange(2.0 * count).reshape(count, 2)
    np.testing.assert_allclose(Polynomial.fitted(rows, 0.1, 4).at(0.0)[0], rows[0], atol=1e-12)


def test_a_blend_knows_its_own_derivatives_and_breaks_only_where_it_begins():
    first = Polynomial(np.array([[0.0], [1.0], [0.5]]))
    second = Polynomial(np.array([[0.3], [-1.0], [2.0]]))
    blend = Blend(first, second, 0.4, 0.9)
    for time_s in (0.2, 0.5, 0.8):
        velocity, acceleration = by_differences(blend, time_s)
        np.testing.assert_allclose(blend.at(time_s)[1], velocity, atol=1e-6)
        np.testing.assert_allclose(blend.at(time_s)[2], acceleration, atol=1e-3)
    np.testing.assert_allclose(blend.at(0.9)[0], second.at(0.9)[0])
    broken = blend.at(0.4 + 1e-9)[1] - blend.at(0.4)[1]
    away = second.at(0.4)[0] - first.at(0.4)[0]
    np.testing.assert_allclose(broken, away / 0.5, rtol=1e-6)


def test_a_splice_is_the_one_before_and_the_other_from_its_time_on():
    first, second = Polynomial(np.array([[1.0]])), Polynomial(np.array([[2.0]]))
    spliced = Spliced(first, second, 0.5)
    assert [spliced.at(t)[0][0] for t in (0.0, 0.499, 0.5, 1.0)] == [1.0, 1.0, 2.0, 2.0]
