"""A policy's rows start from the robot's state: what begins beside it is not about this robot."""

from __future__ import annotations

import numpy as np
import pytest
from chain_values import at, chunk, home, joints_at, moving_plan, stamp, toy, wave
from hypothesis import given
from hypothesis import strategies as st
from kinds import BASE, every_kind

from aura_ros.guard.checks.row_start import ENTRY, OPTIONS
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.entry import Setup
from aura_ros.motion.jerk import sample, slice_from
from aura_ros.types import NS, ClockJump, Commitment, Decision

ROBOT = toy()
MOVING = moving_plan(ROBOT)
REACH = OPTIONS.defaults["reach"]
# Rows as far as that from the motion, joint by joint; grippers do not count.
FAR = REACH * ROBOT.limits.velocity


def check(robot=ROBOT, *commitments, **options):
    made = ENTRY.make(Setup(robot, GuardConfig, OPTIONS.defaults | options, Decision.REFUSE))
    for plan in commitments:
        made.hear(Commitment(plan), at(0.0))
    return made


def beginning(place, begin=0.0, robot=ROBOT):
    """A chunk whose rows are all at ``place``."""
    rows = np.repeat(np.asarray(place)[None], robot.horizon, axis=0)
    return chunk(robot, begin, rows=rows)


def judged(made, value, committed=MOVING, measured=None, robot=ROBOT):
    return made(
        Context(at(1.0), robot, GuardConfig(), value, committed=committed, measured=measured)
    )


@given(st.floats(0.0, 1.0))
def test_rows_from_the_planned_motion_have_no_distance(begin):
    place = sample(MOVING, stamp(begin)).position
    found = judged(check(), beginning(place, begin))
    assert (found.passed, found.value, found.limit) == (True, 0.0, REACH)


@pytest.mark.parametrize("joint", [0, 1])
@pytest.mark.parametrize("side", [-1, 1])
def test_the_reach_is_its_boundary(joint, side):
    place = sample(MOVING, stamp(0.1)).position
    step = side * FAR * (np.arange(3) == joint)
    assert judged(check(), beginning(place + (1 - 1e-9) * step, 0.1)).passed
    found = judged(check(), beginning(place + 1.001 * step, 0.1))
    assert (found.passed, found.decision) == (False, Decision.REFUSE)
    assert found.value == pytest.approx(1.001 * REACH)
    assert f"joint_{joint}" in found.detail


def test_grippers_may_begin_anywhere():
    place = sample(MOVING, stamp(0.1)).position + np.array([0.0, 0.0, 1.0])
    assert judged(check(), beginning(place, 0.1)).value == 0.0


def test_what_is_not_a_number_never_passes():
    place = home(ROBOT) * np.array([np.nan, 1.0, 1.0])
    assert not judged(check(), beginning(place)).passed


def test_before_a_first_plan_the_joints_are_measured():
    place = home(ROBOT)
    state = joints_at(0.0, place)
    assert judged(check(), beginning(place), None, state).passed
    assert not judged(check(), beginning(place + 2 * FAR), None, state).passed
    found = judged(check(), beginning(place), None, None)
    assert (found.passed, found.decision) == (False, Decision.HOLD)
    assert "no joint states" in found.detail


def test_a_chunk_begun_before_the_committed_plan_is_held_against_the_one_before_it():
    seam = MOVING.start_ns + 10 * MOVING.knot_period_ns
    value = beginning(sample(MOVING, stamp(0.02)).position, 0.02)
    later = slice_from(MOVING, seam)
    tight = {"reach": 1e-6}
    assert not judged(check(**tight), value, later).passed
    assert judged(check(ROBOT, MOVING, later, **tight), value, later).passed
    made = check(ROBOT, MOVING, later, **tight)
    made.hear(ClockJump(), at(1.0))
    assert not judged(made, value, later).passed


def test_angles_that_turn_without_end_and_ways_that_nobody_measures():
    robot = every_kind()
    place = home(robot)
    turned = place + np.where(robot.continuous, 4 * np.pi, 0.0)
    turned[BASE] += 100.0  # how far a base drove is known from plans alone
    found = judged(check(robot), beginning(turned, robot=robot), None, joints_at(0.0, place), robot)
    assert found.passed
    assert found.value < 1e-9


def test_a_wave_that_begins_elsewhere_is_refused():
    rows = wave(ROBOT, 0.0) + np.array([1.0, 0.0, 0.0])
    assert not judged(check(), chunk(ROBOT, rows=rows)).passed


def test_the_entry_refuses_and_is_on():
    assert (ENTRY.name, ENTRY.automatic, ENTRY.decision) == (
        "row_start", True, Decision.REFUSE)  # fmt: skip
    assert MOVING.end_ns - MOVING.start_ns < NS


@pytest.mark.parametrize("joint", [0, 1])
def test_a_distance_bounds_it_whatever_the_speed(joint):
    place = sample(MOVING, stamp(0.1)).position
    step = 0.1 * (np.arange(3) == joint)
    made = check(distance=0.1)
    assert judged(made, beginning(place + (1 - 1e-9) * step, 0.1)).passed
    assert not judged(made, beginning(place + 1.001 * step, 0.1)).passed
    assert judged(check(), beginning(place + 1.001 * step, 0.1)).passed  # the reach is farther
    slow = check(distance=100.0)
    assert judged(slow, beginning(place + 2 * step, 0.1)) == judged(
        check(), beginning(place + 2 * step, 0.1)
    )
