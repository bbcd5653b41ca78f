"""Messages without ROS: every value of the chain survives the way through CDR."""

import re
import sys
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from aura_ros import types as t
from aura_ros.conversions import MESSAGES, from_message, to_message
from aura_ros.conversions.chain import TABLE
from aura_ros.replay.typestore import DefinitionsError, maker, message_folder, typestore
from aura_ros.robot import find

REAL = st.floats(allow_nan=True, allow_infinity=True)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
TIME = st.integers(0, (2**31 - 1) * t.NS)
SPAN = st.integers(0, 10 * t.NS)
U32, U64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
NAMES = ("joint_0", "joint_1", "finger")
ROWS = st.integers(1, 5)


def matrix(rows):
    return npst.arrays(np.float64, (rows, len(NAMES)), elements=REAL)


def vector():
    return npst.arrays(np.float64, st.integers(0, 6), elements=REAL)


CHECKS = st.lists(
    st.builds(t.Check, TEXT, st.booleans(), REAL, REAL, st.sampled_from(t.Decision), TEXT),
    max_size=3,
).map(tuple)
COUNTS = st.dictionaries(TEXT, U64, max_size=3)


PROVENANCE = st.builds(t.Provenance, TEXT, TEXT, TEXT, TEXT)


@st.composite
def plans(draw):
    knots = draw(ROWS)
    motion = [draw(matrix(knots)) for _ in range(3)]
    texts = draw(TEXT), draw(TEXT), draw(PROVENANCE)
    return t.Plan(draw(TIME), draw(SPAN), *motion, NAMES, *texts)


@st.composite
def chunks(draw):
    times = draw(TIME), draw(TIME), draw(SPAN)
    rows = draw(matrix(draw(ROWS)))
    count = draw(st.integers(0, 2))
    others = np.stack([draw(matrix(len(rows))) for _ in range(count)]) if count else None
    more = {} if others is None else {"alternatives": others}
    said = draw(TEXT), draw(SPAN), draw(PROVENANCE)
    return t.ActionChunk(draw(U64), draw(U32), draw(U32), *times, NAMES, rows, *said, **more)


@st.composite
def risks(draw):
    scores = draw(st.lists(st.tuples(TEXT, REAL), max_size=3))
    names, values = tuple(n for n, _ in scores), tuple(v for _, v in scores)
    level = draw(st.sampled_from(t.RiskLevel))
    return t.FailureRisk(
        draw(TIME), draw(U32), level, draw(REAL), draw(REAL), names, values, draw(REAL)
    )


VALUES = {
    t.ActionChunk: chunks(),
    t.PolicyFeatures: st.builds(t.PolicyFeatures, U64, U32, U32, TIME, vector(), REAL),
    t.MemoryState: st.builds(
        t.MemoryState, U32, TIME, vector(), REAL, st.booleans(), U64, U64, U64, U32, TEXT, U64,
        TEXT, REAL,
    ),
    t.FailureRisk: risks(),
    t.Check: CHECKS.filter(len).map(lambda checks: checks[0]),
    t.Verdict: st.builds(
        t.Verdict, TIME, TEXT, TEXT, st.sampled_from(t.Decision), TEXT, CHECKS, TEXT, PROVENANCE,
        st.none() | chunks(),
    ),
    t.Lease: st.builds(t.Lease, U64, U64, TIME, st.booleans(), SPAN, st.sampled_from(t.Mode), TEXT),
    t.GuardStatus: st.builds(
        t.GuardStatus, TIME, st.sampled_from(t.Mode), TEXT, CHECKS, U64, COUNTS, st.booleans(),
        st.booleans(), st.lists(TEXT, max_size=2).map(tuple), TEXT,
    ),
    t.Question: st.builds(t.Question, TIME, U32, TEXT, st.lists(TEXT, max_size=3).map(tuple)),
    t.Retreat: st.builds(t.Retreat, TIME, TIME, TEXT),
    t.AuditHead: st.builds(t.AuditHead, TIME, TEXT, U64, TEXT, TEXT),
    t.Provenance: PROVENANCE,
    t.FuserStatus: st.builds(
        t.FuserStatus, TIME, TEXT, REAL, U64, COUNTS, TEXT, REAL, st.booleans(), TEXT
    ),
    t.Command: st.builds(t.Command, TIME, vector(), vector(), st.booleans(), TEXT),
    t.Plan: plans(),
    t.Proposal: plans().map(t.Proposal),
    t.Commitment: plans().map(t.Commitment),
    t.WayBack: chunks().map(t.WayBack),
}


