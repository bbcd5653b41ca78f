"""Decisions are written as a recording that others can read, and hashed as they are."""

import re
from pathlib import Path

import numpy as np
import pytest
from chain_values import at, chunk, moving_plan, toy
from rosbags.highlevel import AnyReader

from aura_ros import types as t
from aura_ros.conversions import from_message
from aura_ros.replay.recording import RecordingError
from aura_ros.replay.writer import TOPICS, DecisionWriter

ROBOT = toy()
DECISIONS = [
    (chunk(ROBOT), at(0.1)),
    (t.Proposal(moving_plan(ROBOT)), at(0.1)),
    (t.Command(5, np.arange(3.0), np.zeros(3), True), at(0.2)),
]


def write(path, decisions=DECISIONS):
    with DecisionWriter(path) as writer:
        for value, now in decisions:
            writer.write(value, now)
    return writer.output_hash


def test_decisions_are_read_back_with_topic_and_time(tmp_path):
    write(tmp_path / "decisions")
    with AnyReader([tmp_path / "decisions"]) as reader:
        found = [
            (c.topic, log_ns, reader.deserialize(data, c.msgtype))
            for c, log_ns, data in reader.messages()
        ]
    assert [(topic, log_ns) for topic, log_ns, _ in found] == [
        ("/chunk", at(0.1).steady_ns),
        ("/proposed_plan", at(0.1).steady_ns),
        ("/command", at(0.2).steady_ns),
    ]
    assert from_message(t.ActionChunk, found[0][2]).digest == DECISIONS[0][0].digest
    assert from_message(t.Proposal, found[1][2]).plan.digest == DECISIONS[1][0].plan.digest


def test_what_does_not_travel_is_left_out(tmp_path):
    track = t.Track(moving_plan(ROBOT))
    assert write(tmp_path / "a", [(track, at(0)), *DECISIONS]) == write(tmp_path / "b")


def test_the_hash_is_of_content_order_and_time(tmp_path):
    first = write(tmp_path / "0")
    changed = [
        DECISIONS[::-1],
        DECISIONS[:2],
        [(DECISIONS[0][0], at(0.11)), *DECISIONS[1:]],
        [*DECISIONS[:2], (t.Command(5, np.array([0, 1, 2 + 1e-15]), np.zeros(3), True), at(0.2))],
    ]
    hashes = {write(tmp_path / str(i + 1), decisions) for i, decisions in enumerate(changed)}
    assert len(hashes) == len(changed)
    assert first not in hashes
    assert len(first) == 64


def test_the_topics_are_those_of_the_live_chain():

    nodes = Path(__file__).parent.parent / "aura_ros/nodes/topics.py"
    named = dict(re.findall(r't\.(\w+): Topic\("(\w+)"', nodes.read_text()))
    assert {kind.__name__: topic for kind, topic in TOPICS.items()} == {
        kind: f"/{topic}" for kind, topic in named.items()
    }


def test_an_earlier_replay_is_replaced_and_nothing_else(tmp_path):
    path = tmp_path / "decisions"
    write(path)
    write(path)
    (path / "notes.txt").write_text("mine")
    with pytest.raises(RecordingError, match=r"notes\.txt is in the way"):
        DecisionWriter(path)
    assert (path / "decisions.mcap").exists()
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(RecordingError, match="choose another folder"):
        DecisionWriter(file)
