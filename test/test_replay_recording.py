"""Recordings of every kind are opened; what cannot be read is told in words."""

from pathlib import Path

import pytest
from chain_values import toy
from replay_recordings import LOG_0, STEP_NS, Scene, write_rosbag1, write_rosbag2
from rosbags.rosbag2 import StoragePlugin

from aura_ros.conversions import ConversionError
from aura_ros.replay.recording import Recording, RecordingError

MESSAGES = 3 * 41


@pytest.fixture(scope="module")
def scene():
    return Scene(toy())


@pytest.fixture(scope="module")
def whole(scene, tmp_path_factory):
    return write_rosbag2(tmp_path_factory.mktemp("whole") / "bag", scene)


def read(recording):
    found = list(recording.messages(recording.connections, recording.start_ns, 2**63 - 1))
    times = [log_ns for _, log_ns, _ in found]
    assert times == sorted(times)
    for connection, _, data in found:
        assert recording.decode(connection, data).__msgtype__ == connection.msgtype
    return found


def test_an_mcap_folder_and_its_file_hold_the_same(whole):
    for path in (whole, whole / "bag.mcap"):
        with Recording(path) as recording:
            assert not recording.broken
            assert (recording.start_ns, recording.end_ns) == (LOG_0, LOG_0 + 40 * STEP_NS + 2)
            assert len(read(recording)) == MESSAGES


def test_sqlite3_holds_the_same(scene, tmp_path):
    path = write_rosbag2(tmp_path / "bag", scene, StoragePlugin.SQLITE3)
    for opened in (path, path / "bag.db3"):
        with Recording(opened) as recording:
            assert not recording.broken
            assert len(read(recording)) == MESSAGES


def test_a_ros1_bag_holds_the_same(scene, tmp_path):
    with Recording(write_rosbag1(tmp_path / "old.bag", scene)) as recording:
        assert not recording.broken
        assert len(read(recording)) == MESSAGES
        assert recording.end_ns == LOG_0 + 40 * STEP_NS + 2


def test_a_part_is_read_by_topic_and_time(whole):
    with Recording(whole) as recording:
        joints = [c for c in recording.connections if c.topic == "/joint_states"]
        found = list(recording.messages(joints, LOG_0 + STEP_NS, LOG_0 + 4 * STEP_NS))
        assert [t for _, t, _ in found] == [LOG_0 + k * STEP_NS for k in (1, 2, 3)]
        assert not list(recording.messages([], 0, 2**63 - 1))


def test_without_log_times_the_stamps_order_the_messages(tmp_path):
    scene = Scene(toy(), log_of=lambda log_ns: 0)
    with Recording(write_rosbag2(tmp_path / "bag", scene)) as recording:
        found = read(recording)
        assert (recording.start_ns, recording.end_ns) == (LOG_0, LOG_0 + 40 * STEP_NS)
        assert len(found) == MESSAGES


def test_bytes_that_are_no_message_become_a_conversion_error(whole):
    with Recording(whole) as recording:
        joints = next(c for c in recording.connections if c.topic == "/joint_states")
        with pytest.raises(ConversionError, match="no sensor_msgs/msg/JointState"):
            recording.decode(joints, b"\x00\x01\x00\x00\x05")


# --- what cannot be opened ------------------------------------------------------------------


