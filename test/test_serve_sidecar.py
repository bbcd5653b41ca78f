"""What a checkpoint does not say of itself, and how a wrong entry is refused."""

import json

import pytest

from aura_ros.serve.sidecar import NAME, CheckpointError, Sidecar, read_sidecar


def write(folder, given):
    (folder / NAME).write_text(given if isinstance(given, str) else json.dumps(given))
    return folder


def test_without_a_file_there_are_the_defaults(tmp_path):
    assert read_sidecar(tmp_path) == Sidecar()


def test_entries_are_read(tmp_path):
    given = {"row_period_s": 0.02, "actions": "arm: relative", "cameras": ["a", "b"], "seed": 3}
    read = read_sidecar(write(tmp_path, given))
    assert read == Sidecar("", 0.02, "arm: relative", ("a", "b"), "", 3)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"row_periods": 0.02}, "did you mean 'row_period_s'"),
        ({"row_period_s": "fast"}, "row_period_s is 'fast'; seconds"),
        ({"row_period_s": True}, "row_period_s is True; seconds"),
        ({"cameras": "front"}, "cameras is 'front'; a list of keys"),
        ({"cameras": [""]}, "a list of keys"),
        ({"actions": 3}, "actions is 3; a text"),
        ({"seed": 0.5}, "seed is 0.5; a whole number"),
        ([1], "holds no table; mend it"),
        ("{", "cannot be read"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, given, words):
    with pytest.raises(CheckpointError, match=NAME) as refused:
        read_sidecar(write(tmp_path, given))
    assert words in str(refused.value)
