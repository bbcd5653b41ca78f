"""The demo policy as a backend: a small network in numpy that reads instructions and two cameras.

``aura train`` makes the artifact, a safetensors file whose metadata say what it was made for
and from. It is refused for anything else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import CameraInput, Declared, StateInput
from aura_ros.policy.demo_artifact import MADE_BY, DemoPolicyError, read_artifact
from aura_ros.policy.demo_network import Floats, Network, Pixels
from aura_ros.policy.pixels import rgb_pixels
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array, Image, Observation, Request, digest_of

FORMAT = "aura_ros demo policy 1"
STEPS = 6
MOST_SAMPLES = 64


def fit_digest(robot: Robot) -> str:
    """SHA-256 of what the policy was made for: joints, their limits, cameras, time between rows."""
    cameras = sorted(camera.name for camera in robot.cameras)
    limits = robot.limits
    return digest_of(robot.joints, limits.lower, limits.upper, cameras, robot.row_period_ns)


class DemoBackend:
    """A trained network that answers with absolute joint targets. Safe in several threads.

    The same question has the same answer: ``act`` always starts from the same noise, ``sample``
    from noise drawn by the request's number.
    """

    name = "demo"

    def __init__(
        self, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str], robot: Robot
    ) -> None:
        self._robot = robot
        self._network = Network(tensors)
        self._size = int(metadata["image_size"])
        self._cameras: tuple[str, ...] = tuple(json.loads(metadata["cameras"]))
        instructions: list[str] = json.loads(metadata["instructions"])
        self._languages = {text: self._network.language(text) for text in instructions}
        self._noise = self._drawn(0, 1)
        self.declared = Declared(
            self.name,
            tuple(CameraInput(name) for name in self._cameras),
            (StateInput("position", len(robot.joints)),),
            len(robot.joints),
            self._network.horizon,
            robot.row_period_ns / NS,
            features=self._network.features,
            max_samples=MOST_SAMPLES,
            weights_digest=self.digest,
            flow=True,
            normalisation_digest=self._network.normalisation_digest(),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the weights as they are now; nothing may change them."""
        return self._network.digest()

    @property
    def instructions(self) -> tuple[str, ...]:
        """What the policy was trained to be told."""
        return tuple(self._languages)

    def encode(self, observation: Observation) -> Array:
        """Embedding (d,). Raises BackendError where an input is missing or unknown."""
        missing = [name for name in self._cameras if name not in observation.images]
        if missing:
            raise BackendError(
                f"no image of camera {', '.join(missing)}; the policy was trained on "
                f"{', '.join(self._cameras)}: name the robot's cameras so"
            )
        images = [self._picture(observation.images[name]) for name in self._cameras]
        return self.embed(images, observation.joints.position, observation.instruction)

    def embed(self, images: list[Pixels], measured: Array, instruction: str) -> Array:
        """Embedding (d,) of pictures of the network's size, measured joints (n,), instruction."""
        language = self._languages.get(instruction)
        if language is None:
            known = "; ".join(self._languages)
            raise BackendError(
                f"instruction {instruction!r} is not among those it was trained on: {known}"
            )
        joints = measured.astype(np.float32)
        return np.asarray(self._network.encode(images, joints, language), dtype=np.float64)

    def act(self, request: Request, embedding: Array) -> Array:
        """Rows (H, n): absolute joint targets from the told state on."""
        return self._chunks(request, embedding, self._noise)[0]

    def sample(self, request: Request, embedding: Array, k: int) -> Array:
        """Chunks (k, H, n), each from noise of its own."""
        return self._chunks(request, embedding, self._drawn(request.sequence, k))

    def velocity(self, request: Request, embedding: Array, rows: Array, time: float) -> Array:
        """The flow (H, n) at noisy rows (H, n); ``time`` from 0, all noise, to below 1."""
        if not 0.0 <= time < 1.0:
            raise BackendError(f"flow time is {time}; it must be from 0 to below 1")
        start = request.start
        noisy = self._network.points_of(rows[None], start.position, start.velocity)
        clean = self._network.clean(noisy, time, self._condition(request, embedding))
        return self._network.steps_of((clean - noisy) / (1.0 - time))[0]

    def _chunks(self, request: Request, embedding: Array, noise: Floats) -> Array:
        condition = self._condition(request, embedding)
        points = self._network.points_from(noise, condition, STEPS)
        rows = self._network.rows(points, request.start.position, request.start.velocity)
        limits = self._robot.limits
        return np.asarray(np.clip(rows, limits.lower, limits.upper))

    def _condition(self, request: Request, embedding: Array) -> Floats:
        ahead_s = (request.start.time_ns - request.observation.stamp_ns) / NS
        features = embedding.astype(np.float32)
        return self._network.condition(features, *_told(request), ahead_s)

    def _drawn(self, seed: int, k: int) -> Floats:
        shape = k, self._network.points * self._network.joints
        return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)

    def _picture(self, image: Image) -> Pixels:
        """The middle square of an image: the field of view of a camera is that of its height."""
        pixels = rgb_pixels(image)
        height, width = pixels.shape[:2]
        if width < height or height < self._size:
            raise BackendError(
                f"camera {image.source} sends {width} x {height} pixels; at least "
                f"{self._size} x {self._size} are needed, not higher than wide"
            )
        left = (width - height) // 2
        square = pixels[:, left : left + height]
        return np.asarray(cv2.resize(square, (self._size,) * 2, interpolation=cv2.INTER_AREA))


def _told(request: Request) -> tuple[Floats, Floats]:
    start = request.start
    return start.position.astype(np.float32), start.velocity.astype(np.float32)


def load_demo(path: Path, robot: Robot) -> DemoBackend:
    """Read an artifact for ``robot``. Raises DemoPolicyError."""
    tensors, metadata = read_artifact(path)
    try:
        _check(path, tensors, metadata, robot)
        return DemoBackend(tensors, metadata, robot)
    except DemoPolicyError:
        raise
    except (KeyError, ValueError) as error:
        raise DemoPolicyError(
            f"{path} is incomplete ({error}): make it again by {MADE_BY}"
        ) from error


def _check(
    path: Path,
    tensors: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str],
    robot: Robot,
) -> None:
    """Raise DemoPolicyError where the artifact was not made for this robot."""
    if metadata.get("format") != FORMAT:
        raise DemoPolicyError(f"{path}: format is {metadata.get('format')!r}, {FORMAT!r} is needed")
    bad = [name for name, tensor in tensors.items() if not np.isfinite(tensor).all()]
    if bad:
        raise DemoPolicyError(f"{path}: {bad[0]} is not finite; make it again")
    joints = json.loads(metadata["joints"])
    if len(joints) != len(robot.joints):
        raise DemoPolicyError(
            f"{path} moves {len(joints)} joints, {robot.name} has {len(robot.joints)}: choose the "
            f"robot that it was trained for, or train one by {MADE_BY}"
        )
    if metadata["fit"] != fit_digest(robot):
        raise DemoPolicyError(
            f"{path} was made for {metadata['robot']} with other joints, limits, cameras or time "
            f"between rows than {robot.name} has: train it again by {MADE_BY}"
        )
