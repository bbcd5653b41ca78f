"""Which topics of the physical world the guard's node subscribes to, and what is said of them."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

from chain_values import at, toy

from aura_ros.nodes.inputs import ahead, inputs_of
from aura_ros.nodes.messages import make
from aura_ros.types import Distance, Wrench

ROBOT = toy(wrench_topic="wrist/wrench", distance_topic="people")
PHYSICAL = {"wrench": "geometry_msgs/msg/WrenchStamped", "human_distance": "sensor_msgs/msg/Range"}


def physical(room, robot):
    return {i.name: i for i in inputs_of(room, robot) if i.name in PHYSICAL}


def test_the_guard_hears_what_the_robot_has():
    found = physical("guard", ROBOT)
    assert {name: i.message for name, i in found.items()} == PHYSICAL
    assert [i.topic for i in found.values()] == ["people", "wrist/wrench"]
    assert all(0 < i.silence_s < 1 for i in found.values())


@pytest.mark.parametrize("room", ["policy", "memory", "monitor", "fuser"])
def test_nobody_else_does(room):
    assert not physical(room, ROBOT)


def test_what_it_has_not_is_not_heard():
    assert not physical("guard", toy())
    assert set(physical("guard", toy(wrench_topic="w"))) == {"wrench"}


def test_ros_messages_become_values():
    found = physical("guard", ROBOT)
    message = make("sensor_msgs/msg/Range", {"min_range": 0.1, "max_range": 9.0, "range": 1.5})
    assert found["human_distance"].read(message) == Distance(0, 1.5)
    message = make("geometry_msgs/msg/WrenchStamped", {})
    message.wrench.force.z = 3.0
    value = found["wrench"].read(message)
    assert isinstance(value, Wrench)
    assert list(value.force) == [0.0, 0.0, 3.0]


@pytest.mark.parametrize("kind", [Distance, Wrench])
def test_stamps_from_the_future_are_said(kind):
    def stamped(seconds):
        numbers = (1.0,) if kind is Distance else ([0.0] * 3, [0.0] * 3)
        return kind(at(seconds).ros_ns, *numbers)

    assert ahead(stamped(0.05), at(0.0)) == ""
    assert "synchronise the clocks" in ahead(stamped(0.06), at(0.0))
