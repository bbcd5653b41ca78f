"""What every policy backend offers. Backends are frozen: nothing here writes to them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array, Image, Observation, Request


class BackendError(RuntimeError):
    """The backend could not answer; the words say why and what to do."""


class Backend(Protocol):
    """A frozen policy. Its methods run in a worker and may take as long as they need.

    With ``in_flight`` above 1 they are called by that many threads at a time. A backend whose
    rows are no absolute joint targets says what they are by an attribute ``actions``: a layout
    text of ``aura_ros.policy.layout``.
    """

    name: str

    def encode(self, observation: Observation) -> Array:
        """Embedding (d,) of an observation."""

    def act(self, request: Request, embedding: Array) -> Array:
        """Rows (H, width), row 0 at ``request.start.time_ns``: joint targets, or ``actions``."""


def declared_actions(backend: Backend) -> str:
    """Layout of a backend's rows as it declares it; empty: absolute targets of all joints."""
    return str(getattr(backend, "actions", ""))


def plain_embedding(observation: Observation, pixels: dict[str, NDArray[Any]]) -> Array:
    """An embedding without learning: joints and the mean colour of a 4 x 4 grid per camera.

    ``pixels`` are images (h, w, c) in 0 .. 255; shape (n + 48 * cameras,).
    """
    grids = [_grid(pixels[name]) for name in sorted(pixels)]
    return np.concatenate([observation.joints.position, *grids])


def _grid(image: NDArray[Any]) -> Array:
    rows = np.array_split(image, 4, axis=0)
    cells = [cell for row in rows for cell in np.array_split(row, 4, axis=1)]
    return np.concatenate([cell.reshape(-1, cell.shape[-1]).mean(axis=0) for cell in cells]) / 255


def raw_pixels(image: Image) -> NDArray[np.uint8]:
    """Every fourth row and column of an uncompressed 8-bit image, (h, w, c); all of a small one."""
    channels = len(image.data) // (image.height * image.width)
    array = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, channels)
    step = 4 if min(image.height, image.width) >= 16 else 1
    return array[::step, ::step, :3]
