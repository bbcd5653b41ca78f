"""A question before anything moves: it shows what a policy answers that declares nothing.

It also takes loading and compiling off the first real question.
"""

from __future__ import annotations

import numpy as np

from aura_ros.robot.description import Robot
from aura_ros.types import Image, JointState, KinematicState, Observation, Request

SIDE = 224
INSTRUCTION = "wait"


def blank_request(robot: Robot) -> Request:
    """A request about black images and joints at rest in the middle of their ranges."""
    ends = np.stack([robot.limits.lower, robot.limits.upper])
    middle = np.where(np.isfinite(ends).all(axis=0), ends.mean(axis=0), 0.0)
    rest = np.zeros_like(middle)
    black = bytes(SIDE * SIDE * 3)
    images = {c.name: Image(c.name, 0, "rgb8", SIDE, SIDE, black) for c in robot.cameras}
    seen = Observation(0, images, JointState(0, middle, rest), INSTRUCTION)
    return Request(0, 0, seen, KinematicState(0, middle, rest, rest), None)
