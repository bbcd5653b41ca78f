"""Under which keys a policy finds the robot's cameras, joints and instruction.

Texts, entries apart by semicolons: ``KEY: CAMERA``, such as
``observation/image: front; images[cam_high]: top`` (brackets: a table inside of the observation);
for the state see ``aura_ros.policy.state``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import PROMPT, CameraInput, DeclarationError, Declared
from aura_ros.policy.entries import check_known, entries, last_word
from aura_ros.policy.layout import LayoutError
from aura_ros.policy.pixels import fitted, rgb_pixels
from aura_ros.policy.state import StateColumns, declared_state, state_columns
from aura_ros.robot.description import Robot
from aura_ros.robot.problems import closest
from aura_ros.types import Request

_NESTED = re.compile(r"(.+)\[(.+)\]")


@dataclass(frozen=True)
class ObservationKeys:
    """Cameras of the robot with the inputs that they are, its state, the instruction's key.

    An empty ``prompt`` leaves the instruction out.
    """

    cameras: tuple[tuple[str, CameraInput], ...]
    state: tuple[StateColumns, ...]
    prompt: str

    def observation(self, request: Request) -> dict[str, Any]:
        """The observation of a request. Raises BackendError where an image is missing or none."""
        seen = request.observation
        found: dict[str, Any] = {}
        for name, camera in self.cameras:
            if name not in seen.images:
                raise BackendError(f"no image of camera {name} in the observation")
            _put(found, camera.key, fitted(rgb_pixels(seen.images[name]), camera))
        for columns in self.state:
            _put(found, columns.key, columns.numbers(request))
        if self.prompt:
            _put(found, self.prompt, seen.instruction)
        return found


def _put(found: dict[str, Any], key: str, value: Any) -> None:
    nested = _NESTED.fullmatch(key)
    if nested is None:
        found[key] = value
    else:
        _put(found.setdefault(nested[1], {}), nested[2], value)


def observation_keys(
    robot: Robot,
    declared: Declared | None,
    cameras: str = "",
    state: str = "",
    prompt: str = PROMPT,
    like: CameraInput | None = None,
) -> ObservationKeys:
    """The keys that a policy declares, joined with the texts ``cameras`` and ``state``.

    Without a declaration the texts say all, and images are ``like`` that one. Raises
    DeclarationError that names a camera, group or key which one side lacks.
    """
    try:
        if declared is None:
            inputs = _undeclared_cameras(cameras, robot, like or CameraInput(""))
        else:
            inputs = _declared_cameras(declared, cameras, robot)
        columns = (
            declared_state(declared, state, robot) if declared else state_columns(state, robot)
        )
    except LayoutError as error:
        raise DeclarationError(f"parameter state_keys: {error}") from None
    return ObservationKeys(inputs, columns, prompt)


# --- cameras --------------------------------------------------------------------------------


def _undeclared_cameras(
    text: str, robot: Robot, like: CameraInput
) -> tuple[tuple[str, CameraInput], ...]:
    given = entries(text, "camera_keys", "KEY: CAMERA")
    return tuple((_camera(name, robot), replace(like, key=key)) for key, name in given.items())


def _declared_cameras(
    declared: Declared, text: str, robot: Robot
) -> tuple[tuple[str, CameraInput], ...]:
    given = entries(text, "camera_keys", "KEY: CAMERA")
    check_known(given, [camera.key for camera in declared.cameras], declared, "camera_keys")
    known = [camera.name for camera in robot.cameras]
    found = []
    for camera in declared.cameras:
        name = given.get(camera.key, last_word(camera.key))
        if camera.key not in given and name not in known:
            raise DeclarationError(
                f"policy {declared.name} needs an image {camera.key!r}, and {robot.name} has no "
                f"camera of that name but {', '.join(known) or 'none'}; say which by the parameter "
                f"camera_keys, such as '{camera.key}: {known[0] if known else 'CAMERA'}'"
            )
        found.append((_camera(name, robot), camera))
    return tuple(found)


def _camera(name: str, robot: Robot) -> str:
    known = [camera.name for camera in robot.cameras]
    if name not in known:
        raise DeclarationError(
            f"parameter camera_keys: {robot.name} has no camera {name!r}, {closest(name, known)}"
        )
    return name
