"""Inputs aligned by capture stamp into observations."""

from __future__ import annotations

from collections import deque

from aura_ros.robot.description import Robot
from aura_ros.types import Image, Instruction, JointState, Objects, Observation

# Joint states kept to be matched with images: 2 s at 500 Hz.
JOINT_HISTORY = 1000
# Images within this share of the slowest camera's period belong to one round; a lost frame
# makes the period of that camera twice as long once.
ROUND = 0.6


class Observations:
    """The latest inputs. An observation has the stamp of its oldest image.

    ``tolerance_ns`` is how far apart in capture time images and joints may be.
    """

    def __init__(self, robot: Robot, instruction: str, tolerance_ns: int) -> None:
        self._robot = robot
        self._cameras = tuple(camera.name for camera in robot.cameras)
        self._instruction = instruction
        self.tolerance_ns = tolerance_ns
        self.clear()

    def clear(self) -> None:
        """Forget images and joints; the instruction stays."""
        self._images: dict[str, Image] = {}
        self._arrivals: dict[str, int] = {}
        self._periods: dict[str, int] = {}
        self._joints: deque[JointState] = deque(maxlen=JOINT_HISTORY)
        self._objects: Objects | None = None

    @property
    def instruction(self) -> str:
        """What the robot is told to do now."""
        return self._instruction

    def add(self, value: Image | JointState | Objects | Instruction, arrival_ns: int) -> None:
        """Take one input; a stamp before the last one of its source is ignored."""
        if isinstance(value, Image):
            last = self._images.get(value.source)
            if value.source in self._cameras and (last is None or value.stamp_ns > last.stamp_ns):
                self._images[value.source] = value
                if last is not None:
                    self._periods[value.source] = value.stamp_ns - last.stamp_ns
                self._arrivals[value.source] = arrival_ns
        elif isinstance(value, JointState):
            if not self._joints or value.stamp_ns > self._joints[-1].stamp_ns:
                self._joints.append(value)
        elif isinstance(value, Objects):
            self._objects = value
        else:
            self._instruction = value.text

    def is_round(self, since_ns: int) -> bool:
        """Every camera delivered at or after ``since_ns``, and no image is one round older.

        Where a camera lost a frame its last image lies a period behind the others: then the
        next one is worth waiting for.
        """
        if any(self._arrivals.get(name, -1) < since_ns for name in self._cameras):
            return False
        stamps = [image.stamp_ns for image in self._images.values()]
        apart = max(stamps, default=0) - min(stamps, default=0)
        return apart <= ROUND * max(self._periods.values(), default=apart)

    def latest(self) -> Observation | str:
        """The newest complete observation, or what it lacks, in words."""
        missing = [name for name in self._cameras if name not in self._images]
        if missing:
            return f"no image of camera {', '.join(missing)} yet"
        if not self._joints:
            return f"no joint states on {self._robot.joint_states_topic} yet"
        stamps = [image.stamp_ns for image in self._images.values()]
        stamp = min(stamps, default=self._joints[-1].stamp_ns)
        if max(stamps, default=stamp) - stamp > self.tolerance_ns:
            return "the cameras' stamps are too far apart"
        joints = self._joints_at(stamp)
        if abs(joints.stamp_ns - stamp) > self.tolerance_ns:
            return "no joint state near the images' stamp"
        if not self._instruction:
            return f"no instruction on {self._robot.instruction_topic} yet"
        return Observation(stamp, dict(self._images), joints, self._instruction, self._objects)

    def _joints_at(self, stamp_ns: int) -> JointState:
        """The joint state nearest to ``stamp_ns``: images are recent, so the search goes back."""
        nearest = self._joints[-1]
        for joints in reversed(self._joints):
            if abs(joints.stamp_ns - stamp_ns) > abs(nearest.stamp_ns - stamp_ns):
                break
            nearest = joints
        return nearest
