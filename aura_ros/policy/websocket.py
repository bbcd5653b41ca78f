"""A policy behind a websocket in openpi's format: `aura serve`, or a server of openpi itself.

Ours declares what it takes and answers when a connection is opened. One of openpi's does not: it
is asked one question before anything moves, and held to the width of that answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import (
    PROMPT,
    CameraInput,
    DeclarationError,
    Declared,
    check_fits,
)
from aura_ros.policy.keyed import KeyedBackend, Questions
from aura_ros.policy.keys import ObservationKeys, observation_keys
from aura_ros.policy.link import Link
from aura_ros.policy.probe import blank_request
from aura_ros.policy.remote import address, last_line
from aura_ros.policy.wire import DECLARED, WireError, pack, unpack
from aura_ros.robot.description import Robot


@dataclass(frozen=True)
class WebsocketOptions:
    """Where the server is, how long it is waited for [s], and what its keys mean.

    ``camera_keys``, ``state_keys``: texts of ``aura_ros.policy.keys`` and ``state``.
    ``image_size`` (pixels, 0: as they come) and ``channels_first`` count where the server
    declares nothing.
    """

    url: str
    connect_timeout: float = 10.0
    answer_timeout: float = 5.0
    camera_keys: str = ""
    state_keys: str = ""
    prompt_key: str = "prompt"
    image_size: int = 0
    channels_first: bool = False


class WebsocketBackend(KeyedBackend):
    """Asks the server at ``options.url``; connects when it is made.

    Raises BackendError without a server, DeclarationError (also a ValueError) where server and
    robot do not fit. Thread-safe: every question in flight has a connection of its own.
    """

    def __init__(self, robot: Robot, options: WebsocketOptions) -> None:
        url = address(options.url, "ws")
        link = Link(url, options.connect_timeout, options.answer_timeout)
        declared = _declared(link.greeting, url)
        keys = _keys(robot, declared, options)
        declared = declared or _asked(link, keys, robot, url, options.connect_timeout)
        check_fits(declared, robot)
        super().__init__("websocket", Questions(declared, keys, partial(_answer, link), url))


def _answer(link: Link, question: Mapping[str, Any]) -> Mapping[str, Any]:
    return unpack(link.ask(pack(question)))


def _asked(link: Link, keys: ObservationKeys, robot: Robot, url: str, timeout_s: float) -> Declared:
    """What a first answer shows of a server that declares nothing."""
    observation = keys.observation(blank_request(robot))
    try:
        answer = unpack(link.ask(pack(observation), timeout_s))
        actions = np.asarray(answer.get("actions", ()))
        if actions.ndim != 2 or not actions.size:
            raise WireError(f"actions of shape {actions.shape}; rows (T, A) are needed")
        return Declared("openpi", (), (), actions.shape[1], len(actions))
    except (WireError, BackendError) as error:
        raise DeclarationError(
            f"{url} declares nothing, and its answer to a first question is of no use: "
            f"{error}; correct camera_keys and state_keys, or raise connect_timeout if it "
            "was still loading"
        ) from None


def _declared(greeting: str | bytes, url: str) -> Declared | None:
    """What a server says of itself when it is connected to; None if it says nothing."""
    try:
        if isinstance(greeting, str):
            raise WireError(f"it greets with words: {last_line(greeting)}")
        given = unpack(greeting).get(DECLARED)
    except WireError as error:
        raise DeclarationError(f"{url} is no server of openpi's format: {error}") from None
    return None if given is None else Declared.from_mapping(given)


def _keys(robot: Robot, declared: Declared | None, options: WebsocketOptions) -> ObservationKeys:
    if declared is None and not (options.camera_keys or options.state_keys):
        raise DeclarationError(
            f"{options.url} does not declare its keys, as servers of openpi do not: say them by "
            "the parameters camera_keys and state_keys, such as 'observation/image: front' and "
            "'observation/state: arm, gripper'"
        )
    size, first = options.image_size, options.channels_first
    like = CameraInput("any", size, size, channels_first=first)
    prompt = options.prompt_key
    if declared is not None:
        prompt = PROMPT if declared.needs_instruction else ""
    return observation_keys(robot, declared, options.camera_keys, options.state_keys, prompt, like)
