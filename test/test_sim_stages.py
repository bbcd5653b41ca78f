"""What is still ahead is read from geometry, and read the same a moment later."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.model import CUBE_HALF
from aura_ros.sim.scene import GRIP, OPEN, predict
from aura_ros.sim.stages import CLEARANCE, pick_place, push

CUBE, GOAL = np.array([0.45, 0.0, CUBE_HALF]), np.array([0.60, 0.0, CUBE_HALF])
UPRIGHT = [0.0, 0.0, 0.0, 1.0]


def objects(cube=CUBE, goal=GOAL):
    return np.array([[*cube, *UPRIGHT], [*goal, *UPRIGHT]])


def tool(x, y=0.0, z=CUBE_HALF, finger=OPEN):
    return np.array([x, y, z, 0.0, finger])


def heights(stops):
    return [stop.point[2] for stop in stops]


def test_a_push_ends_behind_the_goal_in_one_stop_once_it_has_begun():
    behind = tool(CUBE[0] - 0.06, finger=0.012)
    (stop,) = push(predict(behind, objects(), behind))
    assert GOAL[0] - 0.04 < stop.point[0] < GOAL[0] - CUBE_HALF


def test_a_tool_past_the_cube_goes_round_it_and_does_not_believe_it_was_pushed():
    past = tool(CUBE[0] + 0.10, finger=0.012)
    stops = push(predict(past, objects(), past))
    assert heights(stops)[:2] == [CLEARANCE, CLEARANCE]
    assert stops[2].point[0] < CUBE[0] - 0.05


def test_a_cube_that_the_tool_will_have_pushed_is_expected_ahead_of_it():
    before, then = tool(CUBE[0] - 0.04, finger=0.012), tool(GOAL[0] - 0.03, finger=0.012)
    (stop,) = push(predict(before, objects(), then))
    np.testing.assert_array_equal(stop.point, then)


@pytest.mark.parametrize("height", [0.03, 0.06, 0.09])
def test_going_down_over_the_cube_is_not_begun_again(height):
    now = tool(CUBE[0] + 0.005, z=height)
    assert heights(pick_place(predict(now, objects(), now)))[0] == CUBE_HALF


def test_fingers_that_close_on_the_cube_by_then_hold_it():
    above, closed = tool(CUBE[0], z=0.08), tool(CUBE[0], z=0.03, finger=GRIP)
    assert predict(above, objects(), closed).held


def test_fingers_that_closed_on_nothing_do_not_hold_a_cube_below():
    empty = tool(CUBE[0], z=0.12, finger=GRIP)
    scene = predict(empty, objects(), empty)
    assert not scene.held
    assert pick_place(scene)[0].point[4] == OPEN


def test_a_held_cube_moves_with_the_tool_and_an_opened_hand_leaves_it():
    holding = tool(CUBE[0], finger=CUBE_HALF)
    carried = predict(holding, objects(), tool(0.6, z=0.14, finger=GRIP))
    np.testing.assert_allclose(carried.cube, [0.6, 0.0, 0.14])
    left = predict(holding, objects(), tool(0.6, z=0.10, finger=OPEN))
    assert not left.held
    assert left.cube[2] == CUBE_HALF


def test_a_placed_cube_is_let_go_and_left_alone():
    placed = objects(cube=GOAL)
    around = tool(GOAL[0], finger=0.025)
    stops = pick_place(predict(tool(GOAL[0], finger=0.03), placed, around))
    assert heights(stops) == [CUBE_HALF, CLEARANCE]
    away = tool(GOAL[0], z=CLEARANCE)
    (stay,) = pick_place(predict(away, placed, away))
    np.testing.assert_array_equal(stay.point, away)
