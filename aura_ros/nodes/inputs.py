"""Subscriptions of a room: which topics, how their messages become values, and who is silent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.qos import QoSProfile

from aura_ros import types as t
from aura_ros.conversions import MESSAGES, from_message
from aura_ros.conversions.physical import read_distance, read_wrench
from aura_ros.conversions.poses import StateReader
from aura_ros.conversions.sensors import (
    ImageReader,
    JointReader,
    read_instruction,
    read_objects,
)
from aura_ros.nodes.topics import IMAGE, LATCHED, NEWEST, SENSOR, TOPICS
from aura_ros.pipeline import ROUTES
from aura_ros.robot.description import Robot

# Inputs that stream: silence for longer than this is reported [s].
SILENCE = {t.Image: 0.3, t.JointState: 0.3, t.Wrench: 0.3, t.Distance: 0.3, t.Lease: 0.3}
# How far the stamps of sensors may be ahead of the clock; rooms refuse what follows from them.
CLOCK_TOLERANCE_NS = 50_000_000
# Clocks that differ by so much are not badly synchronised: one of them was set.
FAR_AHEAD_NS = t.NS
SENSED = t.Image | t.JointState | t.Objects | t.Wrench | t.Distance


@dataclass(frozen=True)
class Input:
    """One subscription. ``read`` gives a value, or None where a message completes none;
    ``silence_s`` is the silence that is reported (infinite: never)."""

    name: str
    topic: str
    message: str
    qos: QoSProfile
    read: Callable[[Any], Any]
    silence_s: float


def inputs_of(room: str, robot: Robot) -> Iterator[Input]:
    """Every subscription of ``room`` for ``robot``."""
    for kind, rooms in ROUTES.items():
        if room in rooms:
            yield from _sensors(kind, room, robot)
            if kind in TOPICS:
                topic = TOPICS[kind]
                yield Input(
                    topic.name,
                    topic.name,
                    MESSAGES[kind],
                    topic.qos,
                    _reader(kind),
                    SILENCE.get(kind, math.inf),
                )


def ahead(value: Any, now: t.Now) -> str:
    """What is wrong with the stamp of a sensor's value: it lies in the future; else ""."""
    if not isinstance(value, SENSED) or _ahead_ns(value, now) <= CLOCK_TOLERANCE_NS:
        return ""
    return "stamps are over 50 ms ahead of the clock: synchronise the clocks, check use_sim_time"


def is_of_another_time(value: Any, now: t.Now) -> bool:
    """Whether a value was made before the clock was set back: nodes hear of that one after the
    other. Of what is sensed, and may be but badly synchronised, only where it lies far ahead;
    features and memory states no room refuses for their stamps."""
    if isinstance(value, t.PolicyFeatures | t.MemoryState):
        return _ahead_ns(value, now) > CLOCK_TOLERANCE_NS
    return isinstance(value, SENSED) and _ahead_ns(value, now) > FAR_AHEAD_NS


def _ahead_ns(value: Any, now: t.Now) -> int:
    stamp_ns: int = value.stamp_ns
    return stamp_ns - now.ros_ns if now.ros_ns else 0


def _reader(kind: type) -> Callable[[Any], Any]:
    return lambda message: from_message(kind, message)


def _state(robot: Robot, silence: float) -> Iterator[Input]:
    """Joint states and, where the robot has poses, their topics: together they are one value."""
    topic, message = robot.joint_states_topic, "sensor_msgs/msg/JointState"
    if not robot.poses:
        yield Input("joint_states", topic, message, SENSOR, JointReader(robot).read, silence)
        return
    from aura_ros.motion.rotations import from_quaternion  # loads scipy: only for who has poses

    state = StateReader(robot, from_quaternion)
    yield Input("joint_states", topic, message, SENSOR, state.read_joints, silence)
    for group in robot.poses:
        read = partial(state.read_pose, group.name)
        name, message = f"pose_{group.name}", "geometry_msgs/msg/PoseStamped"
        yield Input(name, group.pose_topic, message, SENSOR, read, silence)


def _sensors(kind: type, room: str, robot: Robot) -> Iterator[Input]:
    silence = SILENCE.get(kind, math.inf)
    if kind is t.Image:
        for camera in robot.cameras:
            suffix = "CompressedImage" if camera.compressed else "Image"
            # Only the policy looks at pixels; the guard wants to know that they change.
            reader = ImageReader(camera.name, camera.compressed, keep_pixels=room == "policy")
            message = f"sensor_msgs/msg/{suffix}"
            yield Input(camera.name, camera.topic, message, IMAGE, reader.read, silence)
    elif kind is t.JointState:
        yield from _state(robot, silence)
    elif kind is t.Instruction:
        # Latched publishers are heard late only by a latched subscription, volatile ones only by
        # a volatile one; an instruction that comes twice is the same instruction.
        topic = robot.instruction_topic
        for qos in (LATCHED, NEWEST):
            yield Input("instruction", topic, "std_msgs/msg/String", qos, read_instruction, silence)
    elif kind is t.Objects and robot.objects_topic:
        topic = robot.objects_topic
        yield Input("objects", topic, "geometry_msgs/msg/PoseArray", SENSOR, read_objects, silence)
    elif kind is t.Wrench and robot.wrench_topic:
        topic, message = robot.wrench_topic, "geometry_msgs/msg/WrenchStamped"
        yield Input("wrench", topic, message, SENSOR, read_wrench, silence)
    elif kind is t.Distance and robot.distance_topic:
        topic, message = robot.distance_topic, "sensor_msgs/msg/Range"
        yield Input("human_distance", topic, message, SENSOR, read_distance, silence)
