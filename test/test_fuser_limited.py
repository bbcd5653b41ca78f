"""One joint within its limits: what the program bounds is what the motion does."""

import numpy as np
import pytest
from chain_values import toy

from aura_ros.fuser.basis import basis_of
from aura_ros.fuser.grid import Grid
from aura_ros.fuser.limited import KEPT, Program
from aura_ros.fuser.solve import away_from, is_feasible, with_tail
from aura_ros.motion.jerk import integrate
from aura_ros.motion.stop import tail_maps
from aura_ros.types import KinematicState

ROBOT = toy()
GRID = Grid(ROBOT.knot_period_ns, ROBOT.stop_knots, ROBOT.limits)
PROGRAM = Program.of(basis_of(60, GRID.h, 0.04, GRID.stop_knots), GRID)


def state(position=0.25, velocity=0.0, acceleration=0.0):
    def three(value):
        return np.array([value, value, 0.0])

    place = np.array([position, position, 0.025])
    return KinematicState(0, place, three(velocity), three(acceleration))


def away(begin, reference):
    return away_from(begin, np.repeat(reference[:, None], 3, axis=1), GRID)[:, 0]


def motion(blocks, begin):
    jerk = np.zeros((60, 3))
    jerk[:, 0] = PROGRAM.basis.spread @ blocks
    return with_tail(begin, jerk, GRID)


@pytest.mark.parametrize("step", [-2.0, -0.5, 0.5, 2.0])
def test_the_motion_meets_every_limit_tails_included(step):
    begin = state(velocity=0.5)
    reference = np.clip(np.full(60, 0.25 + step), -1.99, 2.49)
    blocks = PROGRAM.solve(begin, away(begin, reference), 0)
    assert is_feasible(begin, motion(blocks, begin), GRID)[0]


def test_every_limit_is_used_to_the_full_where_that_helps():
    begin = state()
    blocks = PROGRAM.solve(begin, away(begin, np.full(60, 2.0)), 0)
    p, v, a = (x[:, 0] for x in integrate(begin, motion(blocks, begin), GRID.h))
    assert np.abs(blocks).max() == pytest.approx(KEPT[0] * 400.0, rel=1e-4)
    assert np.abs(a).max() == pytest.approx(KEPT[0] * 10.0, rel=1e-2)
    assert p.max() < 2.5
    assert v.max() > 1.5


def test_a_state_from_which_nothing_meets_the_limits_has_no_solution():
    assert (
        PROGRAM.solve(
            state(position=2.499, velocity=1.9),
            away(state(position=2.499, velocity=1.9), np.zeros(60)),
            0,
        )
        is None
    )


def test_joints_without_limits_of_position_and_jerk_are_solved():
    robot = toy(continuous_joints=frozenset())
    limits = robot.limits
    open_limits = type(limits)(
        np.full(3, -np.inf), np.full(3, np.inf), limits.velocity, limits.acceleration,
        np.full(3, np.inf), limits.margin,
    )  # fmt: skip
    grid = Grid(robot.knot_period_ns, robot.stop_knots, open_limits)
    program = Program.of(basis_of(60, grid.h, 0.04, grid.stop_knots), grid)
    begin = state()
    blocks = program.solve(begin, away(begin, np.full(60, 30.0)), 0)
    jerk = np.zeros((60, 3))
    jerk[:, 0] = program.basis.spread @ blocks
    assert is_feasible(begin, with_tail(begin, jerk, grid), grid)[0]
    assert integrate(begin, jerk, grid.h)[1][-1, 0] > 1.0


def test_a_state_at_a_limit_that_is_kept_comes_away_from_there():
    # As fast as a stop tail within 10 rad/s^2 allows.
    braking = np.abs(tail_maps(GRID.stop_knots, GRID.h)[2][:, 0]).max()
    begin = state(velocity=KEPT[0] * 10.0 / braking * (1 + 1e-9))
    blocks = PROGRAM.solve(begin, away(begin, np.full(60, 0.3)), 0)
    jerk = motion(blocks, begin)
    assert is_feasible(begin, jerk, GRID)[0]
    assert integrate(begin, jerk, GRID.h)[1][20, 0] < 1.0
