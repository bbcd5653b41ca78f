"""Messages of robots and people to values: images, joint states, instructions, object poses."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.conversions.fields import nanoseconds
from aura_ros.robot.description import Robot
from aura_ros.robot.fit import check_joint_names
from aura_ros.types import NS, Array, Image, Instruction, JointState, Objects

# Pixels looked at to tell a black image, and the mean level [0, 255] below which it is one.
BLACK_SAMPLES = 1024
BLACK_LEVEL = 4.0
# Blackness of compressed images is judged this often: decoding them all would cost too much.
DECODE_PERIOD_NS = 200_000_000

CHANNELS = {"rgb8": 3, "bgr8": 3, "mono8": 1, "rgba8": 4, "bgra8": 4}


class ConversionError(ValueError):
    """A message that cannot become a value: the words name the field, the limit, the remedy."""


class ImageReader:
    """Images of one camera. ``keep_pixels`` False keeps only fingerprint and blackness."""

    def __init__(self, source: str, compressed: bool, keep_pixels: bool = True) -> None:
        self._source, self._compressed, self._keep = source, compressed, keep_pixels
        self._judged_ns = -DECODE_PERIOD_NS
        self._black = False

    def read(self, message: Any) -> Image:
        """The value of an Image or CompressedImage message."""
        data = np.frombuffer(message.data, dtype=np.uint8)
        stamp_ns = nanoseconds(message.header.stamp)
        if not data.size:
            raise ConversionError(f"camera {self._source} sent an empty image")
        kept = data.tobytes() if self._keep else b""
        fingerprint = zlib.crc32(data.data) if self._compressed else fingerprint_of(data)
        if self._compressed:
            black = self._is_black_file(data, stamp_ns)
            return Image(
                self._source, stamp_ns, str(message.format), 0, 0, kept, True, fingerprint, black
            )
        self._check_size(message, data.size)
        black = is_black(data)
        return Image(
            self._source,
            stamp_ns,
            str(message.encoding),
            int(message.height),
            int(message.width),
            kept,
            False,
            fingerprint,
            black,
        )

    def _check_size(self, message: Any, size: int) -> None:
        channels = CHANNELS.get(str(message.encoding))
        if channels is None:
            raise ConversionError(
                f"camera {self._source} has encoding {message.encoding!r}; one of "
                f"{sorted(CHANNELS)} is needed: convert it with image_proc"
            )
        expected = int(message.height) * int(message.width) * channels
        if size != expected:
            raise ConversionError(
                f"camera {self._source}: {size} bytes, but {message.width} x {message.height} "
                f"{message.encoding} has {expected}"
            )

    def _is_black_file(self, data: NDArray[np.uint8], stamp_ns: int) -> bool:
        if abs(stamp_ns - self._judged_ns) >= DECODE_PERIOD_NS:
            import cv2  # only where compressed images come: it would double a small process

            pixels = cv2.imdecode(data, cv2.IMREAD_REDUCED_GRAYSCALE_8)
            if pixels is None:
                raise ConversionError(f"camera {self._source} sent a file that is no image")
            self._judged_ns = stamp_ns
            self._black = bool(pixels.mean() < BLACK_LEVEL)
        return self._black


def is_black(pixels: NDArray[np.uint8]) -> bool:
    """Whether some of the pixels (flat) are dark on average."""
    return bool(pixels[:: max(pixels.size // BLACK_SAMPLES, 1)].mean() < BLACK_LEVEL)


def fingerprint_of(pixels: NDArray[np.uint8]) -> int:
    """A number that changes with any pixel, at a fifth of the cost of a CRC.

    The sum of 8-byte words times fixed odd weights, modulo 2^64: moved content changes it too.
    """
    words = pixels[: pixels.size // 8 * 8].view(np.uint64)
    return int(np.dot(words, _weights(words.size)))


@lru_cache(maxsize=8)
def _weights(count: int) -> NDArray[np.uint64]:
    generator = np.random.default_rng(0)
    return generator.integers(0, 2**63, count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


class JointReader:
    """Joint states in the robot's order. Missing velocities are differences of positions.

    Columns that are no joints are zero: those of a base, which nobody measures, and those of a
    pose, which ``StateReader`` fills in.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._stated = np.array([robot.joints.index(j) for j in robot.stated], dtype=np.intp)
        self._names: tuple[str, ...] = ()
        self._columns = np.zeros(0, dtype=np.intp)
        self._last: JointState | None = None

    def read(self, message: Any) -> JointState:
        """The state of a robot that is joints alone, from a JointState message.

        ConversionError for a robot with poses: joints alone are not its state.
        """
        if self._robot.poses:
            topics = ", ".join(group.pose_topic for group in self._robot.poses)
            raise ConversionError(
                f"joint states alone are no state of {self._robot.name!r}: the poses on {topics} "
                "are part of it and are not read here"
            )
        return self.read_joints(message)

    def read_joints(self, message: Any) -> JointState:
        """The joints of a JointState message; other joints of the robot are left out."""
        self._map(tuple(message.name))
        given = np.asarray(message.position, dtype=np.float64)
        if len(given) != len(self._names):
            raise ConversionError(
                f"joint states have {len(self._names)} names and {len(given)} positions"
            )
        if not np.isfinite(given[self._columns]).all():
            bad = self._columns[~np.isfinite(given[self._columns])][0]
            raise ConversionError(f"joint {self._names[bad]} has a position that is not finite")
        stamp_ns = nanoseconds(message.header.stamp)
        position = self._placed(given)
        self._last = JointState(stamp_ns, position, self._velocity(message, position, stamp_ns))
        return self._last

    def _map(self, names: tuple[str, ...]) -> None:
        if names == self._names:
            return
        problem = check_joint_names(self._robot, names)
        if problem:
            raise ConversionError(problem)
        self._names = names
        self._columns = np.array([names.index(j) for j in self._robot.stated], dtype=np.intp)

    def _placed(self, given: Array) -> Array:
        """Numbers of a message in the columns of the robot."""
        columns = np.zeros(len(self._robot.joints))
        columns[self._stated] = given[self._columns]
        return columns

    def _velocity(self, message: Any, position: Array, stamp_ns: int) -> Array:
        given = np.asarray(message.velocity, dtype=np.float64)
        if len(given) == len(self._names) and np.isfinite(given[self._columns]).all():
            return self._placed(given)
        last = self._last
        if last is None or stamp_ns <= last.stamp_ns:
            return np.zeros_like(position)
        away = self._robot.difference(position, last.position)
        return np.asarray(away * (NS / (stamp_ns - last.stamp_ns)))


def read_instruction(message: Any) -> Instruction:
    """The value of a std_msgs/String message."""
    return Instruction(str(message.data))


def read_objects(message: Any) -> Objects:
    """The value of a geometry_msgs/PoseArray message."""
    rows = [
        (
            p.position.x,
            p.position.y,
            p.position.z,
            p.orientation.x,
            p.orientation.y,
            p.orientation.z,
            p.orientation.w,
        )
        for p in message.poses
    ]
    return Objects(nanoseconds(message.header.stamp), np.array(rows).reshape(-1, 7))
