"""Leases: motion goes on while they last, and stops along the tail where they end."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import assert_smooth, at, moving_plan, ns, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.track import HISTORY_NS, MAX_LEASE_NS, Leased
from aura_ros.motion.jerk import sample
from aura_ros.types import Now

ROBOT = toy()
PLAN = moving_plan(ROBOT, knots=60)
seconds = st.floats(0.0, 1.6)


def leased(begin_s=0.0, duration_s=0.2):
    now = at(begin_s)
    held = Leased(PLAN, PLAN.digest, now.ros_ns, now.steady_ns, ROBOT.stop_knots)
    return held.renewed(now, ns(duration_s))


@given(seconds, st.floats(0.06, 0.25))
def test_the_track_is_the_plan_until_the_lease_ends_then_a_stop(begin_s, duration_s):
    held = leased(begin_s, duration_s)
    track = held.track.plan
    assert_smooth(track)
    assert held.until_ros_ns <= at(begin_s).ros_ns + ns(duration_s)
    for time_ns in range(track.start_ns, held.until_ros_ns + 1, ns(0.007)):
        np.testing.assert_array_equal(
            sample(track, time_ns).position, sample(PLAN, time_ns).position
        )
    assert track.end_ns <= max(held.until_ros_ns, PLAN.start_ns) + ns(0.24) or (
        track.end_ns == PLAN.end_ns <= held.until_ros_ns + ns(0.24)
    )


@given(seconds, st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_renewed_after_any_time_the_motion_goes_on_from_where_it_is(begin_s, later, duration_s):
    held = leased(begin_s)
    now = at(begin_s + later)
    running = held.track.plan
    after = (held if held.holds(now) else held.expired()).renewed(now, ns(duration_s))
    mine, theirs = sample(after.track.plan, now.ros_ns), sample(running, now.ros_ns)
    np.testing.assert_allclose(mine.position, theirs.position, atol=1e-12)
    np.testing.assert_allclose(mine.velocity, theirs.velocity, atol=1e-12)
    np.testing.assert_allclose(mine.acceleration, theirs.acceleration, atol=1e-9)


@given(seconds, st.floats(0.0, 0.15))
def test_revoked_at_any_time_the_stop_begins_at_the_next_knot(begin_s, later):
    held = leased(begin_s)
    now = at(begin_s + later)
    stopped = held.revoked(now)
    assert not stopped.holds(now)
    assert_smooth(stopped.committed)
    here = sample(stopped.track.plan, now.ros_ns).position
    np.testing.assert_array_equal(here, sample(held.track.plan, now.ros_ns).position)
    knot, period = now.ros_ns, PLAN.knot_period_ns
    assert stopped.committed.end_ns <= max(knot + period, PLAN.start_ns) + ns(0.24) + period


@given(seconds)
def test_a_stop_that_is_committed_twice_is_the_same_stop(begin_s):
    once = leased(begin_s).expired()
    assert once.expired().identity == once.identity


def test_no_lease_is_longer_than_a_quarter_of_a_second():
    held = leased(0.1, 10.0)
    assert held.until_ros_ns <= at(0.1).ros_ns + MAX_LEASE_NS
    assert held.until_steady_ns <= at(0.1).steady_ns + MAX_LEASE_NS == at(0.1).steady_ns + ns(0.25)


@pytest.mark.parametrize("ahead", ["ros", "steady"])
def test_a_lease_ends_on_whichever_clock_is_ahead(ahead):
    held, now = leased(0.0, 0.2), at(0.1)
    assert held.holds(now)
    late = at(0.3)
    odd = Now(late.ros_ns, now.steady_ns) if ahead == "ros" else Now(now.ros_ns, late.steady_ns)
    assert not held.holds(odd)


def test_motion_that_has_passed_is_dropped():
    held = leased()
    for k in range(1, 20):
        held = held.renewed(at(0.05 * k), ns(0.25))
    assert held.committed.start_ns >= at(0.95).ros_ns - HISTORY_NS - PLAN.knot_period_ns
    assert held.committed.end_ns == PLAN.end_ns


def test_a_stop_before_a_plan_takes_over_a_stop_tail_is_that_tail():
    held = leased(0.2, 0.1)
    later = at(0.42)
    tail = held.expired().renewed(later, ns(0.2))
    state = sample(tail.committed, at(0.46).ros_ns)
    plan = moving_plan(ROBOT, knots=30)
    plan = replace(
        plan,
        start_ns=at(0.46).ros_ns,
        position=plan.position - plan.position[0] + state.position,
    )
    taken = tail.with_plan(plan)
    np.testing.assert_array_equal(taken.revoked(later).committed.position, tail.committed.position)
    after = taken.renewed(at(0.47), ns(0.2))
    assert after.before == ()
    assert after.revoked(at(0.47)).committed.end_ns > tail.committed.end_ns
