"""What the server takes: an observation with what its policy declares, and nothing that differs."""

from __future__ import annotations

from typing import Any

import numpy as np

from aura_ros.policy.declared import (
    FLOW_TIME,
    NOISY_ROWS,
    PROMPT,
    SAMPLES,
    CameraInput,
    Declared,
    StateInput,
)
from aura_ros.policy.wire import WireError, unpack
from aura_ros.robot.problems import closest


def question(message: bytes | str, declared: Declared) -> dict[str, Any]:
    """The observation of a message, with what is asked about it. Raises WireError."""
    if isinstance(message, str):
        raise WireError("a text; an observation is packed by msgpack")
    observation = unpack(message)
    samples = observation.get(SAMPLES, 1)
    if type(samples) is not int or not 1 <= samples <= declared.max_samples:
        raise WireError(
            f"{SAMPLES} is {samples!r}; {declared.name} draws 1 to {declared.max_samples}"
        )
    if NOISY_ROWS in observation or FLOW_TIME in observation:
        _check_flow(observation, declared)
    for camera in declared.cameras:
        _check_image(_found(observation, camera.key), camera)
    for state in declared.state_keys:
        _check_state(_found(observation, state.key), state)
    if declared.needs_instruction:
        prompt = _found(observation, PROMPT)
        if not isinstance(prompt, str) or not prompt.strip():
            raise WireError(f"{PROMPT} is {prompt!r}; {declared.name} needs an instruction")
    return observation


def _found(observation: dict[str, Any], key: str) -> Any:
    if key not in observation:
        given = closest(key, map(str, observation))
        raise WireError(f"the observation has no {key!r}, {given}")
    return observation[key]


def _check_image(image: Any, camera: CameraInput) -> None:
    shape = (camera.height or "h", camera.width or "w")
    wanted = (3, *shape) if camera.channels_first else (*shape, 3)
    given = np.shape(image) if isinstance(image, np.ndarray) else ()
    is_right = len(given) == 3 and all(
        g == w or (isinstance(w, str) and g > 0) for g, w in zip(given, wanted, strict=True)
    )
    if not is_right or image.dtype != np.uint8:
        raise WireError(
            f"image {camera.key!r} is {_words(image)}; uint8 RGB of shape "
            f"({', '.join(map(str, wanted))}) is needed"
        )


def _check_state(state: Any, wanted: StateInput) -> None:
    is_right = isinstance(state, np.ndarray) and state.dtype.kind in "iuf"
    if not is_right or state.shape != (wanted.width,) or not np.isfinite(state).all():
        raise WireError(
            f"state {wanted.key!r} is {_words(state)}; {wanted.width} finite numbers are needed"
        )


def _check_flow(observation: dict[str, Any], declared: Declared) -> None:
    if not declared.flow:
        raise WireError(f"{NOISY_ROWS}: {declared.name} declares no flow; ask it for rows")
    rows, time = _found(observation, NOISY_ROWS), _found(observation, FLOW_TIME)
    shape = (declared.horizon, declared.action_width)
    is_right = isinstance(rows, np.ndarray) and rows.dtype.kind in "iuf"
    if not is_right or rows.shape != shape or not np.isfinite(rows).all():
        raise WireError(f"{NOISY_ROWS} is {_words(rows)}; finite numbers {shape} are needed")
    if not isinstance(time, float) or not 0.0 <= time < 1.0:
        raise WireError(f"{FLOW_TIME} is {time!r}; it must be from 0.0 to below 1.0")


def _words(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return f"a {type(value).__name__}"
    return f"{value.dtype} of shape {value.shape}"
