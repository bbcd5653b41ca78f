"""A file that breaks off gives the messages before the break, and words on where it is."""

import pytest
from chain_values import toy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replay_recordings import Scene, write_rosbag2
from rosbags.rosbag2 import StoragePlugin

from aura_ros.replay.prefix import Broken, read_mcap, read_sqlite

READERS = {".mcap": (StoragePlugin.MCAP, read_mcap), ".db3": (StoragePlugin.SQLITE3, read_sqlite)}


@pytest.fixture(scope="module", params=READERS)
def whole(request, tmp_path_factory):
    """Path, reader, bytes and messages of a whole file."""
    plugin, reader = READERS[request.param]
    folder = tmp_path_factory.mktemp("whole")
    path = write_rosbag2(folder / "bag", Scene(toy(), 0.5), plugin) / f"bag{request.param}"
    return Whole((path, reader, path.read_bytes(), list(reader(path))))


class Whole(tuple):
    def __repr__(self):
        return "a whole file"


def collect(reader, path):
    found = []
    try:
        for message in reader(path):
            found.append(message)  # noqa: PERF402 (those before the break count)
    except Broken as broken:
        return found, str(broken)
    return found, ""


def test_a_whole_file_does_not_break_off(whole):
    path, reader, _, messages = whole
    assert collect(reader, path) == (messages, "")
    assert len(messages) == 3 * 11


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 0.999))
def test_any_cut_leaves_messages_that_were_there(whole, tmp_path, share):
    path, reader, data, messages = whole
    short = tmp_path / f"cut{path.suffix}"
    short.write_bytes(data[: int(share * len(data))])
    found, words = collect(reader, short)
    if path.suffix == ".mcap":
        assert found == messages[: len(found)], "not the messages before the cut"
    # Rows of a table need not lie in order, and one may lie across the cut.
    order = [messages.index(message) for message in found if message in messages]
    assert order == sorted(order)
    assert len(order) >= len(found) - 1
    assert words or len(found) == len(messages), "a break without words"


def test_zeros_where_records_should_be_are_a_break(whole, tmp_path):
    path, reader, data, messages = whole
    short = tmp_path / f"zeros{path.suffix}"
    short.write_bytes(data[: len(data) // 3] + bytes(len(data)))
    found, words = collect(reader, short)
    # One may lie across the break: without a checksum nothing tells.
    assert sum(message not in messages for message in found) <= 1
    assert words
