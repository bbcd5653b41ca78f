"""What policies declare, and under which keys they find the robot's cameras and state."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import home, joints_at, picture, stamp, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.policy.backend import declared_actions, declared_of
from aura_ros.policy.declared import (
    CameraInput,
    DeclarationError,
    Declared,
    StateInput,
    check_fits,
)
from aura_ros.policy.keys import observation_keys
from aura_ros.robot.description import Camera, JointGroup, Switching
from aura_ros.types import KinematicState, Observation, Request

ROBOT = toy()
GOOD = Declared(
    "good",
    (CameraInput("front", 224, 224, "stretch", True), CameraInput("wrist")),
    (StateInput("state", 3),),
    3,
    16,
    0.05,
    "arm: relative; gripper: absolute",
    True,
    True,
    7,
    4,
    "abc",
    True,
    "def",
)
NAMES = st.text("abcdefg/._", min_size=1, max_size=8)


# --- declarations ---------------------------------------------------------------------------


def test_a_declaration_survives_the_way_through_a_file():
    assert Declared.from_mapping(GOOD.to_mapping()) == GOOD


@given(
    st.lists(NAMES, unique=True, max_size=6),
    st.integers(1, 64),
    st.integers(1, 1000),
    st.none() | st.floats(1e-3, 10),
    st.booleans(),
)
def test_any_declaration_does(keys, width, horizon, period, needs):
    cameras = tuple(CameraInput(key, fit="stretch") for key in keys[:3])
    state = tuple(StateInput(key, width) for key in keys[3:])
    made = Declared("any", cameras, state, width, horizon, period, needs_instruction=needs)
    assert Declared.from_mapping(made.to_mapping()) == made


def test_a_newer_declaration_may_say_more():
    assert Declared.from_mapping(GOOD.to_mapping() | {"depth": True}) == GOOD


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": 3}, "name is 3; str is needed"),
        ({"action_width": 0}, "action_width is 0; it must be above 0"),
        ({"action_width": True}, "action_width is True; int is needed"),
        ({"horizon": -1}, "horizon is -1; it cannot be negative"),
        ({"max_samples": 0}, "max_samples is 0"),
        ({"features": -1}, "features is -1"),
        ({"row_period_s": 0.0}, "row_period_s is 0.0; it must be above 0, or None"),
        ({"row_period_s": float("nan")}, "row_period_s is nan"),
        ({"normalizes": 1}, "normalizes is 1; bool is needed"),
        ({"actions": "arm: relatve"}, "actions 'arm: relatve': no representation 'relatve'"),
        ({"cameras": [{"key": "front", "fit": "crop"}]}, "fit is 'crop'; it must be one of pad"),
        ({"cameras": [{"key": "front", "width": 3}]}, "size 3 x 0; give both, or neither"),
        ({"cameras": [{"key": "a"}, {"key": "a"}]}, "key 'a' is used twice"),
        ({"cameras": [{"key": "prompt"}]}, "key 'prompt' is used twice, empty or reserved"),
        ({"cameras": [{"key": "flow_time"}]}, "used twice, empty or reserved .*noisy_rows, flow_t"),
        (
            {"state_keys": [{"key": "s", "width": 1, "of": "torque"}]},
            "'s': of is 'torque'; it must",
        ),
        ({"state_keys": [{"key": "s", "width": 2, "of": "ahead"}]}, "time ahead is one number"),
        ({"flow": "yes"}, "flow is 'yes'; bool is needed"),
        ({"cameras": [{"height": 3}]}, "cameras: key is missing; declare it"),
        ({"cameras": "front"}, "cameras is 'front'; a list is needed"),
        ({"cameras": ["front"]}, "cameras: 'front' is no table"),
        ({"state_keys": [{"key": "s", "width": 0}]}, "state 's': width 0; it must be above 0"),
        ({"state_keys": [{"key": "samples", "width": 2}]}, "reserved"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(changes, words):
    with pytest.raises(DeclarationError, match=words):
        Declared.from_mapping(GOOD.to_mapping() | changes)


@pytest.mark.parametrize("name", ["name", "cameras", "state_keys", "action_width", "horizon"])
def test_what_is_missing_is_named(name):
    table = GOOD.to_mapping()
    del table[name]
    with pytest.raises(DeclarationError, match=name):
        Declared.from_mapping(table)


def test_only_a_table_declares():
    with pytest.raises(DeclarationError, match="'x' is no table"):
        Declared.from_mapping("x")


class Backend:
    name = "plain"


def test_backends_may_declare_all_the_layout_or_nothing():
    plain, old, new = Backend(), Backend(), Backend()
    old.actions, new.declared = "arm: delta", GOOD
    assert [declared_of(b) for b in (plain, old, new)] == [None, None, GOOD]
    assert [declared_actions(b) for b in (plain, old, new)] == ["", "arm: delta", GOOD.actions]


# --- does it fit the robot ------------------------------------------------------------------


def test_rows_must_be_as_far_apart_as_the_robot_is_configured():
    check_fits(GOOD, ROBOT)
    check_fits(replace(GOOD, row_period_s=None), ROBOT)
    check_fits(replace(GOOD, row_period_s=0.0505), ROBOT)
    with pytest.raises(DeclarationError, match=r"0.052 s apart, but action.row_period of toy is"):
        check_fits(replace(GOOD, row_period_s=0.052), ROBOT)


def test_without_normalisation_nothing_may_move():
    with pytest.raises(DeclarationError, match=r"good has no normalisation: .*serve a checkpoint"):
        check_fits(replace(GOOD, normalizes=False), ROBOT)


# --- keys -----------------------------------------------------------------------------------


def two_cameras(**changes):
    cameras = (Camera("front", "a"), Camera("wrist", "b"))
    return toy(cameras=cameras, **changes)


def asked(robot, planned, measured=None):
    images = {camera.name: picture(0.0, camera.name) for camera in robot.cameras}
    joints = joints_at(0.0, planned if measured is None else measured)
    seen = Observation(stamp(0), images, joints, "pick")
    rest = np.zeros(len(planned))
    return Request(1, 1, seen, KinematicState(stamp(0), np.asarray(planned), rest, rest), None)


def declaring(*cameras, state=()):
    return Declared("policy", tuple(map(CameraInput, cameras)), tuple(state), 3, 4)


def test_cameras_are_found_by_the_last_word_of_their_keys():
    robot = two_cameras()
    keys = observation_keys(robot, declaring("observation.images.wrist", "observation/front"))
    assert [name for name, _ in keys.cameras] == ["wrist", "front"]
    found = keys.observation(asked(robot, home(robot)))
    assert set(found) == {"observation.images.wrist", "observation/front", "prompt"}


def test_a_text_says_which_camera_is_meant():
    keys = observation_keys(two_cameras(), declaring("image"), "image: wrist")
    assert [name for name, _ in keys.cameras] == ["wrist"]


def test_one_key_holds_all_joints_and_keys_of_groups_hold_theirs():
    robot, state = toy(), [0.1, 0.2, 0.03]
    whole = observation_keys(robot, declaring(state=[StateInput("state", 3)]))
    np.testing.assert_allclose(whole.observation(asked(robot, state))["state"], state)
    parts = [StateInput("observation/gripper", 1), StateInput("observation/arm", 2)]
    apart = observation_keys(robot, declaring(state=parts)).observation(asked(robot, state))
    np.testing.assert_allclose(apart["observation/arm"], state[:2])
    np.testing.assert_allclose(apart["observation/gripper"], state[2:])
    lone = observation_keys(robot, declaring(state=[StateInput("observation/arm", 2)]))
    np.testing.assert_allclose(lone.observation(asked(robot, state))["observation/arm"], state[:2])


def test_a_state_may_be_of_other_times_and_of_speed():
    """All that the demo policy is told; grippers are measured only where nothing else is said."""
    robot, n = toy(), 3
    kinds = ("position", "told", "measured", "velocity")
    state = [StateInput(of, n, of) for of in kinds] + [StateInput("ahead", 1, "ahead")]
    keys = observation_keys(robot, declaring(state=state))
    question = asked(robot, [0.1, 0.2, 0.03], [0.5, 0.6, 0.01])
    start = replace(question.start, time_ns=stamp(0.25), velocity=np.array([1.0, 2.0, 0.5]))
    found = keys.observation(replace(question, start=start))
    expected = {
        "position": [0.1, 0.2, 0.01],
        "told": [0.1, 0.2, 0.03],
        "measured": [0.5, 0.6, 0.01],
        "velocity": [1.0, 2.0, 0.5],
        "ahead": [0.25],
    }
    for key, numbers in expected.items():
        np.testing.assert_allclose(found[key], numbers, rtol=1e-6)
        assert found[key].dtype == np.float32


def test_a_velocity_is_scaled_and_not_moved():
    state = [StateInput("speed", 1, "velocity")]
    text = "speed: gripper lower 0 upper 1"
    keys = observation_keys(toy(), declaring(state=state), state=text)
    question = asked(toy(), [0.0, 0.0, 0.02])
    start = replace(question.start, velocity=np.array([0.0, 0.0, 0.1]))
    np.testing.assert_allclose(
        keys.observation(replace(question, start=start))["speed"], [2.0], rtol=1e-6
    )


def test_a_base_is_no_part_of_the_state():
    groups = (*toy().groups, JointGroup("base", "base", ("x", "y", "turn"), ""))
    limits = toy(joints=6).limits
    robot = toy(groups=groups, limits=limits)
    keys = observation_keys(robot, declaring(state=[StateInput("state", 3)]))
    assert [list(columns.joints) for columns in keys.state] == [[0, 1, 2]]
    with pytest.raises(DeclarationError, match="nobody measures how far 'base' drove"):
        observation_keys(robot, None, state="state: arm, base")


def test_numbers_of_the_state_are_those_that_rows_would_have():
    """DROID: the gripper's position from 0, open, to 1, closed."""
    robot = toy()
    keys = observation_keys(robot, None, state="state: gripper lower 1 upper 0; more: arm scale 2")
    found = keys.observation(asked(robot, [0.2, -0.4, 0.04]))
    np.testing.assert_allclose(found["state"], [0.2], atol=1e-6)
    np.testing.assert_allclose(found["more"], [0.1, -0.2])
    switched = JointGroup("gripper", "gripper", ("finger",), "m", Switching(0.005, 0.045))
    robot = toy(groups=(robot.groups[0], switched))
    keys = observation_keys(robot, None, state="state: gripper closed 1 opened 0")
    found = keys.observation(asked(robot, [0.2, -0.4, 0.045]))
    np.testing.assert_allclose(found["state"], [0.0], atol=1e-6)