def same(a, b):
    """Equal, NaN to NaN."""
    if isinstance(a, t.Proposal | t.Commitment):
        return same(a.plan, b.plan)
    if isinstance(a, np.ndarray | float):
        return np.array_equal(a, b, equal_nan=True)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if hasattr(a, "__dataclass_fields__"):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return a == b


def test_every_value_that_travels_is_tried():
    assert set(VALUES) == set(MESSAGES)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_value_survives_the_way_through_cdr(kind, data):
    value = data.draw(VALUES[kind])
    name = MESSAGES[kind]
    raw = typestore().serialize_cdr(to_message(value, maker()), name)
    found = from_message(kind, typestore().deserialize_cdr(raw, name))
    assert same(value, found)


def test_a_changed_value_does_not_pass_for_the_same():
    value = t.Verdict(5, "a", "b", t.Decision.HOLD, "mode", ())
    assert not same(value, t.Verdict(5, "a", "b", t.Decision.HOLD, "modes", ()))
    assert not same(np.array([1.0, np.nan]), np.array([1.0, 2.0]))


def declared(path):
    """Field names of a .msg file, with or without a default; constants are none."""
    lines = (line.split("#")[0].split() for line in path.read_text().splitlines())
    return [words[1] for words in lines if len(words) in (2, 3) and "=" not in words[1]]


# Written from other fields of the value: the table does not read them back.
DERIVED = {
    "ActionChunk": {"digest", "tag"},
    "Plan": {"digest", "tag"},
    "Verdict": {"tag"},
    "Lease": {"tag"},
    "GuardStatus": {"refused_counts"},
    "FuserStatus": {"refused_counts"},
}


def test_messages_and_table_have_the_same_fields():
    messages = {path.stem: path for path in message_folder().glob("*.msg")}
    assert {kind.__name__ for kind in TABLE} == set(messages)
    for kind, table in TABLE.items():
        name = kind.__name__
        encoded = {f.message for f in table} | DERIVED.get(name, set())
        assert encoded == set(declared(messages[name])), name
        assert {f.attribute for f in table} == {f.name for f in fields(kind)}, name


def test_constants_of_messages_are_the_values_enumerations():
    for name, enumeration in (
        ("Verdict", t.Decision),
        ("GuardStatus", t.Mode),
        ("FailureRisk", t.RiskLevel),
    ):
        words = (message_folder() / f"{name}.msg").read_text()
        constants = {n: int(v) for n, v in re.findall(r"^uint8 (\w+)=(\d+)", words, re.MULTILINE)}
        assert constants == {member.name: member.value for member in enumeration}


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """No checkout and no environment: only what a test puts into ``tmp_path``."""
    monkeypatch.setattr(find, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    return tmp_path


def install(prefix):
    folder = prefix / "share/aura_ros/msg"
    folder.mkdir(parents=True)
    (folder / "Lease.msg").write_text("bool granted\n")
    return folder


def test_definitions_come_from_the_environment_or_a_workspace(elsewhere, monkeypatch):
    workspace = install(elsewhere / "workspace")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{elsewhere / 'other'}:{elsewhere / 'workspace'}")
    assert message_folder() == workspace
    environment = install(elsewhere / "environment")
    assert message_folder() == environment


def test_missing_definitions_name_where_they_were_looked_for(elsewhere):
    with pytest.raises(DefinitionsError, match=r"environment/share/aura_ros/msg.*pip"):
        message_folder()
