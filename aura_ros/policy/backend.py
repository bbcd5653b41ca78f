"""What every policy backend offers. Backends are frozen: nothing here writes to them."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from aura_ros.policy.declared import Declared
from aura_ros.types import Array, Image, Observation, Request


class BackendError(RuntimeError):
    """The backend could not answer; the words say why and what to do."""


class Backend(Protocol):
    """A frozen policy. Its methods run in a worker and may take as long as they need.

    With ``in_flight`` above 1 they are called by that many threads at a time. A backend whose
    rows are no absolute joint targets says what they are by an attribute ``actions``: a layout
    text of ``aura_ros.policy.layout``. One that knows what it takes and answers says so by an
    attribute ``declared``, and is held to it when the node is configured. What else it may offer
    is told apart by its methods: :class:`Sampler`, :class:`FlowField`.
    """

    name: str

    def encode(self, observation: Observation) -> Array:
        """Embedding (d,) of an observation."""

    def act(self, request: Request, embedding: Array) -> Array:
        """Rows (H, width), row 0 at ``request.start.time_ns``: joint targets, or ``actions``.

        A backend that learns its features only along with the rows writes them into
        ``embedding``, the array that its ``encode`` returned.
        """


@runtime_checkable
class Sampler(Protocol):
    """A backend that can draw several chunks for one observation."""

    def sample(self, request: Request, embedding: Array, k: int) -> Array:
        """Chunks (k, H, width) drawn independently; what they share is computed once.

        One that learns its features along with the rows writes them into ``embedding`` here too.
        """


@runtime_checkable
class FlowField(Protocol):
    """A backend that integrates a flow from noise to rows, and shows it."""

    def velocity(self, request: Request, embedding: Array, rows: Array, time: float) -> Array:
        """The flow (H, width) at noisy ``rows`` (H, width), ``time`` from 0 (noise) to 1."""


def declared_of(backend: Backend) -> Declared | None:
    """What a backend says about itself; None: nothing."""
    declared = getattr(backend, "declared", None)
    return declared if isinstance(declared, Declared) else None


def declared_actions(backend: Backend) -> str:
    """Layout of a backend's rows as it declares it; empty: absolute targets of all joints."""
    declared = declared_of(backend)
    return str(getattr(backend, "actions", "")) or (declared.actions if declared else "")


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