def test_a_missing_image_is_said():
    robot = two_cameras()
    keys = observation_keys(robot, declaring("front", "wrist"))
    question = asked(robot, home(robot))
    one = replace(question.observation, images={"front": picture(0.0)})
    with pytest.raises(RuntimeError, match="no image of camera wrist"):
        keys.observation(replace(question, observation=one))


@pytest.mark.parametrize(
    ("cameras", "state", "words"),
    [
        ("image", "", "camera_keys: 'image' is no KEY: CAMERA"),
        ("a: front; a: wrist", "", "camera_keys: 'a: wrist' is given twice"),
        ("a: frnt", "", "no camera 'frnt', did you mean 'front'"),
        ("", "state: arm, grip", "no group 'grip', did you mean 'gripper'"),
        ("", "state: arm relative", "state_keys: 'arm: absolute relative': no option 'relative'"),
        ("", "state: arm scale 0", "state_keys: 'arm scale 0' has a scale or a range of zero"),
        ("", "state:", "state_keys: 'state:' is no KEY: GROUP, GROUP"),
    ],
)
def test_texts_that_cannot_be_meant_are_refused(cameras, state, words):
    with pytest.raises(DeclarationError, match=words):
        observation_keys(two_cameras(), None, cameras, state)


def test_a_state_that_no_group_is_called_after_is_named():
    declared = declaring(state=[StateInput("arm", 2), StateInput("tool", 6)])
    with pytest.raises(DeclarationError, match="state 'tool', and toy has no group of that name"):
        observation_keys(toy(), declared)
