"""Rows that are poses: every rotation, steps in the axes of base and tool, and the chart."""

import numpy as np
import pytest
from chain_values import toy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("scipy", reason="scipy is absent")
from scipy.spatial.transform import Rotation

from aura_ros.motion.rotations import RotationError, to_6d
from aura_ros.policy.actions import Actions
from aura_ros.policy.layout import LayoutError, parse
from aura_ros.robot.description import JointGroup, Limits
from aura_ros.types import KinematicState, Observation, Request, Response

DOWN = (1.0, 0.0, 0.0, 0.0)
TOOL = JointGroup("tool", "pose", ("x", "y", "z", "rx", "ry", "rz"), "si", None, "world", DOWN)
ROBOT = toy(
    groups=(TOOL,), limits=Limits(*(sign * np.full(6, 3.0) for sign in (-1, 1, 1, 1, 1, 0)))
)
TOLD = np.array([0.4, 0.1, 0.3, 0.2, -0.3, 0.4])
START = Rotation.from_quat(DOWN) * Rotation.from_rotvec(TOLD[3:])
steps = arrays(np.float64, (4, 6), elements=st.floats(-0.4, 0.4))


def rows(layout, given, told=TOLD):
    return Actions(ROBOT, parse(layout)).rows(np.asarray(given, dtype=float), told)


def turned(found):
    """The orientations of rows."""
    return Rotation.from_quat(DOWN) * Rotation.from_rotvec(found[:, 3:])


def angle(a, b):
    return (a.inv() * b).magnitude().max()


def in_rotation(kind, turn):
    if kind == "quaternion":
        return -1.3 * turn.as_quat()
    if kind == "6d":
        return to_6d(turn.as_quat())
    if kind == "euler sxyz":
        return turn.as_euler("xyz")
    return turn.as_euler("ZYX") if kind == "euler rzyx" else turn.as_rotvec()


@pytest.mark.parametrize(
    "kind", ["quaternion", "6d", "euler sxyz", "euler rzyx", "rotation_vector"]
)
def test_absolute_poses_of_every_rotation(kind):
    vectors = np.random.default_rng(3).uniform(-0.5, 0.5, (5, 3))
    turn = START * Rotation.from_rotvec(vectors)
    place = np.arange(15.0).reshape(5, 3)
    found = rows(f"tool: pose {kind}", np.hstack([place, in_rotation(kind, turn)]))
    np.testing.assert_allclose(found[:, :3], place)
    assert angle(turned(found), turn) < 1e-7


@given(steps)
def test_steps_along_the_base(given):
    found = rows("tool: pose_delta rotation_vector", given)
    np.testing.assert_allclose(found[0], TOLD, atol=1e-9)
    np.testing.assert_allclose(np.diff(found[:, :3], axis=0), given[:, :3], atol=1e-12)
    turn = turned(found)
    assert angle(turn[1:] * turn[:-1].inv(), Rotation.from_rotvec(given[:, 3:])) < 1e-6


@given(steps)
def test_steps_along_the_tool(given):
    found = rows("tool: pose_delta rotation_vector frame tool", given)
    turn = turned(found)
    moved = turn[:-1].inv().apply(np.diff(found[:, :3], axis=0))
    np.testing.assert_allclose(moved, given[:, :3], atol=1e-9)
    assert angle(turn[:-1].inv() * turn[1:], Rotation.from_rotvec(given[:, 3:])) < 1e-6


@pytest.mark.parametrize("frame", ["base", "tool"])
def test_relative_poses_are_each_counted_from_the_told_one(frame):
    given = np.random.default_rng(4).uniform(-0.3, 0.3, (3, 6))
    found = rows(f"tool: pose_relative rotation_vector frame {frame}", given)
    turn = Rotation.from_rotvec(given[:, 3:])
    wanted = START * turn if frame == "tool" else turn * START
    away = START.apply(given[:, :3]) if frame == "tool" else given[:, :3]
    np.testing.assert_allclose(found[:, :3], TOLD[:3] + away)
    assert angle(turned(found), wanted) < 1e-7


def test_scales_are_those_of_libero():
    given = np.array([[1.0, 0.0, -1.0, 0.0, 0.0, 1.0]])
    layout = "tool: pose_delta rotation_vector position_scale 0.05 rotation_scale 0.5"
    found = rows(layout, given)
    np.testing.assert_allclose(found[1, :3] - found[0, :3], [0.05, 0.0, -0.05])
    turn = turned(found)
    np.testing.assert_allclose((turn[1] * turn[0].inv()).as_rotvec(), [0.0, 0.0, 0.5], atol=1e-12)


def test_rows_continue_the_told_rotation_beyond_pi():
    """A quaternion read alone would be the short way round, a leap of nearly a full turn."""
    angles = np.linspace(3.2, 4.0, 9)
    turn = Rotation.from_quat(DOWN) * Rotation.from_rotvec(angles[:, None] * [0, 0, 1.0])
    told = np.array([0, 0, 0, 0, 0, 2.7])
    found = rows("tool: pose quaternion", np.hstack([np.zeros((9, 3)), turn.as_quat()]), told)
    np.testing.assert_allclose(found[:, 5], angles, atol=1e-9)


def test_numbers_that_are_no_rotation_are_no_action():
    with pytest.raises(RotationError, match="norm 0"):
        rows("tool: pose quaternion", np.zeros((2, 7)))
    rest = np.zeros(6)
    seen = Observation(0, {}, None, "pick")
    request = Request(1, 0, seen, KinematicState(0, TOLD, rest, rest), None)
    actions = Actions(ROBOT, parse("tool: pose quaternion"))
    response = actions.applied(Response(1, np.zeros((2, 7)), np.zeros(1)), request)
    assert "norm 0" in response.error
    assert response.rows.size == 0


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ("tool: delta", "cannot be 'delta'; it can be absolute, pose, pose_relative, pose_delta"),
        ("tool: pose 6d tip_link hand", "leave out base_link and tip_link"),
    ],
)
def test_layouts_that_no_pose_group_can_have(layout, words):
    with pytest.raises(LayoutError, match="'") as error:
        Actions(ROBOT, parse(layout))
    assert words in str(error.value)
