"""Recorded topics are matched with the configuration's, or the difference is told in words."""

import pytest
from chain_values import toy
from replay_recordings import (
    COMPRESSED,
    IMAGE,
    LOG_0,
    POSITIONS,
    TEXT,
    TRAJECTORY,
    Scene,
    text,
    write_rosbag2,
)

from aura_ros.replay.inputs import find_inputs
from aura_ros.replay.recording import Recording, RecordingError

ROBOT = toy()
CAMERA = ROBOT.cameras[0].topic


def found(tmp_path, scene, *remap):
    with Recording(write_rosbag2(tmp_path / "bag", scene)) as recording:
        return find_inputs(recording, ROBOT, remap)


def topics(inputs):
    return {i.name: i.connection.topic for i in inputs.sensors}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_leading_slash_does_not_matter(tmp_path, slash):
    inputs = found(tmp_path, Scene(ROBOT, slash=slash))
    assert topics(inputs) == {
        "camera front": slash + CAMERA,
        "joint states": f"{slash}joint_states",
    }
    assert inputs.actions.topic == f"{slash}actions"
    assert inputs.actions.msgtype == TRAJECTORY
    assert not inputs.chunks


def test_optional_inputs_are_found_where_they_are(tmp_path):
    said = ("instruction", TEXT, LOG_0, text("reach"))
    assert topics(found(tmp_path, Scene(ROBOT, more=[said])))["instruction"] == "/instruction"


def test_the_recording_decides_whether_images_are_compressed(tmp_path):
    inputs = found(tmp_path, Scene(ROBOT, camera=COMPRESSED))
    assert inputs.sensors[0].connection.msgtype == COMPRESSED


def test_commands_may_be_positions(tmp_path):
    assert found(tmp_path, Scene(ROBOT, actions=POSITIONS)).actions.msgtype == POSITIONS


def renamed(robot):
    return toy(joint_states_topic="robot/states", recorded_action_topic="robot/actions")


@pytest.mark.parametrize(
    "remap",
    [
        ["joint_states:=robot/states", "actions:=robot/actions"],
        ["/joint_states:=/robot/states", "/actions:=/robot/actions"],
        ["robot/states:=joint_states", "robot/actions:=actions"],
    ],
)
def test_foreign_names_are_remapped_in_either_direction(tmp_path, remap):
    inputs = found(tmp_path, Scene(renamed(ROBOT)), *remap)
    assert topics(inputs)["joint states"] == "/robot/states"
    assert inputs.actions.topic == "/robot/actions"


def refusal(tmp_path, scene, *remap):
    with pytest.raises(RecordingError) as raised:
        found(tmp_path, scene, *remap)
    return str(raised.value)


def test_missing_topics_are_listed_with_what_is_there(tmp_path):
    words = refusal(tmp_path, Scene(renamed(ROBOT)))
    assert "no topic joint_states (joint states) [sensor_msgs/msg/JointState]" in words
    assert "no topic actions (recorded commands)" in words
    assert "/robot/states [sensor_msgs/msg/JointState] 41 messages" in words
    assert "--remap CONFIGURED:=RECORDED" in words
    assert CAMERA not in words.split("It holds")[0]


def test_a_topic_of_another_type_is_told(tmp_path):
    words = refusal(tmp_path, Scene(ROBOT), "joint_states:=actions")
    assert f"topic /actions carries {TRAJECTORY}, sensor_msgs/msg/JointState is needed" in words
    words = refusal(tmp_path / "2", Scene(ROBOT), f"actions:={CAMERA}")
    assert f"carries {IMAGE}" in words


def test_a_remapping_in_vain_is_an_error(tmp_path):
    words = refusal(tmp_path, Scene(ROBOT), "joint_state:=robot/states")
    assert "--remap joint_state:=robot/states renames no configured topic" in words
    assert "'joint_states'" in words


@pytest.mark.parametrize("rule", ["joint_states", "joint_states=x", ":=x", "joint_states:="])
def test_a_malformed_remapping_is_an_error(tmp_path, rule):
    assert "is not of the form" in refusal(tmp_path, Scene(ROBOT), rule)
