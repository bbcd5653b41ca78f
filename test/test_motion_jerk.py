"""Motion with constant jerk between knots: closed forms, continuity, joining and slicing."""

import numpy as np
import pytest
from chain_values import assert_smooth, moving_plan, ns, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.motion.jerk import (
    integrate,
    jerk_of,
    knot_at_or_after,
    sample,
    slice_from,
    splice,
)
from aura_ros.motion.stop import at_rest, cut
from aura_ros.types import NS, KinematicState

ROBOT = toy()
H = 0.02
PERIOD = ns(H)


@pytest.mark.parametrize(("time_ns", "knot"), [(0, 0), (1, 20), (20, 20), (21, 40), (-1, 0)])
def test_knots_lie_on_one_grid(time_ns, knot):
    assert knot_at_or_after(time_ns, 20) == knot


def test_constant_jerk_is_the_cubic_of_the_textbook():
    p0, v0, a0, j = 0.3, -0.2, 0.5, 4.0
    state = KinematicState(0, *(np.array([x]) for x in (p0, v0, a0)))
    position, velocity, acceleration = integrate(state, np.full((10, 1), j), H)
    t = H * np.arange(11)[:, None]
    np.testing.assert_allclose(position, p0 + v0 * t + a0 * t**2 / 2 + j * t**3 / 6, atol=1e-13)
    np.testing.assert_allclose(velocity, v0 + a0 * t + j * t**2 / 2, atol=1e-13)
    np.testing.assert_allclose(acceleration, a0 + j * t, atol=1e-13)


def test_no_jerk_at_all_leaves_the_first_knot_alone():
    state = KinematicState(0, np.ones(2), np.zeros(2), np.zeros(2))
    assert [x.shape for x in integrate(state, np.zeros((0, 2)), H)] == [(1, 2)] * 3


def test_batches_integrate_like_their_members():
    jerk = np.random.default_rng(0).standard_normal((4, 7, 3))
    state = KinematicState(0, np.arange(3.0), np.ones(3), np.full(3, -2.0))
    together = integrate(state, jerk, H)
    for k in range(4):
        for whole, part in zip(together, integrate(state, jerk[k], H), strict=True):
            np.testing.assert_array_equal(whole[k], part)


