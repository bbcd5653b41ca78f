"""Journals keep every value to the bit; a line that was cut off is left out."""

import enum
import inspect
import json
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from chain_values import at, chunk, joints_at, lease, moving_plan, picture, toy, verdict
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aura_ros import types as t
from aura_ros.journal import Journal, decode, encode, read_journal

ROBOT = toy()
PLAN = moving_plan(ROBOT)
JOINTS = joints_at(0.1, np.array([0.1, -0.0, np.pi]))
IMAGE = picture(0.1)
STATE = t.KinematicState(3, np.ones(3), np.zeros(3), np.full(3, 1e-300))
SEEN = t.Observation(5, {"front": IMAGE}, JOINTS, "pick", t.Objects(5, np.ones((2, 7))))
CHECK = t.Check("a", False, float("nan"), float("inf"), t.Decision.HOLD, "words")
GUARD = t.GuardStatus(1, t.Mode.HOLD, "why", (CHECK,), 3, {"b": 1, "a": 2})
FUSER = t.FuserStatus(1, "moving", 0.5, 2, {"stale": 4}, "old", float("nan"), False)

# One value of every kind.
VALUES = [
    t.Now(1, 2),
    IMAGE,
    JOINTS,
    t.Instruction("pick \N{SNOWMAN} it\n"),
    t.Objects(1, np.zeros((0, 7))),
    SEEN,
    STATE,
    t.Request(1, 2, SEEN, STATE, None),
    t.Response(1, np.zeros((0, 0)), np.ones(4), "error"),
    chunk(ROBOT),
    t.PolicyFeatures(1, 2, 3, 4, np.ones(5)),
    t.MemoryState(1, 2, np.ones(32), 0.5, True, 3, 2, 8448, 4224, "abc"),
    t.FailureRisk(1, 2, t.RiskLevel.ALARM, float("inf"), 1.0, ("a",), (float("nan"),)),
    PLAN,
    t.Proposal(PLAN),
    t.Commitment(PLAN),
    CHECK,
    verdict(PLAN, t.Decision.REFUSE, "x"),
    lease(4),
    GUARD,
    t.Track(PLAN, True),
    t.Command(1, np.ones(3), np.zeros(3), False, "step"),
    FUSER,
    t.Tripped("step"),
    t.Diverged(PLAN),
    t.Health(t.Level.WARN, "so", {"a": "b"}),
    t.Tick(),
    t.ClockJump(),
    t.Arm(True),
    t.Reset(),
    t.SetEnabled(False),
    t.Provenance("a", "b", "c", "d"),
    t.WayBack(chunk(ROBOT, alternatives=np.ones((2, 16, 3)))),
    t.Distance(1, float("inf")),
    t.Wrench(1, np.ones(3), np.zeros(3)),
    t.Answer("resume"),
    t.Tampered("chunk", "changed"),
    t.AuditState("full"),
    t.AuditHead(1, "log", 2, "abc", "def"),
    t.Question(1, 2, "why", ("resume",)),
    t.Retreat(1, 2, "why"),
    t.Configure({"rate": 1.0, "steps": (0.1, 0.2), "name": "x"}),
]


def same(one, other):
    """Equal to the bit, type for type; pixels of images aside."""
    if isinstance(one, np.ndarray):
        return (one.shape, one.dtype, one.tobytes()) == (other.shape, other.dtype, other.tobytes())
    if is_dataclass(one):
        return type(one) is type(other) and all(
            f.name == "data" or same(getattr(one, f.name), getattr(other, f.name))
            for f in fields(one)
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "items"):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    return type(one) is type(other) and (one == other or one != one)


def there_and_back(value):
    return decode(json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_value_comes_back_to_the_bit(value):
    assert same(value, there_and_back(value))


def test_no_kind_of_value_is_forgotten():
    kinds = {kind for _, kind in inspect.getmembers(t, is_dataclass)}
    assert {type(value) for value in VALUES} == kinds


@pytest.mark.parametrize("value", [t.Mode.ACTIVE, t.Decision.ASK, t.RiskLevel.OK, t.Level.ERROR])
def test_enumerations_come_back_as_themselves(value):
    found = there_and_back(value)
    assert isinstance(found, enum.IntEnum)
    assert found is value


@given(arrays(np.float64, st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_arrays_keep_every_bit(array):
    assert same(np.array(array), there_and_back(array))


@given(st.floats(), st.integers(-(2**63), 2**63), st.text())
def test_numbers_and_texts_keep_every_bit(number, integer, text):
    for value in (number, integer, text):
        assert same(value, there_and_back(value))


def test_pixels_are_left_out_and_the_fingerprint_stays():
    found = there_and_back(t.Request(1, 2, SEEN, STATE, None)).observation.images["front"]
    assert (found.data, found.fingerprint) == (b"", IMAGE.fingerprint)


def write(path, count=5):
    journal = Journal(path)
    for k in range(count):
        journal.append(k % 2 == 1, at(0.1 * k), VALUES[k])
    journal.close()
    return path


def test_entries_come_back_in_order_with_both_times(tmp_path):
    entries = list(read_journal(write(tmp_path / "deep" / "room.jsonl")))
    assert [entry.said for entry in entries] == [False, True, False, True, False]
    assert [entry.now for entry in entries] == [at(0.1 * k) for k in range(5)]
    assert all(map(same, [entry.value for entry in entries], VALUES))


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path, cut):
    path = write(tmp_path / "room.jsonl")
    path.write_text(path.read_text()[:-cut])
    assert len(list(read_journal(path))) == 4


def test_an_empty_journal_has_no_entries(tmp_path):
    path = tmp_path / "room.jsonl"
    Journal(path).close()
    assert list(read_journal(path)) == []
