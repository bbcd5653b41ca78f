"""The demo policy of this package behind a server, with all that it is told in its process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aura_ros.policy.declared import PROMPT, StateInput
from aura_ros.policy.demo import DemoBackend, load_demo
from aura_ros.policy.demo_artifact import DemoPolicyError, read_artifact
from aura_ros.robot.load import load_robot
from aura_ros.types import NS, Array, Image, JointState, KinematicState, Observation, Request


def load(path: Path) -> DemoPolicy:
    """The policy in the file ``path``. Raises DemoPolicyError, RobotConfigError."""
    return DemoPolicy(load_demo(path, load_robot(_robot_of(path))))


class DemoPolicy:
    """The demo policy as a served one; its answers are those of ``backend``."""

    def __init__(self, backend: DemoBackend) -> None:
        self._backend = backend
        joints = backend.declared.action_width
        states = [StateInput(of, joints, of) for of in ("told", "velocity", "measured")]
        self.declared = replace(
            backend.declared, state_keys=(*states, StateInput("ahead", 1, "ahead"))
        )

    def infer(self, observation: Mapping[str, Any], samples: int) -> dict[str, Array]:
        """``actions`` (T, A), ``features`` (d,) and, of several, all ``samples`` (k, T, A)."""
        request, features = self._asked(observation)
        rows = self._backend.act(request, features)
        answer = {"actions": rows, "features": features}
        if samples > 1:
            more = self._backend.sample(request, features, samples - 1)
            answer["samples"] = np.concatenate([rows[None], more])
        return answer

    def velocity(self, observation: Mapping[str, Any], rows: Array, time: float) -> Array:
        """The flow (T, A) at noisy ``rows`` (T, A)."""
        return self._backend.velocity(*self._asked(observation), rows, time)

    def _asked(self, observation: Mapping[str, Any]) -> tuple[Request, Array]:
        """The request that the observation came from, and its embedding."""
        told, velocity, measured = (
            np.asarray(observation[key], dtype=np.float64)
            for key in ("told", "velocity", "measured")
        )
        rest = np.zeros_like(told)
        images = {
            camera.key: _image(camera.key, observation[camera.key])
            for camera in self.declared.cameras
        }
        seen = Observation(0, images, JointState(0, measured, rest), observation[PROMPT])
        start = KinematicState(round(float(observation["ahead"][0]) * NS), told, velocity, rest)
        return Request(1, 1, seen, start, None), self._backend.encode(seen)


def _image(name: str, pixels: Any) -> Image:
    height, width = pixels.shape[:2]
    return Image(name, 0, "rgb8", height, width, np.ascontiguousarray(pixels).tobytes())


def _robot_of(path: Path) -> str:
    """The robot that an artifact was made for; ``load_demo`` looks at all the rest."""
    _, metadata = read_artifact(path)
    if "robot" not in metadata:
        raise DemoPolicyError(
            f"{path} is no artifact of the demo policy: it names no robot; `aura train` makes one"
        )
    return metadata["robot"]
