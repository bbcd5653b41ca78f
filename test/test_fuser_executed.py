"""The executed path: every knot once, whatever the times it is asked at; anew where it breaks."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import assert_smooth, home, moving_plan, ns, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.executed import recorded
from aura_ros.motion.jerk import sample, splice
from aura_ros.motion.stop import at_rest, cut

ROBOT = toy()
PLAN = moving_plan(ROBOT)
KEEP = ns(10.0)
PERIOD = ROBOT.knot_period_ns


def run(plan, times, keep_ns=KEEP, measured=None):
    executed = None
    for time_ns in times:
        executed = recorded(executed, plan, measured, time_ns, keep_ns)
    return executed


@given(steps=st.lists(st.integers(0, ns(0.3)), min_size=1, max_size=20))
def test_every_knot_is_kept_once(steps):
    times = PLAN.start_ns + np.cumsum(steps)
    found = run(PLAN, times.tolist())
    count = (int(times[-1]) - PLAN.start_ns) // PERIOD + 1
    assert len(found.plan.position) == len(found.measured) == count
    for k in range(count):
        there = sample(PLAN, PLAN.start_ns + k * PERIOD)
        assert np.array_equal(found.plan.position[k], there.position)
        assert np.array_equal(found.plan.velocity[k], there.velocity)


def test_before_its_start_motion_says_nothing():
    assert run(PLAN, [PLAN.start_ns - 1]) is None
    assert len(run(PLAN, [PLAN.start_ns - 1, PLAN.start_ns]).plan.position) == 1


def test_only_the_last_is_kept():
    end = PLAN.start_ns + ns(0.5)
    found = run(PLAN, range(PLAN.start_ns, end + 1, ns(0.05)), keep_ns=ns(0.2))
    assert found.plan.end_ns == end
    assert len(found.plan.position) == len(found.measured) == 11


def test_where_joints_were_measured_is_kept_beside():
    found = run(PLAN, [PLAN.start_ns])
    assert np.isnan(found.measured).all()
    found = recorded(found, PLAN, np.ones(3), PLAN.start_ns + 2 * PERIOD, KEEP)
    assert np.isnan(found.measured[0]).all()
    assert np.array_equal(found.measured[1:], np.ones((2, 3)))


def test_a_stop_continues_the_motion():
    stopped = cut(PLAN, PLAN.start_ns + ns(0.2), ROBOT.stop_knots)
    early = run(PLAN, [PLAN.start_ns + ns(0.19)])
    found = recorded(early, stopped, None, PLAN.start_ns + ns(2.0), KEEP)
    assert found.plan.start_ns == PLAN.start_ns
    assert_smooth(found.plan)


def test_a_new_plan_continues_the_motion():
    seam = PLAN.start_ns + 10 * PERIOD
    state = sample(PLAN, seam)
    new = moving_plan(ROBOT, 0.2)
    new = replace(new, position=new.position + state.position - home(ROBOT))
    joined = splice(at_rest(state.position, seam - 10 * PERIOD, PERIOD, ROBOT.joints), new)
    found = recorded(run(joined, [seam - 5 * PERIOD]), joined, None, seam + ns(0.3), KEEP)
    assert found.plan.start_ns == joined.start_ns


@pytest.mark.parametrize("gap", [0, 5])
def test_motion_that_begins_elsewhere_begins_anew(gap):
    early = run(PLAN, [PLAN.start_ns + ns(0.1)])
    start = PLAN.start_ns + ns(0.1) + (1 + gap) * PERIOD
    away = at_rest(PLAN.position[0] + 0.3, start, PERIOD, ROBOT.joints)
    found = recorded(early, away, None, start + 2 * PERIOD, KEEP)
    assert found.plan.start_ns == start
    assert len(found.measured) == 3
