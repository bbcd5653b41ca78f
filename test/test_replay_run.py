"""One replay from recording to report, over recordings of every kind and condition."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from chain_values import chunk, toy
from replay_recordings import (
    COMPRESSED,
    JOINTS,
    LOG_0,
    POSITIONS,
    STEP_NS,
    Scene,
    image,
    joint_state,
    write_rosbag1,
    write_rosbag2,
)
from rich.console import Console
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin

from aura_ros.conversions import to_message
from aura_ros.guard.rules.problems import RulesError
from aura_ros.monitor.calibration import CalibrationError, calibrate
from aura_ros.monitor.monitor import SCORE_NAMES
from aura_ros.replay.faults import InjectError
from aura_ros.replay.recording import RecordingError
from aura_ros.replay.run import run_replay
from aura_ros.replay.typestore import maker
from aura_ros.types import NS

ROBOT = toy()


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    return write_rosbag2(tmp_path_factory.mktemp("bag") / "bag", Scene(ROBOT))


def replay(recording, out, **options):
    return run_replay(recording, ROBOT, out, progress=False, **options)


def metrics(recording, out, **options):
    return replay(recording, out, **options).metrics


def test_a_clean_recording_blocks_nothing(bag, tmp_path):
    found = metrics(bag, tmp_path)
    assert found["duration_s"] == pytest.approx(2.0)
    assert found["chunks"] >= 8
    assert found["blocked_chunks"] == 0
    assert found["held_commands"] == found["holds"] == found["conversion_errors"] == 0
    assert found["complete"] == "yes"
    assert found["tracking_rms_arm"] < 0.01


def test_the_folder_holds_decisions_summary_and_plot(bag, tmp_path):
    pytest.importorskip("matplotlib")
    found = metrics(bag, tmp_path)
    document = json.loads((tmp_path / "summary.json").read_text())
    assert document["name"] == "replay"
    assert document["metrics"] == found
    assert (tmp_path / "replay.png").read_bytes().startswith(b"\x89PNG")
    with AnyReader([tmp_path / "decisions"]) as reader:
        counts = {c.topic: c.msgcount for c in reader.connections}
        assert reader.start_time >= LOG_0
    assert counts["/chunk"] == found["chunks"]
    assert counts["/command"] == found["commands"]
    assert counts["/verdict"] == counts["/proposed_plan"] == found["chunks"]
    assert counts["/committed_plan"] >= found["chunks"]
    silent = {topic for topic, count in counts.items() if not count}
    assert silent == {"/way_back", "/question", "/retreat", "/audit_head"}


def test_every_kind_of_recording_gives_the_same_decisions(bag, tmp_path):
    scene = Scene(ROBOT)
    paths = {
        "mcap": bag,
        "file": bag / "bag.mcap",
        "sqlite3": write_rosbag2(tmp_path / "sqlite", scene, StoragePlugin.SQLITE3),
        "ros1": write_rosbag1(tmp_path / "old.bag", scene),
        "no slash": write_rosbag2(tmp_path / "bare", Scene(ROBOT, slash="")),
    }
    hashes = {n: metrics(p, tmp_path / "out")["output_hash"] for n, p in paths.items()}
    assert len(set(hashes.values())) == 1, hashes


def test_without_log_times_the_stamps_count(tmp_path):
    path = write_rosbag2(tmp_path / "bag", Scene(ROBOT, log_of=lambda _: 0))
    found = metrics(path, tmp_path)
    assert found["duration_s"] == pytest.approx(2.0)
    assert found["blocked_chunks"] == 0 < found["chunks"]


def test_another_process_gives_the_same_hash(bag, tmp_path):
    program = (
        "import sys; sys.path.insert(0, 'test')\n"
        "from chain_values import toy\n"
        "from aura_ros.replay.run import run_replay\n"
        f"found = run_replay({str(bag)!r}, toy(), {str(tmp_path / 'a')!r}, progress=False)\n"
        "print(found.metrics['output_hash'])\n"
    )
    asked = [sys.executable, "-c", program]
    said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.strip() == metrics(bag, tmp_path / "b")["output_hash"]


def test_another_recording_gives_another_hash(bag, tmp_path):
    other = write_rosbag2(tmp_path / "other", Scene(ROBOT, seconds=2.05))
    first, second = metrics(bag, tmp_path / "a"), metrics(other, tmp_path / "b")
    assert first["output_hash"] != second["output_hash"]


def test_a_spike_blocks_every_chunk_that_holds_it(bag, tmp_path):
    found = replay(bag, tmp_path, inject="spike:joint_1:1.4:0.5").metrics
    # A chunk looks 0.75 s ahead, and one is asked for every 0.2 s.
    assert 3 <= found["blocked_chunks"] <= 5
    assert found["chunks"] - found["blocked_chunks"] >= 5
    blocked = {k: v for k, v in found.items() if k.startswith("blocked_row_")}
    assert sum(blocked.values()) == found["blocked_chunks"]
    assert found["held_commands"] == 0


def test_compressed_images_and_plain_positions(tmp_path):
    scene = Scene(ROBOT, camera=COMPRESSED, actions=POSITIONS)
    assert metrics(write_rosbag2(tmp_path / "bag", scene), tmp_path)["blocked_chunks"] == 0


def test_stamps_of_simulated_time_are_followed(tmp_path):
    scene = Scene(ROBOT, stamp_of=lambda log_ns: log_ns - LOG_0 + 5 * NS)
    found = metrics(write_rosbag2(tmp_path / "bag", scene), tmp_path)
    assert found["chunks"] >= 8
    assert found["blocked_chunks"] == 0


def test_recorded_chunks_stand_in_where_no_commands_were_recorded(tmp_path):
    kind = "aura_ros/msg/ActionChunk"
    begins = enumerate([0.5, 0.75, 1.0, 1.25])
    said = {round(b * NS): to_message(chunk(ROBOT, b, k + 1), maker()) for k, b in begins}
    chunks = [("chunk", kind, LOG_0 + after, message) for after, message in said.items()]
    scene = Scene(ROBOT, more=chunks, without=(ROBOT.recorded_action_topic,))
    found = metrics(write_rosbag2(tmp_path / "bag", scene), tmp_path)
    assert found["chunks"] == 4
    assert found["blocked_chunks"] == 0
    assert "tracking_rms_arm" not in found
    with pytest.raises(InjectError, match="no command is recorded"):
        replay(tmp_path / "bag", tmp_path, inject="spike:joint_1:1:0.5")


# --- parts ----------------------------------------------------------------------------------


def test_a_part_is_replayed_alone(bag, tmp_path):
    found = metrics(bag, tmp_path, start=0.5, duration=1.0)
    assert found["duration_s"] == pytest.approx(0.95)
    assert 3 <= found["chunks"] <= 6
    assert found["blocked_chunks"] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": -1.0}, "--start -1 is outside"),
        ({"start": 2.5}, "--start 2.5 is outside of the recording of 2.0 s"),
        ({"duration": 0.0}, "--duration 0 is not above 0"),
        ({"duration": float("nan")}, "is not above 0"),
        ({"duration": float("inf")}, "is not above 0 and finite"),
    ],
)
def test_a_part_that_is_not_there_is_an_error(bag, tmp_path, options, words):
    with pytest.raises(RecordingError, match=words):
        replay(bag, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


# --- bad input ------------------------------------------------------------------------------


def test_single_bad_messages_are_counted_by_reason(tmp_path):
    position = np.array([0.25, np.nan, 0.025])
    bad = [
        (
            "joint_states",
            JOINTS,
            LOG_0 + k * STEP_NS + 1,
            joint_state(LOG_0, ROBOT.joints, position),
        )
        for k in range(3)
    ]
    bad.append(("joint_states", JOINTS, LOG_0 + 7, b"\x00\x01\x00\x00\x05"))
    summary = replay(write_rosbag2(tmp_path / "bag", Scene(ROBOT, more=bad)), tmp_path)
    assert summary.metrics["conversion_errors"] == 4
    assert summary.metrics["blocked_chunks"] == 0
    reasons = {words: n for (_, words), n in summary.conversion_errors.items()}
    assert reasons["joint joint_1 has a position that is not finite"] == 3


def test_a_configuration_for_another_robot_is_an_error(tmp_path):
    path = write_rosbag2(tmp_path / "bag", Scene(ROBOT, joints=("a", "b", "c")))
    with pytest.raises(RecordingError, match=r"none of 41 messages.*choose the configuration"):
        replay(path, tmp_path)


def test_joint_states_of_another_robot_are_an_error(tmp_path):
    other = [
        ("joint_states", JOINTS, LOG_0 + k * STEP_NS, joint_state(LOG_0, ("a",), [0.0]))
        for k in range(5)
    ]
    scene = Scene(toy(joint_states_topic="unused"), more=other, without=("unused",))
    path = write_rosbag2(tmp_path / "bag", scene)
    with pytest.raises(RecordingError, match=r"joint states on /joint_states: none of 5"):
        replay(path, tmp_path)


def test_stamps_from_the_future_are_refused_not_believed(tmp_path):
    future = [
        (ROBOT.cameras[0].topic, "sensor_msgs/msg/Image", LOG_0 + NS + 5, image(LOG_0 + 99 * NS))
    ]
    found = metrics(write_rosbag2(tmp_path / "bag", Scene(ROBOT, more=future)), tmp_path)
    assert found["chunks"] >= 4
    assert found["held_commands"] == 0


def test_a_truncated_recording_is_replayed_up_to_the_break(tmp_path):
    path = write_rosbag2(tmp_path / "bag", Scene(ROBOT, seconds=4.0))
    file = path / "bag.mcap"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    summary = replay(path, tmp_path)
    assert "bag.mcap ends at byte" in summary.broken
    assert summary.metrics["complete"] == f"no: {summary.broken}"
    assert 1.0 < summary.metrics["duration_s"] < 3.5
    assert summary.metrics["chunks"] > 3


def test_a_spike_that_has_no_place_is_an_error(bag, tmp_path):
    with pytest.raises(InjectError, match="no joint 'elbow'"):
        replay(bag, tmp_path, inject="spike:elbow:1:0.5")


def test_a_calibration_for_another_robot_is_an_error(bag, tmp_path):
    episodes = [np.random.default_rng(k).random((5, len(SCORE_NAMES))) for k in range(20)]
    mine, other = tmp_path / "mine.json", tmp_path / "other.json"
    calibrate(episodes, SCORE_NAMES, ROBOT.digest, 0.2).save(mine)
    calibrate(episodes, SCORE_NAMES, "another", 0.2).save(other)
    assert replay(bag, tmp_path / "out", calibration=mine).metrics["chunks"]
    with pytest.raises(CalibrationError, match="another robot"):
        replay(bag, tmp_path / "out", calibration=other)


def test_the_recording_itself_is_never_in_the_way(tmp_path):
    path = write_rosbag2(tmp_path / "decisions", Scene(ROBOT))
    with pytest.raises(RecordingError, match="is the recording itself"):
        replay(path, tmp_path)
    assert metrics(path, tmp_path / "out")["chunks"]


def test_what_was_injected_and_what_the_guard_did_is_shown(bag, tmp_path):
    said = io.StringIO()
    console = Console(file=said, width=150)
    replay_of = {"console": console, "progress": True}
    found = run_replay(bag, ROBOT, tmp_path, inject="nan:joint_1:1:1", **replay_of).metrics
    words = said.getvalue()
    assert "nan:joint_1:1:1" in words
    assert "REFUSE by schema, 0.00 s after it began, in time" in words
    assert f"{found['faulty_chunks']}: {found['faulty_refused']} not allowed by the guard" in words
    assert found["caught"] == 1
    run_replay(bag, ROBOT, tmp_path, inject="bias_drift:joint_1:1:0.001", **replay_of)
    assert "it was not caught" in said.getvalue()
    run_replay(bag, ROBOT, tmp_path, inject="silent:front:60:1", **replay_of)
    assert "nothing was struck" in said.getvalue()
    assert "injected" not in replay(bag, tmp_path).metrics


def test_rules_that_are_wrong_are_told_with_line_and_key(bag, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("checks:\n  row_start: {reach: -1}\n")
    with pytest.raises(RulesError, match=r"line 2: checks\.row_start\.reach"):
        replay(bag, tmp_path / "out", rules=path)
    with pytest.raises(RulesError, match="no such rules"):
        replay(bag, tmp_path / "out", rules="nowhere")


def test_the_rules_are_in_every_verdict(bag, tmp_path):
    replay(bag, tmp_path / "a")
    replay(bag, tmp_path / "b", rules="strict")
    digests = []
    for out in ("a", "b"):
        with AnyReader([tmp_path / out / "decisions"]) as reader:
            digests.append({
                reader.deserialize(data, c.msgtype).rules
                for c, _, data in reader.messages() if c.topic == "/verdict"
            })  # fmt: skip
    first, second = digests
    assert len(first) == len(second) == 1
    assert first != second
