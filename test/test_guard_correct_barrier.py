"""Rows kept inside limits and out of regions: the barrier holds at every row, whatever comes."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import NS, home
from corrections import ROBOT, context, failing, swing
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kinds import BASE, FINGER, SPIN, every_kind

from aura_ros.guard.correct.barrier import LOOK, Bounds, Geometry, along, filtered
from aura_ros.types import ROLLBACK

PERIOD = ROBOT.row_period_ns / NS
BOUNDS = Bounds.of(ROBOT, PERIOD, 1.0, 0.95)
LIMITS = ROBOT.limits
wild = arrays(np.float64, (20, 3), elements=st.floats(-4.0, 4.0))


class Wall:
    """Joints 0 and 1 together may not go beyond a line; what is beyond it is below 0."""

    def __init__(self, reach):
        self.reach = reach

    def clearances(self, position):
        normal = np.array([[-0.6, -0.8, 0.0]])
        return self.reach + normal @ position, normal


class Far:
    def clearances(self, position):
        return np.zeros(0), np.zeros((0, 3))


class Cage:
    """Leaves no step at all."""

    def clearances(self, position):
        return np.array([-1.0, -1.0]), np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])


def inside(rows):
    return np.minimum(rows - BOUNDS.lower, BOUNDS.upper - rows)


@given(wild)
def test_whatever_is_wanted_limits_and_barrier_are_met_together(wanted):
    wanted[0] = home(ROBOT)
    rows = along(wanted, BOUNDS)
    step, rounding = np.diff(rows, axis=0), 1e-9
    assert (np.abs(step) <= BOUNDS.step + rounding).all()
    assert (np.abs(np.diff(step, axis=0)) <= BOUNDS.bend + rounding).all()
    left = inside(rows)
    assert (left >= -rounding).all()
    assert (left[1:] >= (1 - BOUNDS.gamma) * left[:-1] - rounding).all()


def test_gamma_lets_every_joint_brake():
    assert (BOUNDS.gamma * BOUNDS.step <= BOUNDS.bend * (1 + 1e-9)).all()


def test_rows_that_keep_away_from_every_limit_stay_as_they_are():
    rows = swing(0.3, 1.5)
    np.testing.assert_allclose(along(rows, BOUNDS), rows, atol=1e-12)
    assert filtered(context(rows), 1) is None


def test_rows_that_leave_the_limits_are_kept_inside_and_come_back_to_the_path():
    rows = swing(1.2, 2.2, rows=80)
    rows[30:] = rows[30]
    rows[30:, :2] = 0.3
    made = context(rows)
    assert "row_position" in {check.name for check in failing(made)}
    found = filtered(made, 1)
    assert not failing(replace(made, chunk=found))
    np.testing.assert_allclose(found.rows[-1], rows[-1], atol=0.01)
    assert found.order == made.chunk.order


def test_at_the_limit_itself_a_row_may_stay_and_beyond_it_is_brought_back():
    rows = np.tile(home(ROBOT), (5, 1))
    rows[:, 0] = BOUNDS.upper[0]
    np.testing.assert_allclose(along(rows, BOUNDS), rows, atol=1e-15)
    rows[:, 0] = LIMITS.upper[0] + 0.5
    found = along(rows, BOUNDS)
    assert found[0, 0] == LIMITS.upper[0]
    assert (np.diff(found[:, 0]) < 0).all()


@given(wild, st.floats(0.4, 1.5))
def test_a_region_is_never_approached_faster_than_the_barrier_allows(wanted, reach):
    wall = Wall(reach)
    wanted[0] = home(ROBOT)
    rows = along(wanted, BOUNDS, (wall,))
    if rows is None:
        return
    left = np.array([wall.clearances(row)[0][0] for row in rows])
    share = 1 - BOUNDS.gamma.min()
    assert (left >= -1e-6).all()
    assert (left[1:] >= share * left[:-1] - 1e-6).all()
    assert (np.abs(np.diff(rows, axis=0)) <= BOUNDS.step + 1e-6).all()


def test_along_a_region_the_nearest_rows_are_taken():
    wanted = swing(0.5, 1.5)
    rows = along(wanted, BOUNDS, (Wall(0.8),))
    free = along(wanted, BOUNDS, (Wall(9.0), Far()))
    np.testing.assert_allclose(free, wanted, atol=1e-9)
    away = rows[-1] - wanted[-1]
    # Only along the normal of the wall: what does not lead into it stays.
    assert np.linalg.norm(away[:2]) > 0.01
    assert rows[-1][0] * 0.6 + rows[-1][1] * 0.8 <= 0.8
    assert away[2] == pytest.approx(0.0, abs=1e-9)


def test_rows_are_kept_off_by_a_reserve():
    wall = Wall(0.8)
    rows = along(swing(0.5, 1.5, rows=36), BOUNDS, (wall,), reserve=0.05)
    left = np.array([wall.clearances(row)[0][0] for row in rows])
    assert 0.05 - 1e-6 <= left.min() < 0.06


def test_of_two_regions_neither_is_entered_to_keep_off_the_other():
    """In the corner between them nothing goes on."""
    other = Wall(0.8)
    other.clearances = lambda position: (0.3 - position[2:], np.array([[0.6, 0.8, -1.0]]))
    walls = (Wall(0.8), other)
    rows = along(swing(0.5, 1.5), BOUNDS, walls)
    assert min(wall.clearances(row)[0][0] for row in rows for wall in walls) >= -1e-6


def test_regions_are_looked_at_from_some_rows_only():
    wall, asked = Wall(0.8), []
    wall.clearances = lambda row: asked.append(row) or Wall(0.8).clearances(row)
    rows = along(swing(0.5, 1.5, rows=16), BOUNDS, (wall,))
    np.testing.assert_array_equal(asked, rows[:-1:LOOK])


def test_where_no_row_can_be_found_there_is_no_correction():
    assert along(swing(0.3, 1.5), BOUNDS, (Cage(),)) is None
    assert filtered(context(swing(0.3, 1.5)), 1, (Cage(),)) is None


def test_caution_slows_the_steps():
    bounds = Bounds.of(ROBOT, PERIOD, 0.25, 0.95)
    rows = along(swing(0.5, 3.0), bounds)
    used = np.abs(np.diff(rows, axis=0)) / PERIOD / LIMITS.velocity
    assert used.max() <= 0.25 * 0.95 + 1e-9


def test_columns_without_end_are_not_bounded_and_discrete_grippers_may_jump():
    robot = every_kind()
    rows = np.tile(home(robot), (12, 1))
    rows[:, SPIN] = np.linspace(3.0, 3.5, 12)
    rows[6:, SPIN] -= 2 * np.pi
    rows[:, BASE] += np.linspace(100.0, 100.2, 12)[:, None]
    rows[:, FINGER] = np.where(np.arange(12) < 6, 0.0, 0.04)
    rows[:, 0] = np.linspace(1.5, 2.4, 12)
    found = filtered(context(rows, robot), 1)
    np.testing.assert_allclose(np.unwrap(found.rows[:, SPIN]), np.linspace(3.0, 3.5, 12), atol=1e-9)
    np.testing.assert_allclose(found.rows[:, BASE], rows[:, BASE], atol=1e-9)
    np.testing.assert_allclose(found.rows[6:, FINGER], 0.04)
    assert (found.rows[:, FINGER][:6] <= robot.limits.margin[FINGER] + 1e-12).all()
    assert (found.rows[:, 0] <= 2.0).all()


def test_a_way_back_is_not_led_beside_its_path():
    assert filtered(context(swing(1.5, 3.0), source=ROLLBACK), 1) is None


def test_a_check_with_clearances_is_a_geometry():
    assert isinstance(Wall(1.0), Geometry)
    assert not isinstance(failing, Geometry)
