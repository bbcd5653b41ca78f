"""Bounds between knots are sound: dense samples never exceed them."""

import numpy as np
import pytest
from chain_values import dense, home, moving_plan, toy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aura_ros.motion.bounds import position_ratio, ratios, row_rates
from aura_ros.robot.description import Limits

ROBOT = toy()
LIMITS = ROBOT.limits
jerks = arrays(np.float64, (9, 3), elements=st.floats(-400, 400))


def of(plan, limits=LIMITS):
    return ratios(plan.position, plan.velocity, plan.acceleration, 0.02, limits)


@given(jerks)
def test_dense_samples_never_exceed_the_bounds(jerk):
    plan = moving_plan(ROBOT, jerk=jerk)
    bound = of(plan)
    p, v, a = dense(plan)
    rounding = 1 + 1e-9
    assert (position_ratio(p, LIMITS).max(axis=0) <= bound.position * rounding + 1e-12).all()
    assert (np.abs(v).max(axis=0) / LIMITS.velocity <= bound.velocity * rounding + 1e-12).all()
    worst = np.abs(a).max(axis=0) / LIMITS.acceleration
    assert (worst <= bound.acceleration * rounding + 1e-12).all()


@given(jerks)
def test_bounds_are_close_to_what_they_bound(jerk):
    plan = moving_plan(ROBOT, jerk=jerk)
    _, v, _ = dense(plan)
    slack = 0.02 * np.abs(plan.acceleration).max(axis=0) / 2 / LIMITS.velocity
    assert (of(plan).velocity <= np.abs(v).max(axis=0) / LIMITS.velocity + slack + 1e-9).all()


def test_a_peak_between_knots_is_found():
    # Up and down within one piece: both knots are at 0, the peak between them is not.
    position, velocity = np.zeros((2, 1)), np.array([[1.0], [-1.0]])
    acceleration = np.full((2, 1), -100.0)
    one = Limits(*(np.array([x]) for x in (-0.001, 0.001, 1.0, 100.0, np.inf, 0.0)))
    found = ratios(position, velocity, acceleration, 0.02, one)
    assert found.position[0] > 1
    assert not found.feasible()[0]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_peak_near_one_knot_is_found(mirrored):
    # p(s) = s (1 - s / h)^2 begins with speed 1 and rests at the end, back where it began.
    h, speed, bend = 0.02, np.array([[1.0], [0.0]]), np.array([[-200.0], [100.0]])
    peak = h * 4 / 27
    if mirrored:
        speed, bend = -speed[::-1], bend[::-1]
    tight = Limits(*(np.array([x]) for x in (-peak / 2, peak / 2, 9.0, 999.0, np.inf, 0.0)))
    assert ratios(np.zeros((2, 1)), speed, bend, h, tight).position[0] >= 2.0


@pytest.mark.parametrize(
    ("field", "scale"), [("velocity", 0.5), ("acceleration", 0.5), ("jerk", 0.5)]
)
def test_each_limit_makes_motion_infeasible(field, scale):
    plan = moving_plan(ROBOT)
    used = getattr(of(plan), field)
    tight = {f: getattr(LIMITS, f) for f in LIMITS.__dataclass_fields__}
    assert of(plan).feasible().all()
    with np.errstate(invalid="ignore"):  # unlimited joints stay unlimited
        tight[field] = np.where(used > 0, tight[field] * used * scale, tight[field])
    found = of(plan, Limits(**tight)).feasible()
    np.testing.assert_array_equal(found, used == 0)


def test_position_beyond_its_limit_is_infeasible():
    plan = moving_plan(ROBOT)
    away = moving_plan(ROBOT, position=plan.position + (LIMITS.upper - home(ROBOT)))
    assert of(plan).feasible().all()
    assert not of(away).feasible().any()


def test_position_ratio_is_one_at_the_limits_and_nothing_without_them():
    np.testing.assert_allclose(position_ratio(LIMITS.upper, LIMITS), 1.0)
    np.testing.assert_allclose(position_ratio(LIMITS.lower, LIMITS), 1.0)
    np.testing.assert_allclose(position_ratio(home(ROBOT), LIMITS), 0.0)
    free = Limits(*(np.array([x]) for x in (-np.inf, np.inf, 1.0, 1.0, 1.0, 0.0)))
    assert position_ratio(np.array([1e6]), free) == 0.0


def test_nan_is_never_feasible():
    plan = moving_plan(ROBOT)
    for field in ("position", "velocity", "acceleration"):
        bad = np.array(getattr(plan, field))
        bad[3, 1] = np.nan
        feasible = of(moving_plan(ROBOT, **{field: bad})).feasible()
        np.testing.assert_array_equal(feasible, [True, False, True])


def test_row_rates_are_differences():
    rows = np.array([[0.0], [0.1], [0.4], [0.4]])
    velocity, acceleration = row_rates(rows, 0.1)
    np.testing.assert_allclose(velocity, [[1.0], [3.0], [0.0]])
    np.testing.assert_allclose(acceleration, [[20.0], [-30.0]])


def test_two_rows_have_a_velocity_but_no_acceleration():
    velocity, acceleration = row_rates(np.zeros((2, 3)), 0.1)
    assert velocity.shape == (1, 3)
    assert acceleration.shape == (0, 3)
