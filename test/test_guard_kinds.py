"""What the kinds of groups change in the guard's checks, and what they do not."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, chunk, dense, home, joints_at, moving_plan
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kinds import BASE, FINGER, LONGEST, SPIN, TURN, every_kind

from aura_ros.guard.checks import (
    braking,
    continuity,
    plan_position,
    rotation,
    row_acceleration,
    row_position,
    row_velocity,
)
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.entry import Setup
from aura_ros.guard.watches.tracking import Tracking
from aura_ros.motion.jerk import integrate
from aura_ros.motion.stop import at_rest, stop_jerk
from aura_ros.types import Commitment, Decision, KinematicState

ROBOT = every_kind()
LIMITS = ROBOT.limits
HOME = home(ROBOT)


def context(plan=None, measured=None, rows=None, **changes):
    rows = np.repeat(HOME[None], 4, axis=0) if rows is None else rows
    values = {
        "now": at(0.0),
        "robot": ROBOT,
        "config": GuardConfig(),
        "chunk": chunk(ROBOT, rows=rows),
        "plan": moving_plan(ROBOT, 0.1, jerk=np.zeros((4, 12))) if plan is None else plan,
        "measured": measured,
    }
    return Context(**values | changes)


def rows_with(column, values):
    rows = np.repeat(HOME[None], len(values), axis=0)
    rows[:, column] = values
    return context(rows=rows)


@pytest.mark.parametrize("check", [row_velocity.check, row_acceleration.check])
def test_rows_of_a_discrete_gripper_may_jump_and_no_others(check):
    jump = rows_with(FINGER, [0.0, 0.0, 0.04, 0.04])
    assert check(jump).passed
    continuous = [replace(group, switching=None) for group in ROBOT.groups]
    result = check(replace(jump, robot=every_kind(groups=tuple(continuous))))
    assert not result.passed
    assert "finger" in result.detail


@pytest.mark.parametrize("check", [row_velocity.check, row_acceleration.check])
@pytest.mark.parametrize("turns", [-2, -1, 1, 2])
def test_rows_of_a_continuous_joint_may_wrap_and_no_others(check, turns):
    angles = np.array([3.10, 3.12, 3.14, 3.16])
    wrapped = np.where(angles > np.pi, angles + 2 * np.pi * turns, angles)
    assert check(rows_with(SPIN, wrapped)).passed
    limited = replace(rows_with(SPIN, wrapped), robot=every_kind(continuous_joints=frozenset()))
    assert not check(limited).passed
    assert not check(rows_with(SPIN, [0.0, 0.0, 1.0, 1.0])).passed


def test_a_gripper_is_still_held_to_its_range():
    assert not row_position.check(rows_with(FINGER, [0.0, 0.0, 0.06, 0.06])).passed


# --- where measured and planned meet ----------------------------------------------------------


def moved(column, by):
    """The robot measured away from home in one column."""
    position = np.array(HOME)
    position[column] += by
    return joints_at(0.05, position)


@pytest.mark.parametrize("turns", [-3, -1, 1])
@pytest.mark.parametrize(("away", "good"), [(0.0, True), (0.04, True), (0.06, False)])
def test_a_first_plan_begins_at_the_measured_angle_whatever_its_turn(turns, away, good):
    begin = context(measured=moved(SPIN, 2 * np.pi * turns + away))
    assert continuity.check(begin).passed is good
    # A joint with limits never wraps.
    limited = every_kind(continuous_joints=frozenset())
    assert not continuity.check(replace(begin, robot=limited)).passed


@pytest.mark.parametrize("column", range(BASE.start, BASE.stop))
def test_a_first_plan_of_a_base_begins_anywhere(column):
    assert continuity.check(context(measured=moved(column, 7.0))).passed
    assert not continuity.check(context(measured=moved(TURN.start, 0.06))).passed


def tracking(measured, robot=ROBOT):
    plan = at_rest(HOME, at(0.0).ros_ns, robot.knot_period_ns, robot.joints)
    watch = Tracking(Setup(robot, GuardConfig))
    watch.hear(Commitment(plan), at(0.0))
    watch.hear(measured, at(0.0))
    return watch.checks(at(0.0))[0]


def test_tracking_compares_angles_the_short_way_and_leaves_out_what_nobody_measures():
    assert tracking(moved(SPIN, -2 * np.pi + 0.29)).passed
    assert tracking(moved(BASE.start, 7.0)).passed
    result = tracking(moved(SPIN, -2 * np.pi + 0.31))
    assert (result.passed, result.decision) == (False, Decision.HOLD)
    assert result.detail.startswith("spin")
    assert not tracking(moved(SPIN, -2 * np.pi), every_kind(continuous_joints=frozenset())).passed
    assert not tracking(moved(TURN.start, 0.31)).passed
    assert not tracking(moved(FINGER, 0.31)).passed


# --- limits without end -------------------------------------------------------------------------


def test_what_has_no_limits_is_far_from_none_and_still_brakes_within_its_rates():
    far = np.array(HOME)
    far[[SPIN, BASE.start, BASE.start + 1, BASE.stop - 1]] = 1e6
    plan = moving_plan(ROBOT, 0.1, jerk=np.zeros((4, 12)))
    plan = replace(plan, position=np.repeat(far[None], len(plan.position), axis=0))
    for check in (plan_position.check, braking.check):
        result = check(context(plan))
        assert (result.passed, np.isfinite(result.value)) == (True, True)
    fast = np.array(plan.velocity)
    fast[3, BASE.start] = LIMITS.velocity[BASE.start]
    driving = context(replace(plan, velocity=fast))
    assert braking.check(driving).passed
    weak = every_kind(limits=replace(LIMITS, acceleration=LIMITS.acceleration / 2))
    result = braking.check(replace(driving, robot=weak))
    assert not result.passed
    assert "base: x" in result.detail


# --- rotation vectors ---------------------------------------------------------------------------


def turning(begin, jerk):
    """A motion of the tool's rotation from rest at ``begin`` (3,), with its stop tail."""
    position, full = np.array(HOME), np.zeros((len(jerk), 12))
    position[TURN], full[:, TURN] = begin, jerk
    rest, h = np.zeros(12), ROBOT.knot_period_ns / 1e9
    state = KinematicState(0, position, rest, rest)
    _, v, a = integrate(state, full, h)
    full = np.concatenate([full, stop_jerk(v[-1], a[-1], ROBOT.stop_knots, h)])
    knots = integrate(state, full, h)
    values = dict(zip(("position", "velocity", "acceleration"), knots, strict=True))
    return replace(moving_plan(ROBOT, jerk=np.zeros((4, 12))), **values)


