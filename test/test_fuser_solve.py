"""Plans meet every limit, go to rest, and follow smooth rows closely."""

import sys
import time

import numpy as np
import pytest
from chain_values import at, chunk, home, ns, stamp, toy, wave
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aura_ros.fuser.reference import reference
from aura_ros.fuser.solve import Grid, is_feasible, smoothing_gain, solve
from aura_ros.motion.jerk import integrate, sample
from aura_ros.types import KinematicState, Plan

ROBOT = toy()
GRID = Grid(ROBOT.knot_period_ns, ROBOT.stop_knots, ROBOT.limits)
CONSTANTS = (0.04, 0.06, 0.1, 0.16, 0.25, 0.4)
REST = KinematicState(stamp(0.0), home(ROBOT), np.zeros(3), np.zeros(3))


def solved(rows, state=REST, old=None, constants=CONSTANTS):
    jerk = solve(state, rows, old, GRID, constants)
    assert jerk.shape == (len(rows) + ROBOT.stop_knots, 3)
    assert is_feasible(state, jerk, GRID).all()
    knots = integrate(state, jerk, GRID.h)
    assert np.abs(knots[1][-1]).max() < 1e-9
    assert np.abs(knots[2][-1]).max() < 1e-9
    return Plan(state.time_ns, ROBOT.knot_period_ns, *knots, ROBOT.joints)


@settings(max_examples=40)
@given(arrays(np.float64, (20, 3), elements=st.floats(0, 1)), st.integers(0, 25))
def test_from_any_state_of_a_plan_the_next_one_meets_every_limit(share, knot):
    spread = ROBOT.limits.lower + share * (ROBOT.limits.upper - ROBOT.limits.lower)
    old = solved(spread)
    state = sample(old, old.start_ns + knot * ROBOT.knot_period_ns)
    solved(spread[::-1], state, old)


def test_where_no_smoothing_fits_the_plan_goes_as_far_toward_the_rows_as_limits_allow():
    far = np.broadcast_to(ROBOT.limits.upper, (10, 3))
    plan = solved(far, constants=(0.03,))
    assert (plan.position[10] > home(ROBOT)).all()
    assert (plan.position[10] < ROBOT.limits.upper).all()


def test_smooth_rows_are_followed_closely():
    rows = reference(chunk(ROBOT), stamp(0.0), ROBOT.knot_period_ns, ROBOT.limits)
    begin = KinematicState(stamp(0.0), wave(ROBOT, 0.0)[0], np.zeros(3), np.zeros(3))
    plan = solved(rows, begin)
    deviation = np.abs(plan.position[1 : len(rows) + 1] - rows)
    # At rest the plan begins behind rows that move at once; then it catches up.
    assert deviation[15:].max() < 0.005
    assert deviation.max() < 0.02


def test_the_smoother_is_the_least_squares_solution():
    gain = smoothing_gain(8, 0.02, 0.1)
    wanted = np.sin(np.arange(8.0))
    zero = KinematicState(0, np.zeros(1), np.zeros(1), np.zeros(1))

    def cost(jerk):
        position = integrate(zero, jerk[:, None], 0.02)[0][1:, 0]
        return ((position - wanted) ** 2).sum() + 0.1**6 * (jerk**2).sum()

    best = gain @ wanted
    for direction in np.eye(8):
        for size in (-1e-3, 1e-3):
            assert cost(best) <= cost(best + size * direction)


@pytest.mark.parametrize("joints", [8, 26])
def test_solve_time_is_told(joints):
    """Not a limit: machines differ. Shown with pytest -s."""
    robot = toy(joints)
    grid = Grid(robot.knot_period_ns, robot.stop_knots, robot.limits)
    state = KinematicState(at(0).ros_ns, home(robot), np.zeros(joints), np.zeros(joints))
    value = chunk(robot, rows=wave(robot, 0.0, 60), row_period_ns=ns(1 / 30))
    rows = reference(value, stamp(0.0), robot.knot_period_ns, robot.limits)
    times = []
    for _ in range(10):
        began = time.perf_counter()
        jerk = solve(state, rows, None, grid, CONSTANTS)
        times.append(time.perf_counter() - began)
    found = f"{1e3 * np.median(times):.1f} ms, first {1e3 * times[0]:.1f} ms"
    sys.stdout.write(f"{joints} joints, 60 rows: {found}\n")
    assert is_feasible(state, jerk, grid).all()