@given(st.integers(0, 40 * PERIOD))
def test_sample_follows_the_cubic_of_its_piece(offset):
    plan = moving_plan(ROBOT)
    found = sample(plan, plan.start_ns + offset)
    last = len(plan.position) - 1
    k = min(offset // PERIOD, last)
    if k == last:
        expected = (plan.position[-1], 0 * plan.velocity[-1], 0 * plan.acceleration[-1])
    else:
        state = KinematicState(0, plan.position[k], plan.velocity[k], plan.acceleration[k])
        s = (offset - k * PERIOD) / NS
        expected = tuple(x[-1] for x in integrate(state, jerk_of(plan)[k : k + 1], s))
    stated = (found.position, found.velocity, found.acceleration)
    for mine, theirs in zip(stated, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@given(st.integers(0, 31))
def test_motion_is_c2_at_every_knot(k):
    plan = moving_plan(ROBOT)
    time_ns = plan.start_ns + k * PERIOD
    here = sample(plan, time_ns)
    np.testing.assert_array_equal(here.position, plan.position[k])
    for side in (sample(plan, time_ns - 1), sample(plan, time_ns + 1)):
        # A nanosecond away nothing can have changed by more than its rate allows.
        np.testing.assert_allclose(side.position, here.position, atol=1e-8)
        np.testing.assert_allclose(side.velocity, here.velocity, atol=1e-7)
        np.testing.assert_allclose(side.acceleration, here.acceleration, atol=1e-6)


def test_sample_clamps_outside_of_the_plan():
    plan = moving_plan(ROBOT)
    before, after = sample(plan, plan.start_ns - NS), sample(plan, plan.end_ns + NS)
    np.testing.assert_array_equal(before.position, plan.position[0])
    np.testing.assert_array_equal(after.position, plan.position[-1])
    assert not after.velocity.any()
    assert not after.acceleration.any()
    assert (before.time_ns, after.time_ns) == (plan.start_ns - NS, plan.end_ns + NS)


def test_a_plan_of_one_knot_stays_where_it_is():
    rest = at_rest(np.arange(3.0), 0, PERIOD, ROBOT.joints)
    for time_ns in (-1, 0, NS):
        np.testing.assert_array_equal(sample(rest, time_ns).position, np.arange(3.0))
    assert jerk_of(rest).shape == (0, 3)


@given(st.integers(-5 * PERIOD, 60 * PERIOD), st.integers(0, 60 * PERIOD))
def test_a_slice_is_the_same_motion_from_its_knot_on(where, later):
    plan = moving_plan(ROBOT)
    part = slice_from(plan, plan.start_ns + where)
    assert part.start_ns <= max(plan.start_ns + where, plan.start_ns)
    assert part.start_ns % PERIOD == 0
    assert part.end_ns == plan.end_ns
    time_ns = part.start_ns + later
    np.testing.assert_array_equal(sample(part, time_ns).position, sample(plan, time_ns).position)


@given(st.integers(0, 45))
def test_splice_keeps_both_motions(k):
    old = moving_plan(ROBOT)
    seam = sample(old, old.start_ns + k * PERIOD)
    jerk = np.full((5, 3), 2.0)
    position, velocity, acceleration = integrate(seam, jerk, H)
    new = moving_plan(
        ROBOT,
        start_ns=seam.time_ns,
        position=position,
        velocity=velocity,
        acceleration=acceleration,
        chunk_digest="new",
    )
    both = splice(old, new)
    assert (both.start_ns, both.end_ns) == (old.start_ns, new.end_ns)
    assert both.chunk_digest == "new"
    for time_ns in range(old.start_ns, new.end_ns + 1, PERIOD // 3):
        expected = sample(old if time_ns < new.start_ns else new, time_ns)
        found = sample(both, time_ns)
        np.testing.assert_allclose(found.position, expected.position, atol=1e-12)
        np.testing.assert_allclose(found.velocity, expected.velocity, atol=1e-10)


def test_a_plan_that_begins_no_later_replaces_the_old_one():
    old = moving_plan(ROBOT, 1.0)
    new = moving_plan(ROBOT, 0.5)
    assert splice(old, new) is new


@given(st.integers(-3 * PERIOD, 60 * PERIOD))
def test_a_cut_motion_is_the_same_before_the_cut_and_rests_within_the_tail(where):
    plan = moving_plan(ROBOT)
    time_ns = plan.start_ns + where
    stopped = cut(plan, time_ns, ROBOT.stop_knots)
    knot = plan.start_ns + max(where // PERIOD, 0) * PERIOD
    for before in range(plan.start_ns, min(knot, plan.end_ns) + 1, PERIOD // 3):
        mine, theirs = sample(stopped, before), sample(plan, before)
        np.testing.assert_array_equal(mine.position, theirs.position)
        np.testing.assert_array_equal(mine.velocity, theirs.velocity)
    assert stopped.end_ns <= max(knot, plan.start_ns) + ROBOT.stop_knots * PERIOD
    assert_smooth(stopped)


def test_a_plan_at_rest_has_nothing_to_cut():
    plan = moving_plan(ROBOT)
    assert cut(plan, plan.end_ns, ROBOT.stop_knots) is plan


@given(st.integers(0, 12 * PERIOD), st.integers(0, 12 * PERIOD))
def test_a_stop_is_not_cut_into_a_longer_one(first, then):
    # Stopping anew out of a stop would go farther than what was vetted, each time.
    plan = moving_plan(ROBOT, jerk=np.full((8, 3), 40.0))
    stopped = cut(plan, plan.start_ns + first, ROBOT.stop_knots)
    tail_begins = stopped.end_ns - ROBOT.stop_knots * PERIOD
    assert cut(stopped, tail_begins + then, ROBOT.stop_knots) is stopped
