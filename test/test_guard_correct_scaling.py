"""The same rows later: one factor for all joints, no more than the limits ask for."""

from dataclasses import replace

import numpy as np
import pytest
from corrections import ROBOT, context, failing, names, swing
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.guard.correct.scaling import AIMS, CORRECTED, FASTEST, SLOWEST, helps, jumps, scaled
from aura_ros.guard.lattice import failed
from aura_ros.types import NO_ALTERNATIVES, ROLLBACK, Decision


def slow(value, limit, name="temporal", decision=Decision.SLOW):
    return failed(name, value, limit, decision, "slower")


@given(size=st.floats(0.1, 0.9), rate=st.floats(0.5, 9.0), share=st.floats(0.3, 1.0))
def test_what_is_scaled_passes_every_check_of_speed_on_the_same_path(size, rate, share):
    made = context(swing(size, rate), share=share)
    found = scaled(made, (), 1)
    if found is None:
        return
    np.testing.assert_array_equal(found.rows, made.chunk.rows)
    assert (found.start_ns, found.order) == (made.chunk.start_ns, made.chunk.order)
    assert 1.0 < found.row_period_ns / made.chunk.row_period_ns <= SLOWEST + 1e-6
    inner = replace(made, chunk=found)
    assert not names(failing(inner)) - {"row_position"}
    used = np.abs(inner.row_rates[0] / ROBOT.limits.velocity).max()
    assert used <= share * AIMS[0] * (1 + 1e-9)


def test_the_factor_is_the_least_that_serves():
    made = context(swing(0.5, 6.0))
    found = scaled(made, failing(made), 1)
    velocity, acceleration = replace(made, chunk=found).row_rates
    used = np.abs(velocity / ROBOT.limits.velocity).max()
    pushed = np.abs(acceleration / ROBOT.limits.acceleration).max()
    assert max(used, pushed) == pytest.approx(AIMS[0], rel=1e-6)
    assert found.source == CORRECTED


def test_what_is_slow_enough_is_left_alone():
    assert scaled(context(swing(0.2, 1.0)), (), 1) is None


def test_motion_is_made_no_slower_than_four_times():
    at_limit = 2.0 * SLOWEST * AIMS[0]
    rows = np.array(swing(0.0, 1.0))
    rows[:, 0] += at_limit * 0.05 * np.arange(len(rows)) * (1 - 1e-6)
    assert scaled(context(rows), (), 1) is not None
    rows[:, 0] *= 1.01
    assert scaled(context(rows), (), 1) is None


def going(times_too_fast):
    """Rows that go on as fast as that."""
    rows = np.array(swing(0.0, 1.0))
    rows[:, 0] += times_too_fast * ROBOT.limits.velocity[0] * 0.05 * np.arange(len(rows))
    return rows


def joined(apart_rad):
    """Rows of which the later ones are of another motion, so far away."""
    rows = np.array(swing(0.0, 1.0))
    rows[len(rows) // 2 :, 0] += apart_rad
    return rows


def test_rows_more_than_twice_too_fast_are_no_motion():
    assert not jumps(context(going(FASTEST * (1 - 1e-6))))
    assert jumps(context(going(FASTEST * 1.01)))
    # Two differences of velocity at the seam, each of the whole way in one period.
    at_limit = FASTEST**2 * ROBOT.limits.acceleration[0] * 0.05**2
    assert not jumps(context(joined(at_limit * (1 - 1e-6))))
    assert jumps(context(joined(at_limit * 1.01)))


def test_caution_makes_no_jump_of_a_motion_and_slowness_no_motion_of_a_jump():
    made = context(going(1.9))
    assert not jumps(replace(made, share=0.5))
    once = scaled(made, (), 1)
    assert not jumps(replace(made, chunk=once))
    bad = context(going(3.0)).chunk
    slower = replace(bad, row_period_ns=2 * bad.row_period_ns, source=CORRECTED)
    assert jumps(replace(made, chunk=slower))


def test_rows_that_are_no_numbers_jump():
    rows = going(0.1)
    rows[3, 0] = np.nan
    assert jumps(context(rows))


def test_how_slow_it_was_made_before_counts():
    made = context(swing(0.5, 8.0))
    once = scaled(made, (slow(1.2, 1.0, "plan_velocity"),), 1)
    period = 3 * once.row_period_ns
    again = replace(made, chunk=replace(once, row_period_ns=period))
    assert scaled(again, (slow(2.0, 1.0, "plan_velocity"),), 2) is None
    other = replace(made, chunk=replace(once, row_period_ns=period, source="policy"))
    assert scaled(other, (slow(2.0, 1.0, "plan_velocity"),), 2) is not None


@pytest.mark.parametrize(
    ("name", "power"),
    [("plan_velocity", 1), ("plan_acceleration", 2), ("plan_jerk", 3), ("caution", 1)],
)
def test_what_a_check_measures_says_how_much_slower(name, power):
    made = context(swing(0.1, 1.0))
    found = scaled(made, (slow(1.5, 1.0, name),), 1)
    factor = found.row_period_ns / made.chunk.row_period_ns
    assert factor**power == pytest.approx(1.5 / AIMS[0], rel=1e-6)


def test_a_check_that_asks_for_slow_motion_gets_the_cautious_share():
    made = context(swing(0.1, 1.0))
    found = scaled(made, (slow(np.nan, np.nan),), 1)
    factor = found.row_period_ns / made.chunk.row_period_ns
    assert factor == pytest.approx(1 / made.config.cautious_share)


def test_a_value_that_is_not_finite_cannot_be_corrected():
    assert scaled(context(swing(0.1, 1.0)), (slow(np.nan, 1.0, "braking"),), 1) is None


def test_every_attempt_aims_lower():
    made = context(swing(0.5, 6.0))
    periods = [scaled(made, (), attempt).row_period_ns for attempt in (1, 2, 3, 4)]
    assert periods[0] < periods[1] < periods[2] == periods[3]


def test_a_way_back_stays_one_and_alternatives_are_left_behind():
    rows = swing(0.5, 6.0)
    assert scaled(context(rows, source=ROLLBACK), (), 1).source == ROLLBACK
    found = scaled(context(rows, alternatives=rows[None]), (), 1)
    assert found.alternatives.shape == NO_ALTERNATIVES.shape


def test_which_checks_slowness_helps():
    assert helps(slow(1, 0))
    assert helps(slow(2, 1, "row_velocity", Decision.REFUSE))
    assert not helps(slow(2, 1, "row_position", Decision.REFUSE))
