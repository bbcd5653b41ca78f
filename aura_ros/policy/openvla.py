"""OpenVLA behind its own REST server: one step of the tool for one image and instruction.

Source: https://github.com/openvla/openvla, vla-scripts/deploy.py: POST /act takes ``image``,
``instruction`` and perhaps ``unnorm_key`` as JSON with numpy arrays (json_numpy) and answers an
array (7,): steps of place and Euler angles, then the gripper, 0 closed and 1 open. A failure is
the text "error" with status 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from typing import Any
from urllib import request as http

import numpy as np

from aura_ros.policy.backend import BackendError, plain_embedding
from aura_ros.policy.declared import CameraInput, DeclarationError, Declared
from aura_ros.policy.keys import observation_keys
from aura_ros.policy.pixels import thumbnails
from aura_ros.policy.probe import blank_request
from aura_ros.policy.remote import LinkError, address, last_line, patiently
from aura_ros.robot.description import Robot
from aura_ros.types import Array, Observation, Request

IMAGE, INSTRUCTION, UNNORM_KEY = "image", "instruction", "unnorm_key"
MAX_ANSWER = 1 << 20


@dataclass(frozen=True)
class OpenVlaOptions:
    """Where the server is, how long it is waited for [s], which camera it sees.

    ``unnorm_key``: the data set whose statistics turn its numbers into metres and radians;
    empty: the only one that the checkpoint has.
    """

    url: str
    connect_timeout: float = 10.0
    answer_timeout: float = 5.0
    camera_keys: str = ""
    unnorm_key: str = ""


class OpenVlaBackend:
    """Asks the server at ``options.url``, first when it is made. Thread-safe.

    Raises BackendError without a server, DeclarationError (also a ValueError) where it does not
    fit the robot.
    """

    name = "openvla"

    def __init__(self, robot: Robot, options: OpenVlaOptions) -> None:
        self._url = address(options.url, "http").rstrip("/") + "/act"
        self._timeout_s = options.answer_timeout
        self._further = {UNNORM_KEY: options.unnorm_key} if options.unnorm_key else {}
        cameras = options.camera_keys or _only_camera(robot)
        self._keys = observation_keys(robot, None, cameras, prompt=INSTRUCTION)
        # A robot is reached directly: proxies are for the internet.
        self._opener = http.build_opener(http.ProxyHandler({}))
        first = patiently(
            lambda left_s: self._step(blank_request(robot), left_s), options.connect_timeout
        )
        self.declared = Declared(
            "openvla", (CameraInput(IMAGE),), (), len(first), 1, actions=_layout(robot)
        )

    def encode(self, observation: Observation) -> Array:
        """A plain embedding: the server shows no features."""
        return plain_embedding(observation, thumbnails(observation))

    def act(self, request: Request, embedding: Array) -> Array:
        """The one step (1, A)."""
        step = self._step(request, self._timeout_s)
        if len(step) != self.declared.action_width:
            raise BackendError(
                f"{self._url} answered {len(step)} numbers, but {self.declared.action_width} "
                "when this was configured: configure the policy node anew"
            )
        return step[None]

    def _step(self, request: Request, timeout_s: float) -> Array:
        import json_numpy  # type: ignore[import-untyped]

        body = json_numpy.dumps(self._keys.observation(request) | self._further)
        question = http.Request(
            self._url, body.encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with self._opener.open(question, timeout=timeout_s) as said:
                text = said.read(MAX_ANSWER).decode()
                if said.length:  # reading up to a limit does not mind a body that ends early
                    raise IncompleteRead(text.encode(), said.length)
        except (OSError, HTTPException) as error:
            words = str(error) or type(error).__name__
            raise LinkError(f"no answer from {self._url}: {words}; does it run?") from None
        try:
            return self._numbers(json_numpy.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            raise BackendError(f"{self._url}: an answer that cannot be read: {error}") from None

    def _numbers(self, answer: Any) -> Array:
        if isinstance(answer, str):
            raise BackendError(
                f"{self._url} answers {last_line(answer)!r}: its log says why; a wrong "
                "unnorm_key is the usual cause"
            )
        step = np.asarray(answer, dtype=np.float64)
        if step.ndim != 1 or not step.size or not np.isfinite(step).all():
            raise ValueError(f"{step} of shape {step.shape}; finite numbers (7,) are needed")
        return step


def _only_camera(robot: Robot) -> str:
    names = [camera.name for camera in robot.cameras]
    if len(names) != 1:
        raise DeclarationError(
            f"OpenVLA sees one image, and {robot.name} has {len(names)} cameras "
            f"({', '.join(names)}); say which by the parameter camera_keys, such as "
            f"'{IMAGE}: {names[0] if names else 'CAMERA'}'"
        )
    return f"{IMAGE}: {names[0]}"


def _layout(robot: Robot) -> str:
    """Steps of the only arm or pose, then the only gripper; empty where there are more."""
    movers = [group for group in robot.groups if group.kind in ("joints", "pose")]
    grippers = [group for group in robot.groups if group.kind == "gripper"]
    if len(movers) != 1 or len(grippers) != 1:
        return ""
    ends = "closed 0 opened 1" if grippers[0].switching else "lower 0 upper 1"
    return f"{movers[0].name}: pose_delta euler sxyz; {grippers[0].name}: absolute {ends}"
