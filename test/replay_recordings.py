"""Small recordings of the toy robot, written with rosbags, for tests of replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from chain_values import wave
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from aura_ros.conversions.fields import stamp
from aura_ros.replay.typestore import maker, typestore
from aura_ros.types import NS

LOG_0 = 1_700_000_000 * NS
STEP_NS = NS // 20

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
JOINTS = "sensor_msgs/msg/JointState"
TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
POSITIONS = "std_msgs/msg/Float64MultiArray"
TEXT = "std_msgs/msg/String"

make = maker()

Entry = tuple[str, str, int, Any]


def header(time_ns: int, **more: Any) -> Any:
    fields = {"stamp": stamp(make, time_ns), "frame_id": "", **more}
    return make("std_msgs/msg/Header", fields)


def image(time_ns: int, level: int = 100) -> Any:
    pixels = np.full((8, 8, 3), level, np.uint8)
    pixels[0, 0] = time_ns // STEP_NS % 200 + 1
    return make(
        IMAGE,
        {
            "header": header(time_ns),
            "height": 8,
            "width": 8,
            "encoding": "rgb8",
            "is_bigendian": 0,
            "step": 24,
            "data": pixels.reshape(-1),
        },
    )


def compressed(time_ns: int) -> Any:
    pixels = np.full((64, 64, 3), 100, np.uint8)
    pixels[:8, :8] = time_ns // STEP_NS % 200 + 1
    _, data = cv2.imencode(".png", pixels)
    return make(COMPRESSED, {"header": header(time_ns), "format": "png", "data": data.reshape(-1)})


def joint_state(time_ns: int, names: Any, position: Any) -> Any:
    nothing = np.zeros(0)
    return make(
        JOINTS,
        {
            "header": header(time_ns),
            "name": list(names),
            "position": np.asarray(position, dtype=np.float64),
            "velocity": nothing,
            "effort": nothing,
        },
    )


def trajectory(time_ns: int, names: Any, position: Any, ahead_ns: int = 0) -> Any:
    nothing = np.zeros(0)
    point = make(
        "trajectory_msgs/msg/JointTrajectoryPoint",
        {
            "positions": np.asarray(position, dtype=np.float64),
            "velocities": nothing,
            "accelerations": nothing,
            "effort": nothing,
            "time_from_start": stamp(make, ahead_ns, "builtin_interfaces/msg/Duration"),
        },
    )
    return make(
        TRAJECTORY, {"header": header(time_ns), "joint_names": list(names), "points": [point]}
    )


def positions(data: Any) -> Any:
    layout = make("std_msgs/msg/MultiArrayLayout", {"dim": [], "data_offset": 0})
    return make(POSITIONS, {"layout": layout, "data": np.asarray(data, dtype=np.float64)})


def text(words: str) -> Any:
    return make(TEXT, {"data": words})


@dataclass
class Scene:
    """What the toy robot does for ``seconds``; tests change single pieces of it.

    ``stamp_of`` turns the log time of a step into the header stamps of its messages.
    """

    robot: Any
    seconds: float = 2.0
    actions: str = TRAJECTORY
    camera: str = IMAGE
    slash: str = "/"
    stamp_of: Callable[[int], int] = lambda log_ns: log_ns
    log_of: Callable[[int], int] = lambda log_ns: log_ns
    more: list[Entry] = field(default_factory=list)
    without: tuple[str, ...] = ()
    joints: tuple[str, ...] | None = None

    def entries(self) -> Iterator[Entry]:
        robot = self.robot
        names = robot.joints if self.joints is None else self.joints
        rows = wave(robot, 0.0, round(self.seconds * NS / STEP_NS) + 1)
        # The rows of the wave lie on the grid of the steps.
        assert robot.row_period_ns == STEP_NS
        found: list[Entry] = list(self.more)
        for k, row in enumerate(rows):
            log_ns = LOG_0 + k * STEP_NS
            time_ns = self.stamp_of(log_ns)
            picture = image(time_ns) if self.camera == IMAGE else compressed(time_ns)
            action = (
                trajectory(time_ns, names, row) if self.actions == TRAJECTORY else positions(row)
            )
            found += [
                # A little apart: formats differ in the order of messages of the same time.
                (robot.joint_states_topic, JOINTS, log_ns, joint_state(time_ns, names, row)),
                (robot.cameras[0].topic, self.camera, log_ns + 1, picture),
                (robot.recorded_action_topic, self.actions, log_ns + 2, action),
            ]
        for topic, kind, log_ns, message in sorted(found, key=lambda entry: entry[2]):
            if topic not in self.without:
                yield self.slash + topic, kind, self.log_of(log_ns), message


def write_rosbag2(
    path: Path, scene: Scene, plugin: StoragePlugin = StoragePlugin.MCAP, zstd: bool = False
) -> Path:
    """A rosbag2 folder; with ``zstd`` its mcap chunks are compressed."""
    writer = Writer(path, version=9, storage_plugin=plugin)
    if zstd:
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
    with writer:
        connections: dict[tuple[str, str], Any] = {}
        for topic, kind, log_ns, message in scene.entries():
            if (topic, kind) not in connections:
                connections[topic, kind] = writer.add_connection(topic, kind, typestore=typestore())
            data = (
                message if isinstance(message, bytes) else typestore().serialize_cdr(message, kind)
            )
            writer.write(connections[topic, kind], log_ns, data)
    return path


def write_rosbag1(path: Path, scene: Scene) -> Path:
    """A ROS 1 bag."""
    store = get_typestore(Stores.ROS1_NOETIC)
    with Writer1(path) as writer:
        connections: dict[str, Any] = {}
        for topic, kind, log_ns, message in scene.entries():
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            data = store.serialize_ros1(_ros1(message, store), kind)
            writer.write(connections[topic], log_ns, data)
    return path


def _ros1(message: Any, store: Any) -> Any:
    """The same message with ROS 1 types: headers have a sequence number there."""
    if isinstance(message, list):
        return [_ros1(item, store) for item in message]
    kind = getattr(message, "__msgtype__", None)
    if kind is None:
        return message
    fields = {
        name: _ros1(value, store) for name, value in vars(message).items() if name != "__msgtype__"
    }
    if kind == "std_msgs/msg/Header":
        fields["seq"] = 0
    return store.types[kind](**fields)
