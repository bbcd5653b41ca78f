"""What a plant shows, as the values that rooms and policies take, and what they answer to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aura_ros.bench.closed_loop.plant import Plant
from aura_ros.conversions.sensors import fingerprint_of, is_black
from aura_ros.policy.actions import Actions
from aura_ros.policy.backend import Backend
from aura_ros.policy.demo_network import Pixels
from aura_ros.policy.interpretation import make_actions
from aura_ros.types import Image, JointState, Observation


def images(plant: Plant, stamp_ns: int) -> dict[str, Image]:
    """The cameras of ``plant`` now, by name."""
    return {name: _image(name, pixels, stamp_ns) for name, pixels in plant.pictures().items()}


def joints(plant: Plant, stamp_ns: int) -> JointState:
    """What is measured now."""
    return JointState(stamp_ns, plant.position, plant.velocity)


def observation(plant: Plant, stamp_ns: int, instruction: str) -> Observation:
    """Everything a policy is shown."""
    seen: Mapping[str, Image] = images(plant, stamp_ns)
    return Observation(stamp_ns, dict(seen), joints(plant, stamp_ns), instruction)


def actions(plant: Plant, backend: Backend) -> Actions:
    """What the policy's rows mean. Raises ValueError where they do not fit the plant's robot."""
    return make_actions(plant.robot, "", backend, _no_urdf)


def _no_urdf() -> bytes:
    raise ValueError("a plant has no URDF: the policy must answer with joints, not with poses")


def _image(name: str, pixels: Pixels, stamp_ns: int) -> Image:
    height, width = pixels.shape[:2]
    flat = np.ascontiguousarray(pixels).reshape(-1)
    seen = fingerprint_of(flat), is_black(flat)
    return Image(name, stamp_ns, "rgb8", height, width, flat.tobytes(), False, *seen)
