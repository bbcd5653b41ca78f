"""What is still ahead is read from geometry, and read the same a moment later."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")

from aura_ros.sim.drawer import PULL, drawer, predict_knob
from aura_ros.sim.furniture import CUBE_HALF, DRAWER_TRAVEL, KNOB_HEIGHT
from aura_ros.sim.scene import GRIP, OPEN, predict
from aura_ros.sim.stages import pick_place, push
from aura_ros.sim.stops import CLEARANCE

CUBE, GOAL = np.array([0.45, 0.0, CUBE_HALF]), np.array([0.60, 0.0, CUBE_HALF])
KNOB = np.array([0.55, 0.1, KNOB_HEIGHT])
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


@pytest.mark.parametrize("angle", [-1.6, -1.35, -1.25, 0.0, 1.5, 2.0])
def test_a_push_that_turns_a_little_does_not_turn_the_hand_round(angle):
    def goal(direction):
        return CUBE + 0.1 * np.array([np.cos(direction), np.sin(direction), 0.0])

    home = tool(0.45, z=0.3)
    entry = push(predict(home, objects(goal=goal(angle)), home))[-2].point
    for turned in (-0.2, 0.2):
        (stop,) = push(predict(entry, objects(goal=goal(angle + turned)), entry))
        assert abs(stop.point[3] - entry[3]) == pytest.approx(0.2)


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


# --- the drawer -------------------------------------------------------------------------------


def drawers(opening=0.0):
    return objects(cube=KNOB - [opening, 0.0, 0.0], goal=KNOB)


def at_knob(opening=0.0, **changes):
    return tool(KNOB[0] - opening, **({"y": KNOB[1], "z": KNOB_HEIGHT} | changes))


def test_a_closed_drawer_is_grasped_pulled_let_go_and_left():
    home = tool(0.45, z=0.4)
    above, low, closed, pulled, opened, up = (
        stop.point for stop in drawer(predict_knob(home, drawers(), home))
    )
    assert (above[2], low[2], up[2]) == (CLEARANCE, KNOB_HEIGHT, CLEARANCE)
    np.testing.assert_array_equal(low[:3], KNOB)
    np.testing.assert_array_equal(closed[:3], KNOB)
    np.testing.assert_allclose(pulled, [KNOB[0] - PULL, *KNOB[1:], 0.0, GRIP])
    np.testing.assert_allclose(opened, [*pulled[:4], OPEN])


def test_a_knob_in_the_hand_comes_along_as_far_as_it_slides():
    gripped = at_knob(0.05, finger=CUBE_HALF)
    further = predict_knob(gripped, drawers(0.05), at_knob(0.09, finger=GRIP))
    assert further.held
    np.testing.assert_allclose(further.cube, KNOB - [0.09, 0.0, 0.0])
    too_far = predict_knob(gripped, drawers(0.05), at_knob(0.30, finger=GRIP))
    assert too_far.cube[0] == pytest.approx(KNOB[0] - DRAWER_TRAVEL)
    inwards = predict_knob(gripped, drawers(0.05), at_knob(-0.10, finger=GRIP))
    assert inwards.cube[0] == pytest.approx(KNOB[0])


def test_a_pull_under_way_goes_on_to_its_end():
    gripped = at_knob(0.118, finger=CUBE_HALF)
    scene = predict_knob(gripped, drawers(0.118), at_knob(0.118, finger=GRIP))
    pulled = drawer(scene)[0].point
    assert pulled[0] == pytest.approx(KNOB[0] - PULL)
    assert pulled[4] == GRIP


@pytest.mark.parametrize("height", [KNOB_HEIGHT, CLEARANCE])
def test_an_open_drawer_is_left_alone(height):
    now = at_knob(0.12, z=height)
    stops = drawer(predict_knob(now, drawers(0.12), now))
    assert heights(stops) == [CLEARANCE]


def test_a_knob_that_slipped_out_is_gripped_again_with_open_fingers():
    lost = at_knob(0.09, finger=GRIP)
    scene = predict_knob(lost, drawers(0.05), lost)
    assert not scene.held
    lift, above, low = (stop.point for stop in drawer(scene)[:3])
    assert (lift[2], above[2], low[2]) == (CLEARANCE, CLEARANCE, KNOB_HEIGHT)
    assert lift[4] == above[4] == low[4] == OPEN
