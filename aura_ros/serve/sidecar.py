"""What a checkpoint does not say of itself: the file ``aura_serve.json`` beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from aura_ros.robot.problems import closest

NAME = "aura_serve.json"


class CheckpointError(ValueError):
    """A checkpoint that cannot be served: names the file or entry and what to do about it."""


@dataclass(frozen=True)
class Sidecar:
    """Entries of ``aura_serve.json``; a checkpoint that says them itself needs none of them.

    ``row_period_s``: time between rows, one over the frames per second of the training data.
    ``actions``: their layout text (aura_ros.policy.layout). ``cameras``: keys of the images in
    the order of the training data, only where the checkpoint names none. ``device``: as torch
    names it (empty: a GPU if there is one). ``seed``: of the noise that chunks are drawn from.
    """

    name: str = ""
    row_period_s: float | None = None
    actions: str = ""
    cameras: tuple[str, ...] = ()
    device: str = ""
    seed: int = 0


def read_json(path: Path, remedy: str) -> dict[str, object]:
    """The table in a JSON file. Raises CheckpointError, with ``remedy`` where it is not there."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; {remedy}") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}; {remedy}") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} holds no table; {remedy}")
    return found


def read_sidecar(folder: Path) -> Sidecar:
    """The sidecar in ``folder``, the defaults where there is none. Raises CheckpointError."""
    path = folder / NAME
    if not path.exists():
        return Sidecar()
    given = read_json(path, "mend it or remove it")
    known = {field.name for field in fields(Sidecar)}
    for key in given:
        if key not in known:
            raise CheckpointError(f"{path}: no entry {key!r}, {closest(key, known)}")
    _check(path, given)
    listed = given.get("cameras", ())
    assert isinstance(listed, list | tuple)
    return Sidecar(**{**given, "cameras": tuple(listed)})  # type: ignore[arg-type]


def _check(path: Path, given: dict[str, object]) -> None:
    for key in ("name", "actions", "device"):
        if not isinstance(given.get(key, ""), str):
            raise CheckpointError(f"{path}: {key} is {given[key]!r}; a text is needed")
    cameras = given.get("cameras", [])
    if not isinstance(cameras, list) or not all(isinstance(c, str) and c for c in cameras):
        raise CheckpointError(f"{path}: cameras is {cameras!r}; a list of keys is needed")
    seed = given.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise CheckpointError(f"{path}: seed is {seed!r}; a whole number is needed")
    period = given.get("row_period_s")
    is_number = isinstance(period, int | float) and not isinstance(period, bool)
    if period is not None and not is_number:
        raise CheckpointError(f"{path}: row_period_s is {period!r}; seconds are needed")
