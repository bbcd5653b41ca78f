"""Embeddings unlike those of calibration are far, others are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_episodes import embeddings

from aura_ros.guard.ood.debounce import Debounced, K, debounced_maximum
from aura_ros.guard.ood.embedding import MOST, Metric, fit_embedding, projection
from aura_ros.guard.ood.shrinkage import shrunk_covariance, whitening
from aura_ros.guard.risk.conformal import CalibrationError

SHAPE = fit_embedding([embeddings(np.random.default_rng(k), 40) for k in range(80)], alpha=0.05)
METRIC = Metric(SHAPE)


def exceeded(values):
    distances = np.array([METRIC.of(value) for value in values])
    return debounced_maximum(distances) > SHAPE.limit


def test_nominal_episodes_are_inside():
    outside = [exceeded(embeddings(np.random.default_rng(500 + k), 40)) for k in range(60)]
    assert np.mean(outside) <= 0.15  # alpha is 0.05


def test_another_direction_is_outside():
    rng = np.random.default_rng(7)
    away = embeddings(rng, 10) + 2.0 * rng.normal(size=100)
    assert exceeded(away)


def test_a_usual_direction_too_far_is_outside():
    mean = SHAPE.mean
    assert exceeded([mean + 8.0 * (row - mean) for row in embeddings(np.random.default_rng(8), 9)])


def test_the_metric_is_the_mahalanobis_distance_of_the_projection():
    value = embeddings(np.random.default_rng(9), 1)[0]
    low = projection(100) @ ((value - SHAPE.mean) / SHAPE.scale) - SHAPE.projected
    assert METRIC.of(value) == pytest.approx(np.sqrt(low @ np.linalg.solve(SHAPE.covariance, low)))


def test_the_projection_keeps_lengths_and_never_changes():
    rng = np.random.default_rng(10)
    matrix = projection(1500)
    assert matrix.shape == (MOST, 1500)
    lengths = [np.linalg.norm(matrix @ v) for v in rng.normal(size=(50, 1500))]
    assert np.mean(lengths) == pytest.approx(np.sqrt(MOST), rel=0.05)
    assert np.sign(matrix[:6, 0]).tolist() == [1.0, 1.0, -1.0, 1.0, -1.0, 1.0]
    assert (projection(MOST) == np.eye(MOST)).all()


def test_a_dimension_that_hardly_moved_raises_no_alarm_alone():
    episodes = [embeddings(np.random.default_rng(k), 20) for k in range(10)]
    for episode in episodes:
        episode[:, 3] = 0.0
    shape = fit_embedding(episodes, 0.1)
    value = episodes[0][0].copy()
    before = Metric(shape).of(value)
    value[3] = 0.01
    assert Metric(shape).of(value) == pytest.approx(before, rel=0.05)


def test_embeddings_that_are_not_finite_are_an_error():
    with pytest.raises(CalibrationError, match="not finite"):
        fit_embedding([np.full((3, 4), np.nan)] * 8, 0.1)


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 30))
def test_a_shrunk_covariance_can_be_inverted(seed, d, n):
    samples = np.random.default_rng(seed).normal(size=(n, d))
    mean, covariance = shrunk_covariance(samples)
    white = whitening(covariance)
    assert white @ covariance @ white.T == pytest.approx(np.eye(d), abs=1e-6)
    assert mean == pytest.approx(samples.mean(axis=0))
    total = ((samples - mean) ** 2).sum() / n
    assert np.trace(covariance) == pytest.approx(max(total, 1e-12 * d))


def test_shrinkage_is_that_of_ledoit_and_wolf():
    """Against the sums of their paper written out."""
    samples = np.random.default_rng(11).normal(size=(9, 4)) * [1, 2, 3, 4]
    centred = samples - samples.mean(axis=0)
    s = centred.T @ centred / 9
    target = np.trace(s) / 4 * np.eye(4)
    error = sum(((np.outer(c, c) - s) ** 2).sum() for c in centred) / 81
    share = min(error / ((s - target) ** 2).sum(), 1)
    assert shrunk_covariance(samples)[1] == pytest.approx((1 - share) * s + share * target)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12), st.floats(0, 10))
def test_debounced_means_k_of_the_last_n(values, limit):
    window = Debounced()
    for value in values:
        found = window.take(value)
    assert (found > limit) == (sum(value > limit for value in values[-5:]) >= K)


def test_a_window_that_forgets_begins_anew():
    window = Debounced()
    assert [window.take(9.0) for _ in range(3)] == [0.0, 0.0, 9.0]
    window.forget()
    assert window.take(9.0) == 0.0
    assert np.isnan(debounced_maximum(np.ones(K - 1)))
