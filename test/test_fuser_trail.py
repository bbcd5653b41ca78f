"""The way that the robot came: its knots without its rests, and when each was passed."""

import numpy as np
import pytest
from chain_values import NS, moving_plan, ns, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.retrace import EVEN, MINIMUM_JERK, RAMP_S, places, way_back
from aura_ros.fuser.trail import followed
from aura_ros.motion.jerk import sample, splice
from aura_ros.motion.stop import at_rest

ROBOT = toy()
PERIOD = ROBOT.knot_period_ns
PLAN = moving_plan(ROBOT, 1.0)
KNOTS = len(PLAN.position)


def until(seconds, motion=PLAN, old=None, keep=1000):
    return followed(old, motion, motion.start_ns, PLAN.start_ns + ns(seconds), keep)


def test_it_is_the_motion_knot_by_knot():
    trail = until(0.3)
    assert len(trail.times) == 16
    np.testing.assert_array_equal(trail.path.position, PLAN.position[:16])
    assert (np.diff(trail.times) == PERIOD).all()
    assert trail.times[0] == PLAN.start_ns


def test_before_the_first_knot_there_is_none():
    assert until(-0.1) is None


@given(steps=st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_how_often_it_is_watched_does_not_matter(steps):
    trail, seconds = None, 0.0
    for step in steps:
        seconds += step * 0.017
        trail = until(seconds, old=trail)
    whole = until(seconds)
    np.testing.assert_array_equal(trail.path.position, whole.path.position)
    np.testing.assert_array_equal(trail.times, whole.times)


def test_rests_are_left_out():
    trail = until(20.0)
    assert len(trail.times) == KNOTS
    later = moving_plan(ROBOT, 30.0)
    rest = at_rest(PLAN.position[-1], later.start_ns, PERIOD, ROBOT.joints)
    shift = PLAN.position[-1] - later.position[0]
    moved = type(later)(
        later.start_ns, PERIOD, later.position + shift, later.velocity, later.acceleration,
        ROBOT.joints,
    )  # fmt: skip
    both = splice(splice(PLAN, rest), moved)
    trail = followed(None, both, both.start_ns, both.end_ns, 1000)
    assert len(trail.times) == 2 * KNOTS - 1
    # As one motion without the rest it goes on from where it stood.
    assert np.abs(np.diff(trail.path.position, axis=0)).max() < 0.05
    assert trail.times[-1] == both.end_ns


def test_what_does_not_continue_it_begins_anew():
    trail = until(0.3)
    elsewhere = at_rest(PLAN.position[0] + 0.5, PLAN.start_ns, PERIOD, ROBOT.joints)
    trail = until(0.4, elsewhere, trail)
    assert len(trail.times) == 1
    np.testing.assert_array_equal(trail.path.position, elsewhere.position)


def test_no_more_is_kept_than_asked_for():
    trail = until(0.4, keep=5)
    np.testing.assert_array_equal(trail.path.position, PLAN.position[16:21])
    assert trail.times[-1] == PLAN.start_ns + ns(0.4)


def test_the_knot_of_a_time_and_of_a_place():
    trail = until(0.4)
    assert trail.passed(PLAN.start_ns + ns(0.1)) == 5
    assert trail.passed(PLAN.start_ns + ns(0.119)) == 5
    assert trail.passed(PLAN.start_ns - NS) == 0
    assert trail.passed(PLAN.start_ns + 9 * NS) == 20
    place = PLAN.position[7] + 1e-5
    assert trail.nearest(place, ROBOT.limits.velocity) == 7
    assert len(trail.until(7).times) == 8


def test_of_places_that_are_as_near_the_newest_counts():
    rest = at_rest(PLAN.position[0], PLAN.start_ns, PERIOD, ROBOT.joints)
    back = splice(PLAN, type(PLAN)(
        PLAN.end_ns, PERIOD, PLAN.position[::-1], -PLAN.velocity[::-1], PLAN.acceleration[::-1],
        ROBOT.joints,
    ))  # fmt: skip
    trail = followed(None, back, back.start_ns, back.end_ns, 1000)
    assert trail.nearest(rest.position[0], ROBOT.limits.velocity) == len(trail.times) - 1


# --- rows back along it -------------------------------------------------------------------------


def test_places_are_those_of_the_motion():
    times = PLAN.start_ns + np.array([-5, 0, 13, 20, 277, 5000]) * 1_000_000
    expected = [sample(PLAN, int(t)).position for t in times]
    np.testing.assert_allclose(places(PLAN, times), expected, atol=1e-14)


@pytest.mark.parametrize("course", [EVEN, MINIMUM_JERK])
@pytest.mark.parametrize("span", [0.1, 0.5, 3.0, 10.0])
def test_a_course_is_smooth_and_nowhere_faster_than_the_way_there(course, span):
    u = np.linspace(0.0, 1.0, 2001)
    share = course.share(u, span)
    rate = np.gradient(share, u) * span / course.duration(span)
    assert (share[0], share[-1]) == pytest.approx((0.0, 1.0))
    assert rate.max() <= 1.0 + 1e-4
    assert rate.min() >= -1e-9
    assert rate[[0, -1]] == pytest.approx([0.0, 0.0], abs=0.02)
    assert np.abs(np.diff(rate)).max() < 0.02


def test_a_long_way_takes_little_longer_than_the_way_there():
    assert EVEN.duration(10.0) == 10.0 + RAMP_S


def test_less_of_the_limits_takes_longer():
    whole = way_back(PLAN, PLAN.start_ns, PLAN.end_ns, ROBOT.limits, EVEN)
    slow = way_back(PLAN, PLAN.start_ns, PLAN.end_ns, ROBOT.limits, EVEN, 0.02)
    assert len(slow) > len(whole)
    velocity = np.diff(slow, axis=0) / (PERIOD / NS)
    assert (np.abs(velocity) <= 0.02 * ROBOT.limits.velocity * 1.05).all()