def folder_with(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def cases(tmp_path):
    (tmp_path / "nothing").mkdir()
    yield tmp_path / "missing", "does not exist"
    yield folder_with(tmp_path, "notes.txt", b"x"), "no recording by its name"
    yield tmp_path / "nothing", r"holds no \.mcap and no \.db3"
    yield folder_with(tmp_path, "empty.mcap", b""), r"is empty \(0 bytes\)"
    yield folder_with(tmp_path, "garbage.mcap", b"garbage" * 100), "mcap recover"
    yield folder_with(tmp_path, "garbage.db3", b"garbage" * 1000), r"\.recover"
    yield folder_with(tmp_path, "garbage.bag", b"garbage" * 100), "rosbag reindex"
    yield folder_with(tmp_path, "file.zstd", b"garbage" * 100), "zstd -d"


@pytest.mark.parametrize("number", range(8))
def test_what_is_no_recording_is_named_with_a_remedy(tmp_path, number):
    path, words = list(cases(tmp_path))[number]
    with pytest.raises(RecordingError, match=words) as raised:
        Recording(path)
    assert path.name in str(raised.value)


def test_a_recording_without_messages_says_so(tmp_path):
    path = write_rosbag2(tmp_path / "bag", Scene(toy(), without=tuple(topics())))
    with pytest.raises(RecordingError, match="holds no messages"):
        Recording(path)


def topics():
    robot = toy()
    return robot.joint_states_topic, robot.cameras[0].topic, robot.recorded_action_topic


# --- what breaks off ------------------------------------------------------------------------


def cut(path: Path, share: float) -> Path:
    """``path`` with only the first ``share`` of its bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    return path


def test_a_truncated_mcap_is_read_up_to_the_break(scene, tmp_path):
    path = write_rosbag2(tmp_path / "bag", scene)
    cut(path / "bag.mcap", 0.5)
    with Recording(path) as recording:
        assert "bag.mcap ends at byte" in recording.broken
        assert "mcap recover" in recording.broken
        assert MESSAGES / 4 < len(read(recording)) < 3 * MESSAGES / 4


def test_a_cut_within_a_compressed_chunk_loses_that_chunk_only(tmp_path):
    long = Scene(toy(), seconds=400.0)
    path = write_rosbag2(tmp_path / "bag", long, zstd=True)
    with Recording(path) as recording:
        all_of_them = len(read(recording))
    cut(path / "bag.mcap", 0.8)
    with Recording(path) as recording:
        assert "compressed chunk" in recording.broken
        assert 0 < len(read(recording)) < all_of_them


def test_an_mcap_without_index_is_whole(scene, tmp_path):
    path = write_rosbag2(tmp_path / "bag", scene) / "bag.mcap"
    data = path.read_bytes()
    # Everything up to the end of the data section, as a writer that was killed leaves it.
    path.write_bytes(data[: data.rindex(b"\x0f" + (4).to_bytes(8, "little"))])
    with Recording(path) as recording:
        assert "without its index" in recording.broken
        assert len(read(recording)) == MESSAGES


def test_a_damaged_chunk_ends_the_replay_there(tmp_path):
    long = Scene(toy(), seconds=400.0)
    path = write_rosbag2(tmp_path / "bag", long, zstd=True) / "bag.mcap"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(data)
    with Recording(path) as recording:
        assert not recording.broken, "the index is whole"
        found = read(recording)
        assert "is damaged" in recording.broken
        assert found


def test_a_truncated_sqlite3_file_is_read_up_to_the_break(tmp_path):
    long = Scene(toy(), seconds=20.0)
    path = write_rosbag2(tmp_path / "bag", long, StoragePlugin.SQLITE3)
    cut(path / "bag.db3", 0.6)
    with Recording(path) as recording:
        assert "bag.db3" in recording.broken
        assert ".recover" in recording.broken
        assert 0 < len(read(recording)) < 3 * 401


def test_missing_metadata_is_no_break(scene, tmp_path):
    path = write_rosbag2(tmp_path / "bag", scene)
    (path / "metadata.yaml").unlink()
    with Recording(path) as recording:
        assert not recording.broken
        assert len(read(recording)) == MESSAGES


def test_a_truncated_ros1_bag_says_how_to_mend_it(scene, tmp_path):
    path = cut(write_rosbag1(tmp_path / "old.bag", scene), 0.5)
    with pytest.raises(RecordingError, match=r"old\.bag cannot be read .*rosbag reindex"):
        Recording(path)
