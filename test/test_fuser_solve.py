"""Plans meet every limit, go to rest, and follow rows as closely as the limits allow."""

import sys
import time

import numpy as np
import pytest
from chain_values import at, chunk, home, ns, stamp, toy, wave
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aura_ros.fuser.grid import Grid
from aura_ros.fuser.reference import knots_left, resampled
from aura_ros.fuser.solve import Solver, is_feasible
from aura_ros.motion.jerk import integrate, sample
from aura_ros.types import KinematicState, Plan

ROBOT = toy()
GRID = Grid(ROBOT.knot_period_ns, ROBOT.stop_knots, ROBOT.limits)
SOLVER = Solver(GRID, 0.04)
REST = KinematicState(stamp(0.0), home(ROBOT), np.zeros(3), np.zeros(3))


def rows_of(value, robot=ROBOT):
    found = resampled(value, value.rows, robot)
    period = robot.knot_period_ns
    return found.at(value.start_ns + period, knots_left(value.end_ns, value.start_ns, period))


def solved(rows, state=REST, old=None, solver=SOLVER):
    jerk = solver.solve(state, rows, old)
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


@pytest.mark.parametrize("away", [0.0, 1e-7, 1e-4])
@pytest.mark.parametrize("end", ["lower", "upper"])
def test_a_joint_that_rests_at_its_limit_comes_away_from_there(end, away):
    """An open gripper does, and its rows step."""
    place = home(ROBOT)
    inward = away if end == "lower" else -away
    place[2] = getattr(ROBOT.limits, end)[2] + inward
    rows = np.tile(place, (35, 1))
    rows[12:, 2] = 0.025
    plan = solved(rows, KinematicState(stamp(0.0), place, np.zeros(3), np.zeros(3)))
    assert abs(plan.position[-1, 2] - 0.025) < 0.005


def test_a_jump_is_made_in_nearly_the_least_time_that_the_limits_allow():
    far = np.broadcast_to(home(ROBOT) + np.array([1.0, 1.0, 0.0]), (60, 3))
    plan = solved(far)
    arrived = np.flatnonzero(np.abs(plan.position[:, 0] - far[0, 0]) < 0.01)[0] * GRID.h
    # Bang-bang: accelerate and brake at 10 rad/s^2, each change of acceleration at 400 rad/s^3.
    least = 2 * np.sqrt(1.0 / 10.0) + 10.0 / 400.0
    assert least - 0.1 < arrived < least + 0.15
    used = np.abs(plan.acceleration[:, 0]) / ROBOT.limits.acceleration[0]
    assert used.max() > 0.99


def test_where_the_program_has_no_solution_the_old_plan_is_the_way():
    solver = Solver(GRID, 0.04)
    solver._program = lambda knots: Unsolved()
    far = np.broadcast_to(ROBOT.limits.upper, (30, 3))
    plan = solved(far, solver=solver)
    np.testing.assert_allclose(plan.position[:, :2], REST.position[:2] + 0 * plan.position[:, :2])


class Unsolved:
    def solve(self, state, reference, joint):
        return None


def test_smooth_rows_are_followed_closely():
    rows = rows_of(chunk(ROBOT))
    begin = KinematicState(stamp(0.0), wave(ROBOT, 0.0)[0], np.zeros(3), np.zeros(3))
    plan = solved(rows, begin)
    deviation = np.abs(plan.position[1 : len(rows) + 1] - rows)
    # At rest the plan begins behind rows that move at once; then it catches up.
    assert deviation[15:].max() < 0.005
    assert deviation.max() < 0.02


@pytest.mark.parametrize("joints", [8, 14, 26])
def test_solve_time_is_told(joints):
    """Not a limit: machines differ. Shown with pytest -s."""
    robot = toy(joints)
    grid = Grid(robot.knot_period_ns, robot.stop_knots, robot.limits)
    solver = Solver(grid, 0.04)
    state = KinematicState(at(0).ros_ns, home(robot), np.zeros(joints), np.zeros(joints))
    value = chunk(robot, rows=wave(robot, 0.0, 50), row_period_ns=ns(1 / 30))
    times = []
    for step in np.linspace(0.0, 0.5, 10):
        rows = rows_of(value, robot) + step
        began = time.perf_counter()
        jerk = solver.solve(state, rows, None)
        times.append(time.perf_counter() - began)
        assert is_feasible(state, jerk, grid).all()
    found = f"{1e3 * np.median(times):.1f} ms, longest {1e3 * max(times):.1f} ms"
    sys.stdout.write(f"{joints} joints, 50 rows: {found}\n")
