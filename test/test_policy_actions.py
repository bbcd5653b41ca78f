"""Rows of every representation become absolute targets, anchored at the told state."""

import numpy as np
import pytest
from chain_values import joints_at, stamp, toy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aura_ros.policy.actions import ActionError, Actions, tools
from aura_ros.policy.layout import LayoutError, Part, parse
from aura_ros.robot.description import JointGroup, Limits, Switching
from aura_ros.types import NO_ALTERNATIVES, KinematicState, Observation, Request, Response

PERIOD_S = 0.05
SWITCHING = Switching(closed=0.0, opened=0.04)
GROUPS = (
    JointGroup("arm", "joints", ("shoulder", "elbow"), "rad"),
    JointGroup("gripper", "gripper", ("finger",), "m", SWITCHING),
    JointGroup("base", "base", ("x", "y", "yaw"), "si"),
)
LOWER = np.array([-2.0, -1.0, 0.0, -np.inf, -np.inf, -np.inf])
UPPER = np.array([2.0, 3.0, 0.05, np.inf, np.inf, np.inf])
ROBOT = toy(
    groups=GROUPS,
    limits=Limits(LOWER, UPPER, *(np.ones(6),) * 3, np.zeros(6)),
)
TOLD = np.array([0.3, -0.2, 0.02, 5.0, -1.0, 0.7])
numbers = arrays(np.float64, (5, 2), elements=st.floats(-2.0, 2.0))


def rows(layout, given, told=TOLD, robot=ROBOT):
    return Actions(robot, parse(layout)).rows(np.asarray(given, dtype=float), told)


# --- numbers of joints ----------------------------------------------------------------------


def test_without_a_layout_rows_are_the_targets_themselves():
    given = np.random.default_rng(1).standard_normal((4, 6))
    assert Actions(ROBOT).rows(given, TOLD) is given
    assert Actions(ROBOT).layout == "arm: absolute; gripper: absolute; base: absolute"


@given(numbers)
def test_relative_rows_are_counted_from_the_told_state(given):
    found = rows("arm: relative", given)
    np.testing.assert_allclose(found[:, :2], TOLD[:2] + given)


@given(numbers)
def test_deltas_add_up_from_the_told_state(given):
    found = rows("arm: delta scale 0.5", given)
    np.testing.assert_allclose(found[0], TOLD)
    np.testing.assert_allclose(np.diff(found[:, :2], axis=0), 0.5 * given, atol=1e-12)


@given(numbers)
def test_velocities_are_held_for_a_row(given):
    found = rows("arm: velocity", given)
    np.testing.assert_allclose(found[0], TOLD)
    np.testing.assert_allclose(np.diff(found[:, :2], axis=0), given * PERIOD_S, atol=1e-12)


def test_a_base_drives_on_from_the_planned_distance():
    speed = np.tile([0.4, 0.0, -0.2], (3, 1))
    found = rows("base: velocity", speed)
    np.testing.assert_allclose(found[-1, 3:], TOLD[3:] + 3 * PERIOD_S * speed[0])


def test_parts_may_come_in_any_order():
    found = rows("gripper: absolute; arm: absolute", [[0.01, 1.0, 2.0]])
    np.testing.assert_allclose(found[0], [1.0, 2.0, 0.01, *TOLD[3:]])


def test_groups_without_a_part_stay():
    found = rows("gripper: absolute", [[0.01], [0.03]])
    np.testing.assert_array_equal(np.delete(found, 2, axis=1), np.delete([TOLD, TOLD], 2, axis=1))


def test_beside_steps_other_rows_stay_for_the_last_one():
    found = rows("arm: delta; gripper: absolute", [[0.1, 0.1, 0.0], [0.1, 0.1, 0.04]])
    np.testing.assert_allclose(found[:, 2], [0.0, 0.04, 0.04])


@pytest.mark.parametrize(
    ("part", "given", "found"),
    [
        ("gripper: absolute opened -1 closed 1", [-1.0, 0.0, 1.0], [0.04, 0.02, 0.0]),
        ("gripper: absolute closed 0 opened 255", [0.0, 255.0], [0.0, 0.04]),
        ("gripper: absolute lower -100 upper 100", [-100.0, 100.0], [0.0, 0.05]),
        ("gripper: absolute scale -0.02 offset 0.02", [-1.0, 1.0], [0.04, 0.0]),
    ],
)
def test_numbers_of_a_gripper_are_stretched(part, given, found):
    np.testing.assert_allclose(rows(part, np.c_[given])[:, 2], found, atol=1e-15)


def test_numbers_of_joints_are_stretched_to_their_limits():
    found = rows("arm: absolute lower -1 upper 1", [[-1, -1], [0, 0], [1, 1]])
    np.testing.assert_allclose(found[:, :2], [[-2, -1], [0, 1], [2, 3]])


@given(st.floats(-20, 20), st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=20))
def test_joints_that_turn_without_end_go_on_from_the_told_angle(begin, steps):
    robot = toy(groups=GROUPS, limits=ROBOT.limits, continuous_joints=frozenset({"elbow"}))
    path = begin + np.cumsum([0.0, *steps])
    wrapped = (path[1:] + np.pi) % (2 * np.pi) - np.pi
    told = np.array([0.0, begin, 0.0, 0.0, 0.0, 0.0])
    given = np.c_[wrapped, wrapped]
    found = rows("arm: absolute", given, told, robot)
    np.testing.assert_allclose(found[:, 1], path[1:], atol=1e-9)
    np.testing.assert_array_equal(found[:, 0], wrapped)


