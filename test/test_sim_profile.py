"""Limited motion: what is asked for where it can be had, and never more than the bounds."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.profile import Bounds, Motion, at_rest, chain, follow, move, state_at

PERIOD_S = 0.05
BOUNDS = Bounds(np.array([1.0, 0.5]), np.array([5.0, 2.0]), np.array([300.0, 100.0]))


def rates(rows):
    velocity = np.diff(rows, axis=0) / PERIOD_S
    return velocity, np.diff(velocity, axis=0) / PERIOD_S


def only(n, values):
    """One coordinate of a Motion or of Bounds."""
    return type(values)(*(part[[n]] for part in astuple(values)))


def test_a_move_ends_at_its_target():
    target = Motion(np.array([0.3, -0.2]), np.array([0.1, 0.0]), np.zeros(2))
    leg = move(at_rest(np.zeros(2)), target, BOUNDS, least_s=2.0)
    end = state_at(leg, leg.duration)
    assert leg.duration == pytest.approx(2.0)
    np.testing.assert_allclose(end.position, target.position, atol=1e-9)
    np.testing.assert_allclose(end.velocity, target.velocity, atol=1e-9)


def test_a_move_to_nowhere_is_refused():
    with pytest.raises(ValueError, match="no motion can be planned"):
        move(at_rest(np.zeros(2)), at_rest(np.array([np.nan, 0.0])), BOUNDS)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10_000), smallest=st.integers(1, 14), least_s=st.sampled_from([0, 0.05]))
def test_moves_of_any_size_can_be_planned(seed, smallest, least_s):
    rng = np.random.default_rng(seed)
    tiny = rng.normal(size=(3, 2)) * 10.0 ** -rng.integers(smallest, 15, (3, 2))
    leg = move(Motion(*tiny), at_rest(np.zeros(2)), BOUNDS, least_s)
    np.testing.assert_allclose(state_at(leg, leg.duration).position, 0.0, atol=1e-7)


def test_a_chain_rests_at_each_stop():
    stops = [np.array([0.2, 0.0]), np.array([0.2, 0.1])]
    times = np.arange(80) * PERIOD_S
    motions = chain(at_rest(np.zeros(2)), [(stop, BOUNDS) for stop in stops], times)
    positions = np.array([motion.position for motion in motions])
    assert len(motions) == 80
    assert np.abs(positions[positions[:, 0] < 0.199, 1]).max() < 1e-9
    np.testing.assert_allclose(positions[-1], stops[-1])


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_rows_keep_the_bounds_whatever_is_asked(seed):
    rng = np.random.default_rng(seed)
    start = Motion(rng.normal(size=2), rng.uniform(-0.4, 0.4, 2), rng.uniform(-1.0, 1.0, 2))
    wild = [Motion(*rng.normal(size=(3, 2))) for _ in range(20)]
    rows = follow(start, wild, PERIOD_S, BOUNDS)
    velocity, acceleration = rates(rows)
    np.testing.assert_array_equal(rows[0], start.position)
    assert (np.abs(velocity) <= BOUNDS.velocity * 1.001).all()
    assert (np.abs(acceleration) <= BOUNDS.acceleration * 1.001).all()
    assert (np.abs(velocity[0] - start.velocity) <= BOUNDS.acceleration * PERIOD_S).all()


def test_targets_within_the_bounds_are_followed_exactly():
    times = np.arange(60) * PERIOD_S
    motions = chain(at_rest(np.zeros(2)), [(np.array([0.5, 0.3]), BOUNDS)], times)
    wider = Bounds(*(1.2 * bound for bound in astuple(BOUNDS)))
    rows = follow(at_rest(np.zeros(2)), motions, PERIOD_S, wider)
    np.testing.assert_allclose(rows, [motion.position for motion in motions], atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_coordinate_waits_for_another(seed):
    rng = np.random.default_rng(seed)
    start = Motion(rng.normal(size=2), rng.uniform(-0.4, 0.4, 2), rng.uniform(-1.0, 1.0, 2))
    easy = [Motion(*(0.01 * rng.normal(size=(3, 2)))) for _ in range(10)]
    wild = [Motion(*rng.normal(size=(3, 2))) for _ in range(10)]
    together = follow(start, easy + wild, PERIOD_S, BOUNDS)
    for n in range(2):
        targets = [only(n, target) for target in easy + wild]
        alone = follow(only(n, start), targets, PERIOD_S, only(n, BOUNDS))
        np.testing.assert_allclose(together[:, [n]], alone, atol=1e-9)
