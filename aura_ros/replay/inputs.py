"""Which recorded topic is which input of the robot's configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2  # noqa: F401 (decodes compressed images; its import would interrupt the first one)
from rosbags.interfaces import Connection

from aura_ros.conversions import MESSAGES, from_message
from aura_ros.conversions.sensors import (
    ImageReader,
    JointReader,
    read_instruction,
    read_objects,
)
from aura_ros.replay.recording import Recording, RecordingError
from aura_ros.robot.description import Camera, Robot
from aura_ros.robot.problems import closest
from aura_ros.types import ActionChunk, PolicyFeatures

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
POSITIONS = "std_msgs/msg/Float64MultiArray"


@dataclass(frozen=True)
class Wanted:
    """An input by its configured topic: the message types it may have, and its reader by type."""

    name: str
    topic: str
    types: tuple[str, ...]
    reader: Callable[[str], Callable[[Any], Any]]
    needed: bool = True


@dataclass(frozen=True)
class Input:
    """An input that was recorded, and how its messages become values."""

    name: str
    connection: Connection
    read: Callable[[Any], Any]
    needed: bool


@dataclass(frozen=True)
class Inputs:
    """Sensors, the recorded commands that stand in for the policy (or None), and recorded
    chunks, which are used only where there are no commands."""

    sensors: tuple[Input, ...]
    actions: Connection | None
    chunks: tuple[Input, ...]


def find_inputs(recording: Recording, robot: Robot, remap: Sequence[str] = ()) -> Inputs:
    """Match the configuration's topics, renamed by ``remap`` ("from:=to"), with the recording's.

    ``from`` is the configuration's name and ``to`` the recorded one, or the other way round as
    in `ros2 bag play`. A leading slash does not matter. Raises RecordingError for a topic that
    is missing, has another type, or is renamed without being known.
    """
    names = Names(recording, remap)
    sensors = [names.find(wanted) for wanted in _sensors(robot)]
    action = names.recorded(robot.recorded_action_topic, (TRAJECTORY, POSITIONS))
    chunks = [names.find(wanted) for wanted in _chunks()]
    if action is None and chunks[0] is None:
        names.missing.append(
            f"{robot.recorded_action_topic} (recorded commands) [{TRAJECTORY} or {POSITIONS}]"
        )
    names.check()
    return Inputs(
        tuple(found for found in sensors if found is not None),
        action,
        () if action is not None else tuple(found for found in chunks if found is not None),
    )


def _sensors(robot: Robot) -> list[Wanted]:
    cameras = [
        Wanted(f"camera {c.name}", c.topic, (IMAGE, COMPRESSED_IMAGE), _image_reader(c))
        for c in robot.cameras
    ]
    joints, instruction, objects = (
        robot.joint_states_topic,
        robot.instruction_topic,
        robot.objects_topic,
    )
    joint_type = "sensor_msgs/msg/JointState"
    return [
        *cameras,
        Wanted("joint states", joints, (joint_type,), lambda _: JointReader(robot).read),
        Wanted(
            "instruction", instruction, ("std_msgs/msg/String",), lambda _: read_instruction, False
        ),
        Wanted("objects", objects, ("geometry_msgs/msg/PoseArray",), lambda _: read_objects, False),
    ]


def _image_reader(camera: Camera) -> Callable[[str], Callable[[Any], Any]]:
    """Readers that keep no pixels: a replay has no policy that would look at them."""
    return lambda kind: ImageReader(camera.name, kind == COMPRESSED_IMAGE, keep_pixels=False).read


def _chunks() -> list[Wanted]:
    """What a policy said, where the chain itself was recorded; the first one is the chunks."""
    return [
        Wanted(topic, topic, (MESSAGES[kind],), _chain_reader(kind), False)
        for topic, kind in (("chunk", ActionChunk), ("features", PolicyFeatures))
    ]


def _chain_reader(kind: type) -> Callable[[str], Callable[[Any], Any]]:
    return lambda _: lambda message: from_message(kind, message)


class Names:
    """Topics of a recording by name, and what was looked for in vain."""

    def __init__(self, recording: Recording, remap: Sequence[str]) -> None:
        self._recording = recording
        self._topics = {_bare(c.topic): c for c in recording.connections if c.msgcount}
        self._remap = [_pair(rule) for rule in remap]
        self._used: set[tuple[str, str]] = set()
        self._asked: list[str] = []
        self.missing: list[str] = []
        self.wrong: list[str] = []

    def find(self, wanted: Wanted) -> Input | None:
        """The input that was recorded, None where it was not."""
        if not wanted.topic:
            return None
        connection = self.recorded(wanted.topic, wanted.types)
        if connection is None:
            if wanted.needed:
                self.missing.append(f"{wanted.topic} ({wanted.name}) [{' or '.join(wanted.types)}]")
            return None
        read = wanted.reader(connection.msgtype)
        return Input(wanted.name, connection, read, wanted.needed)

    def recorded(self, topic: str, types: tuple[str, ...]) -> Connection | None:
        """The connection of a configured topic, None where it was not recorded."""
        self._asked.append(topic)
        connection = self._topics.get(self._renamed(_bare(topic)))
        if connection is not None and connection.msgtype not in types:
            self.wrong.append(
                f"{connection.topic} carries {connection.msgtype}, {' or '.join(types)} is needed"
            )
        return connection

    def _renamed(self, name: str) -> str:
        for pair in self._remap:
            configured, recorded = pair
            if name == configured or (name == recorded and configured in self._topics):
                self._used.add(pair)
                return recorded if name == configured else configured
        return name

    def check(self) -> None:
        """Raise RecordingError if something is missing, of another type, or renamed in vain."""
        problems = [f"topic {words}" for words in self.wrong]
        problems += [f"no topic {words}" for words in self.missing]
        for pair in self._remap:
            if pair not in self._used:
                hint = closest(pair[0], self._asked)
                problems.append(f"--remap {':='.join(pair)} renames no configured topic, {hint}")
        if not problems:
            return
        raise RecordingError(
            f"{self._recording.path} does not fit the configuration:\n  "
            + "\n  ".join(problems)
            + f"\nIt holds\n{self._recording.topics()}\n"
            "Name what was recorded with --remap CONFIGURED:=RECORDED, or choose the "
            "configuration of the recorded robot."
        )


def _bare(topic: str) -> str:
    return topic.removeprefix("~/").strip("/")


def _pair(rule: str) -> tuple[str, str]:
    configured, separator, recorded = rule.partition(":=")
    if not separator or not _bare(configured) or not _bare(recorded):
        raise RecordingError(f"--remap {rule} is not of the form CONFIGURED:=RECORDED")
    return _bare(configured), _bare(recorded)