def test_absolute_targets_of_all_joints_are_unwrapped_too():
    robot = toy(groups=GROUPS, limits=ROBOT.limits, continuous_joints=frozenset({"elbow"}))
    told = np.array([0.0, 3.1, 0.0, 0.0, 0.0, 0.0])
    found = Actions(robot).rows(np.array([[3.0, -3.1, 0.0, 0.0, 0.0, 0.0]]), told)
    np.testing.assert_allclose(found, [[3.0, 2 * np.pi - 3.1, 0.0, 0.0, 0.0, 0.0]])


# --- bad rows -------------------------------------------------------------------------------


def request():
    rest = np.zeros(6)
    seen = Observation(stamp(0), {}, joints_at(0.0, TOLD), "pick")
    return Request(1, 0, seen, KinematicState(stamp(0), TOLD, rest, rest), None)


@pytest.mark.parametrize("shape", [(4, 7), (4, 5), (6,), (0, 6), (2, 3, 6)])
def test_rows_of_another_width_are_no_action(shape):
    response = Actions(ROBOT).applied(Response(1, np.zeros(shape), np.zeros(2)), request())
    assert response.rows.size == 0
    assert str(shape) in response.error
    assert "needs rows of 6 numbers (2 for arm, 1 for gripper, 3 for base)" in response.error


def test_rows_that_are_not_finite_are_no_action():
    given = np.zeros((3, 2))
    given[1, 0] = np.nan
    with pytest.raises(ActionError, match="number 0 of row 1 is nan"):
        rows("arm: delta", given)


def test_without_a_layout_the_fuser_judges_what_is_not_finite():
    given = np.full((3, 6), np.nan)
    assert Actions(ROBOT).rows(given, TOLD) is given


def test_an_error_stays_an_error():
    response = Response(1, np.zeros((0, 0)), np.zeros(0), "out of memory")
    assert Actions(ROBOT).applied(response, request()) is response


# --- other chunks drawn for the same observation --------------------------------------------


def drawn(alternatives):
    made = Actions(ROBOT, parse("arm: delta; gripper: absolute"))
    response = Response(1, np.ones((4, 3)), np.zeros(2), alternatives=alternatives)
    return made.applied(response, request())


def test_alternatives_mean_the_same_as_the_rows():
    found = drawn(np.stack([2 * np.ones((4, 3)), np.ones((4, 3))]))
    assert found.alternatives.shape == (2, *found.rows.shape)
    assert np.array_equal(found.alternatives[1], found.rows)
    assert not np.array_equal(found.alternatives[0], found.rows)


def test_without_alternatives_there_are_none():
    assert drawn(NO_ALTERNATIVES).alternatives.shape == (0, 0, 0)


def test_an_alternative_that_cannot_be_read_spoils_the_answer():
    found = drawn(np.full((1, 4, 3), np.nan))
    assert found.error
    assert not len(found.rows)
    assert not len(found.alternatives)


# --- layouts that do not fit the robot ------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ("amr: absolute", "toy has no group 'amr', did you mean 'arm'"),
        ("arm: absolute; arm: delta", "group 'arm' has two parts"),
        ("base: pose quaternion", "a group of kind base cannot be 'pose'"),
        ("arm: absolute frame tool", "only poses have frame"),
        ("arm: absolute closed 0 opened 1", "need a gripper with a table switching"),
        ("gripper: absolute closed 0", "closed and opened belong together and must differ"),
        ("gripper: absolute closed 1 opened 1", "closed and opened belong together and must"),
        ("gripper: absolute closed 0 opened 1 scale 2", "leave out the rest"),
        ("gripper: delta lower 0 upper 1", "say all of absolute numbers"),
        ("base: absolute lower 0 upper 1", "the joints have no limits"),
        ("arm: delta offset 1", "only absolute numbers have an offset"),
        ("arm: pose quaternion tip_link hand", "poses of joints need kinematics"),
        ("arm: pose euler sxxy tip_link hand", "such as sxyz"),
        ("arm: pose quaternion frame tool tip_link hand", "an absolute pose is in the frame"),
        ("arm: pose_delta 6d rotation_scale 2 tip_link hand", "a 6d has no scale"),
        ("arm: pose_delta 6d scale 2 tip_link hand", "a pose has no scale"),
        ("arm: pose_delta 6d frame world tip_link hand", "frame must be one of base, tool"),
    ],
)
def test_a_layout_that_does_not_fit_is_said(layout, words):
    with pytest.raises(LayoutError, match="'") as error:
        Actions(ROBOT, parse(layout))
    assert words in str(error.value)


def test_parts_made_by_hand_are_judged_too():
    with pytest.raises(LayoutError, match="a pose needs a rotation"):
        Actions(ROBOT, (Part("arm", "pose", "matrix"),))


def test_poses_of_joints_need_a_link():
    assert tools(parse("arm: pose 6d tip_link hand; gripper: absolute"), ROBOT) == (
        Part("arm", "pose", "6d", tip_link="hand"),
    )
    with pytest.raises(LayoutError, match="give tip_link"):
        tools(parse("arm: pose 6d"), ROBOT)
