"""Stop tails end at rest from every state, with the least jerk."""

import numpy as np
from chain_values import moving_plan, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.motion.bounds import ratios
from aura_ros.motion.jerk import integrate, splice
from aura_ros.motion.stop import (
    FOREVER,
    at_rest,
    rests_until,
    stop_gain,
    stop_jerk,
    tail_bounds,
    tail_extremes,
    tail_maps,
    tail_ratios,
)
from aura_ros.robot.description import Limits
from aura_ros.types import KinematicState

speeds = st.floats(-50, 50)
lengths = st.integers(2, 60)
periods = st.sampled_from([0.001, 0.005, 0.02, 0.1])


@given(speeds, speeds, speeds, lengths, periods)
def test_a_tail_ends_at_rest_from_every_state(p, v, a, knots, h):
    state = KinematicState(0, *(np.array([x]) for x in (p, v, a)))
    jerk = stop_jerk(state.velocity, state.acceleration, knots, h)
    assert jerk.shape == (knots, 1)
    _, velocity, acceleration = integrate(state, jerk, h)
    scale = 1 + abs(v) + abs(a) * (1 + h * knots) + abs(v) / (h * knots)
    assert abs(velocity[-1, 0]) <= 1e-8 * scale
    assert abs(acceleration[-1, 0]) <= 1e-8 * scale


@given(speeds, speeds)
def test_no_other_way_to_rest_needs_less_jerk(v, a):
    knots, h = 12, 0.02
    jerk = stop_jerk(np.array([v]), np.array([a]), knots, h)[:, 0]
    # Ways to rest differ by the null space of the end conditions; the least is orthogonal to it.
    left = knots - 1 - np.arange(knots)
    effect = np.stack([h * h * (left + 0.5), np.full(knots, h)])
    null = np.linalg.svd(effect)[2][2:]
    assert np.abs(null @ jerk).max() <= 1e-9 * (1 + np.abs(jerk).max())


def test_the_ratios_of_tails_from_many_states_are_the_worst_of_each():
    generator = np.random.default_rng(1)
    p, v, a = generator.standard_normal((3, 6, 4))
    limits = Limits(*(sign * np.full(4, x) for sign, x in ((-1, 9), (1, 9))), *np.full((4, 4), 3.0))
    many = tail_ratios(p, v, a, 12, 0.02, limits)
    each = []
    for k in range(6):
        jerk = stop_jerk(v[k], a[k], 12, 0.02)
        each.append(
            ratios(*integrate(KinematicState(0, p[k], v[k], a[k]), jerk, 0.02), 0.02, limits)
        )
    for name in ("position", "velocity", "acceleration", "jerk"):
        worst = np.max([getattr(one, name) for one in each], axis=0)
        np.testing.assert_allclose(getattr(many, name), worst, rtol=1e-9)


def test_a_robot_at_rest_stays_at_rest():
    assert not stop_jerk(np.zeros(3), np.zeros(3), 12, 0.02).any()
    assert stop_gain(12, 0.02).shape == (12, 2)


@given(st.integers(3, 20), st.lists(st.tuples(speeds, speeds), min_size=1, max_size=20))
def test_extremes_are_as_extreme_as_all_of_a_tail(knots, states):
    state = np.array(states).T
    for known, (all_, few) in enumerate(
        zip(tail_maps(knots, 0.02), tail_extremes(knots, 0.02), strict=True)
    ):
        there, here = all_ @ state, few @ state
        scale = 1e-12 * np.abs(there).max(initial=1.0)
        if known == 0:
            np.testing.assert_allclose(here.min(axis=0), there.min(axis=0), atol=scale)
            np.testing.assert_allclose(here.max(axis=0), there.max(axis=0), atol=scale)
        else:
            np.testing.assert_allclose(np.abs(here).max(0), np.abs(there).max(0), atol=scale)
        assert len(few) < len(all_)


@given(st.integers(0, 2**32 - 1), st.integers(3, 20))
def test_bounds_of_tails_are_no_less_than_their_ratios(seed, knots):
    p, v, a = np.random.default_rng(seed).standard_normal((3, 6, 4))
    limits = Limits(*(sign * np.full(4, x) for sign, x in ((-1, 9), (1, 9))), *np.full((4, 4), 3.0))
    bound, used = (f(p, v, a, knots, 0.02, limits) for f in (tail_bounds, tail_ratios))
    for name in ("position", "velocity", "acceleration", "jerk"):
        assert (getattr(bound, name) >= getattr(used, name) * (1 - 1e-12)).all()
        assert np.isfinite(getattr(bound, name)).all()


def test_rest_lasts_until_the_knot_before_the_next_motion():
    robot = toy()
    moving, h = moving_plan(robot), robot.knot_period_ns
    begin, end = moving.start_ns, moving.end_ns
    first = at_rest(moving.position[0], begin - 10 * h, h, robot.joints)
    later = at_rest(moving.position[-1], end + 10 * h, h, robot.joints)
    plan = splice(splice(first, moving), later)
    assert rests_until(plan, begin - 10 * h) == rests_until(plan, begin - 99 * h) == begin
    assert rests_until(plan, begin - 4 * h - 1) == begin
    assert rests_until(plan, begin + 3 * h + 1) == begin + 3 * h + 1
    assert rests_until(plan, end) == rests_until(plan, end + 99 * h) == FOREVER