def test_a_rotation_vector_is_limited_by_its_length_not_by_its_columns():
    inside = np.full(3, LONGEST / np.sqrt(3))
    result = rotation.check(context(turning(inside * (1 - 1e-9), np.zeros((4, 3)))))
    assert (result.passed, result.value) == (True, pytest.approx(1.0))
    beyond = turning(inside * (1 + 1e-6), np.zeros((4, 3)))
    assert plan_position.check(context(beyond)).passed
    result = rotation.check(context(beyond))
    assert (result.passed, result.decision) == (False, Decision.REFUSE)
    assert result.detail.startswith("tool")
    rows = np.repeat(HOME[None], 4, axis=0)
    rows[2, TURN] = inside * 1.01
    assert not rotation.check(context(rows=rows)).passed


def test_the_stop_tail_of_a_rotation_is_looked_at_too():
    plan = turning(np.zeros(3), np.full((6, 3), 100.0))
    fast = int(np.argmax(plan.velocity[:, TURN.start]))
    begin = np.linalg.norm(plan.position[fast, TURN])
    part = replace(
        plan,
        **{
            name: getattr(plan, name)[: fast + 1]
            for name in ("position", "velocity", "acceleration")
        },
    )
    groups = list(ROBOT.groups)
    groups[2] = replace(groups[2], max_rotation=float(begin) + 0.01)
    robot = every_kind(groups=tuple(groups))
    assert np.linalg.norm(part.position[:, TURN], axis=1).max() <= begin
    assert not rotation.check(context(part, robot=robot)).passed


@given(
    arrays(np.float64, 3, elements=st.floats(-1, 1)),
    arrays(np.float64, (5, 3), elements=st.floats(-160, 160)),
)
def test_dense_samples_of_a_rotation_never_exceed_its_bound(begin, jerk):
    plan = turning(begin, jerk)
    result = rotation.check(context(plan))
    longest = np.linalg.norm(dense(plan)[0][:, TURN], axis=1).max() / LONGEST
    assert longest <= max(result.value, 1e-12) * (1 + 1e-9) or not result.passed


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_rotation_that_is_not_finite_is_refused(value):
    plan = moving_plan(ROBOT, jerk=np.zeros((4, 12)))
    position = np.array(plan.position)
    position[1, TURN] = value
    with np.errstate(all="ignore"):
        assert not rotation.check(context(replace(plan, position=position))).passed
