"""Inputs are aligned by capture stamp; what an observation lacks is said in words."""

import numpy as np
import pytest
from chain_values import home, joints_at, ns, picture, stamp, toy

from aura_ros.policy.observations import JOINT_HISTORY, Observations
from aura_ros.robot.description import Camera
from aura_ros.types import Instruction, Objects

TWO = (Camera("front", "front"), Camera("wrist", "wrist"))
ROBOT = toy(cameras=TWO)


def inputs(*values, robot=ROBOT, instruction="pick"):
    made = Observations(robot, instruction, ns(0.1))
    for k, value in enumerate(values):
        made.add(value, k)
    return made


def at_position(seconds, x):
    return joints_at(seconds, home(ROBOT) + x)


def test_an_observation_has_the_stamp_of_its_oldest_image_and_the_joints_nearest_to_it():
    made = inputs(
        picture(1.00, "front"),
        picture(1.03, "wrist"),
        *[at_position(0.9 + 0.02 * k, k) for k in range(12)],
    )
    found = made.latest()
    assert found.stamp_ns == stamp(1.0)
    assert found.joints.stamp_ns == stamp(1.0)
    np.testing.assert_allclose(found.joints.position, home(ROBOT) + 5)
    assert set(found.images) == {"front", "wrist"}
    assert (found.instruction, found.objects) == ("pick", None)


def test_arrival_has_no_say():
    early, late = picture(1.0, "front"), picture(1.05, "front")
    made = inputs(late, early, picture(1.04, "wrist"), at_position(1.04, 1), at_position(1.0, 0))
    found = made.latest()
    assert found.images["front"] is late
    assert found.joints.stamp_ns == stamp(1.04)


LACKS = {
    "no image of camera front, wrist yet": [],
    "no image of camera wrist yet": [picture(1.0, "front")],
    "no joint states on joint_states yet": [picture(1.0, "front"), picture(1.0, "wrist")],
    "the cameras' stamps are too far apart": [
        picture(1.0, "front"),
        picture(1.11, "wrist"),
        at_position(1.0, 0),
    ],
    "no joint state near the images' stamp": [
        picture(1.0, "front"),
        picture(1.0, "wrist"),
        at_position(1.11, 0),
    ],
}


@pytest.mark.parametrize("words", LACKS)
def test_what_is_missing_is_said(words):
    assert inputs(*LACKS[words]).latest() == words


def complete(*more, **options):
    return inputs(
        picture(1.0, "front"), picture(1.1, "wrist"), at_position(1.1, 0), *more, **options
    )


def test_the_instruction_may_be_missing_too():
    assert complete(instruction="").latest() == "no instruction on instruction yet"
    assert complete(Instruction("push"), instruction="").latest().instruction == "push"


def test_the_tolerance_is_allowed_to_its_end_and_changes():
    made = complete()
    assert made.latest().stamp_ns == stamp(1.0)
    made.tolerance_ns = ns(0.099)
    assert made.latest() == "the cameras' stamps are too far apart"


def test_a_robot_without_cameras_observes_its_newest_joints():
    made = inputs(at_position(1.0, 0), at_position(1.2, 1), robot=toy(cameras=()))
    found = made.latest()
    assert (found.stamp_ns, dict(found.images)) == (stamp(1.2), {})


def test_pictures_of_unknown_cameras_are_left_out():
    assert set(complete(picture(1.0, "other")).latest().images) == {"front", "wrist"}


def test_objects_go_along():
    poses = Objects(stamp(1.0), np.zeros((2, 7)))
    assert complete(poses).latest().objects is poses


def test_a_round_needs_every_camera_since():
    made = inputs(picture(1.0, "front"), picture(1.0, "wrist"))
    assert made.is_round(0)
    assert not made.is_round(1)
    made.add(picture(1.05, "front"), 5)
    assert not made.is_round(2)
    made.add(picture(1.05, "wrist"), 6)
    assert made.is_round(5)
    made.add(picture(1.01, "wrist"), 9)  # older than the last one: nothing new
    assert not made.is_round(7)


def test_a_round_has_no_image_of_the_round_before():
    made = inputs(picture(1.0, "front"), picture(1.0, "wrist"))
    made.add(picture(1.05, "front"), 2)
    made.add(picture(1.05, "wrist"), 3)
    made.add(picture(1.10, "front"), 4)
    assert not made.is_round(0)  # the wrist's image is one period behind
    made.add(picture(1.10, "wrist"), 5)
    assert made.is_round(0)


def test_cameras_out_of_phase_have_rounds_too():
    made = inputs(picture(1.0, "front"), picture(1.035, "wrist"))
    rounds = 0
    for k in range(1, 10):
        made.add(picture(1.0 + 0.05 * k, "front"), 2 * k)
        rounds += made.is_round(0)
        made.add(picture(1.035 + 0.05 * k, "wrist"), 2 * k + 1)
        rounds += made.is_round(0)
    assert rounds >= 9


def test_cleared_all_but_the_instruction_is_gone():
    made = complete()
    made.clear()
    assert made.latest() == "no image of camera front, wrist yet"
    assert made.instruction == "pick"
    assert not made.is_round(0)


def test_the_history_of_joints_is_bounded():
    made = inputs(*[at_position(0.001 * k, 0) for k in range(JOINT_HISTORY + 50)])
    assert len(made._joints) == JOINT_HISTORY
