"""What a node hears: which messages become values, and what is said of the others."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from aura_ros.nodes.authenticity import Authenticity
from aura_ros.nodes.hearing import Hearing
from aura_ros.nodes.inputs import Input
from aura_ros.nodes.topics import RELIABLE
from aura_ros.types import NS, JointState, MemoryState, Now, PolicyFeatures

STREAM = Input("camera", "camera", "std_msgs/msg/String", RELIABLE, lambda m: m, 0.3)


def reader(message):
    if message == "bad":
        raise ValueError("bad message")
    return message


CHUNKS = Input("chunk", "chunk", "std_msgs/msg/String", RELIABLE, reader, math.inf)


class Node:
    """What ``Hearing`` needs of a node, and what it did with it."""

    def __init__(self):
        self.takers, self.heard, self.errors, self.destroyed = {}, [], [], []

    def create_subscription(self, kind, topic, callback, qos):
        self.takers[topic] = callback
        return topic

    def destroy_subscription(self, subscription):
        self.destroyed.append(subscription)

    def get_logger(self):
        return self

    def error(self, words):
        self.errors.append(words)

    def resolve_topic_name(self, topic):
        return f"/{topic}"

    def now(self):
        return Now(1, 1)

    def hear(self, value):
        self.heard.append(value)

    def refuse(self, spec, words):
        raise AssertionError(words)


@pytest.fixture
def node():
    return Node()


@pytest.fixture
def hearing(node):
    return Hearing(node, [STREAM, CHUNKS], Authenticity(), node)


def test_streams_are_heard_while_it_is_begun_and_what_lasts_always(node, hearing):
    for word, change in (("a", hearing.begin), ("b", hearing.end), ("c", hearing.close)):
        for take in node.takers.values():
            take(word)
        change()
    assert node.heard == ["a", "b", "b", "c"]
    assert node.destroyed == ["camera", "chunk"]


@pytest.mark.parametrize("good", [0, 1, 5])
def test_a_bad_message_is_said_however_soon_good_ones_follow(node, hearing, good):
    hearing.begin()
    for word in ("good", "bad", *["good"] * good):
        node.takers["chunk"](word)
    assert "bad message" in hearing.problems()
    assert ("bad message" in hearing.problems()) == (good == 0)
    assert node.errors == ["chunk: bad message"]


def test_a_bad_message_after_good_ones_is_still_bad(node, hearing):
    hearing.begin()
    for word in ("bad", "good", "bad"):
        node.takers["chunk"](word)
    for _ in range(2):
        assert "bad message" in hearing.problems()
    node.takers["chunk"]("good")
    hearing.problems()
    assert "bad message" not in hearing.problems()


def test_a_fault_of_before_an_activation_is_forgotten(node, hearing):
    hearing.begin()
    for word in ("bad", "good"):
        node.takers["chunk"](word)
    hearing.end()
    hearing.begin()
    assert "bad message" not in hearing.problems()


@pytest.mark.parametrize(("ahead_ms", "heard"), [(-1000, 1), (50, 1), (51, 0), (100_000, 0)])
def test_features_of_the_time_before_the_clock_was_set_back_are_not_heard(node, ahead_ms, heard):
    """Nor is the memory's answer to them: every state of the present time would seem older."""
    node.now = lambda: Now(200 * NS, 1)
    stamp_ns = 200 * NS + ahead_ms * 1_000_000
    state = MemoryState(1, stamp_ns, np.zeros(2), 0.5, True, 1, 1, 8, 8, "")
    for value in (PolicyFeatures(1, 1, 1, stamp_ns, np.zeros(2)), state):
        spec = replace(CHUNKS, name="value", topic="value", read=lambda _, value=value: value)
        Hearing(node, [spec], Authenticity(), node)
        node.heard.clear()
        node.takers["value"]("message")
        assert len(node.heard) == heard


@pytest.mark.parametrize(("ahead_ms", "heard"), [(80, 1), (1000, 1), (1001, 0), (40_000, 0)])
def test_what_was_sensed_far_ahead_of_the_clock_is_not_heard(node, ahead_ms, heard):
    """A little ahead is badly synchronised: that is said, and for the rooms to refuse."""
    node.now = lambda: Now(200 * NS, 1)
    rest = np.zeros(2)
    joints = JointState(200 * NS + ahead_ms * 1_000_000, rest, rest)
    spec = replace(STREAM, read=lambda _: joints)
    hearing = Hearing(node, [spec], Authenticity(), node)
    hearing.begin()
    node.takers["camera"]("message")
    assert len(node.heard) == heard
    assert "ahead of the clock" in hearing.problems()[0]


def test_silence_is_said_of_streams_alone(node, hearing, monkeypatch):
    hearing.begin()
    assert hearing.problems() == []
    silent = dict.fromkeys(("camera", "chunk"), -math.inf)
    monkeypatch.setattr(hearing, "_heard_ns", silent)
    assert hearing.problems() == ["camera: nothing on /camera"]
