"""The demo policy's network in numpy: what ``aura_ros.train.model`` trains, without torch.

Two small convolutional encoders with spatial softmax (Levine et al., "End-to-End Training of Deep
Visuomotor Policies", 2016) that the instruction modulates (FiLM, Perez et al. 2018), and a flow
matching head (Lipman et al. 2023) that predicts the clean chunk instead of the velocity (Li and
He, "Back to Basics: Let Denoising Generative Models Denoise", 2025). A chunk is a cubic B-spline
that leaves the told state with its position and velocity.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from aura_ros.types import Array, digest_of

Floats: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[np.uint8]

BUCKETS = 512
AHEAD_SCALE_S = 0.5
# Tensors that turn joints into numbers of the network, and those into rows.
NORMALISATION = (
    "basis", "lead", "position_mean", "position_scale", "velocity_scale", "point_scale",
)  # fmt: skip
_STRIDES = (2, 2, 1, 1)
_EPS = 1e-5


def buckets_of(instruction: str) -> NDArray[np.int64]:
    """Hash buckets of an instruction's words and pairs of neighbours, so that order counts."""
    words = instruction.lower().split()
    pairs = [" ".join(pair) for pair in itertools.pairwise(words)]
    hashes = [zlib.crc32(token.encode()) % BUCKETS for token in (*words, *pairs)]
    return np.array(hashes, dtype=np.int64)


def time_features(time: float) -> Floats:
    """What the head knows of the flow's time in 0 .. 1, shape (7,)."""
    angles = np.pi * time * np.array([1.0, 2.0, 4.0])
    return np.concatenate([[time], np.sin(angles), np.cos(angles)]).astype(np.float32)


class Network:
    """Frozen: every tensor is read-only. Safe to call from several threads at a time.

    ``tensors`` are those of an artifact; n is the number of joints, m that of free control
    points, H the rows of a chunk, d the length of an embedding.
    """

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._t: dict[str, Floats] = {}
        for name, tensor in tensors.items():
            self._t[name] = np.ascontiguousarray(tensor, dtype=np.float32)
            self._t[name].setflags(write=False)
        self._blocks = sum(name.endswith("in.weight") for name in self._t) - 1
        self.horizon, self.points = self._t["basis"].shape
        self.joints = len(self._t["position_mean"])
        self._unbasis = np.linalg.pinv(self._t["basis"])

    @property
    def features(self) -> int:
        """Length d of an embedding."""
        return len(self._t["trunk.2.bias"])

    def digest(self) -> str:
        """SHA-256 of names and tensors."""
        return self._digest(self._t)

    def normalisation_digest(self) -> str:
        """SHA-256 of names and tensors of what is no weight."""
        return self._digest(NORMALISATION)

    def _digest(self, names: Iterable[str]) -> str:
        return digest_of(*(part for name in sorted(names) for part in (name, self._t[name])))

    def language(self, instruction: str) -> Floats:
        """Embedding of an instruction."""
        return np.asarray(self._t["words.weight"][buckets_of(instruction)].mean(axis=0))

    def encode(self, images: Sequence[Pixels], measured: Floats, language: Floats) -> Floats:
        """Embedding (d,) of square images (s, s, 3), one a camera, and measured joints (n,)."""
        seen = [self._look(f"eyes.{i}.", image, language) for i, image in enumerate(images)]
        joined = np.concatenate([*seen, self._position(measured), language])
        hidden = _silu(self._linear("trunk.0", joined))
        return self._linear("trunk.2", hidden)

    def condition(
        self, embedding: Floats, position: Floats, velocity: Floats, ahead_s: float
    ) -> Floats:
        """What a chunk depends on: the told state (n,), ``ahead_s`` after the observation."""
        t = self._t
        parts = [
            embedding,
            self._position(position),
            velocity / t["velocity_scale"],
            np.array([ahead_s / AHEAD_SCALE_S]),
        ]
        known = np.concatenate(parts, dtype=np.float32)
        return _silu(self._linear("condition", known))

    def clean(self, noisy: Floats, time: float, condition: Floats) -> Floats:
        """Clean control points (k, m * n) that the head sees in ``noisy`` ones at ``time``."""
        known = np.concatenate([condition, time_features(time)])
        known = np.broadcast_to(known, (len(noisy), len(known)))
        hidden = self._linear("head.in", np.concatenate([noisy, known], axis=1))
        for i in range(self._blocks):
            block = f"head.blocks.{i}."
            inner = np.concatenate([_normalised(hidden), known], axis=1)
            inner = _silu(self._linear(block + "in", inner))
            hidden = hidden + self._linear(block + "out", inner)
        return self._linear("head.out", _normalised(hidden))

    def points_from(self, noise: Floats, condition: Floats, steps: int) -> Floats:
        """Control points (k, m * n) from ``noise`` of that shape, by ``steps`` Euler steps."""
        points = noise
        for i in range(steps):
            clean = self.clean(points, i / steps, condition)
            points = points + (clean - points) / np.float32(steps - i)
        return points

    def rows(self, points: Floats, position: Array, velocity: Array) -> Array:
        """Joint targets (k, H, n) of control points that leave the told state."""
        curves = self._t["basis"] @ self._scaled(points)
        line = self._t["lead"][:, None] * velocity
        return np.asarray(position + line + curves, dtype=np.float64)

    def points_of(self, rows: Array, position: Array, velocity: Array) -> Floats:
        """Control points (k, m * n) that come nearest to rows (k, H, n)."""
        line = self._t["lead"][:, None] * velocity
        curves = self._unbasis @ (rows - position - line)
        return np.asarray((curves / self._scale).reshape(len(rows), -1), dtype=np.float32)

    def steps_of(self, points: Floats) -> Array:
        """Changes of rows (k, H, n) that go with changes of control points."""
        return np.asarray(self._t["basis"] @ self._scaled(points), dtype=np.float64)

    @property
    def _scale(self) -> Floats:
        return self._t["point_scale"]

    def _scaled(self, points: Floats) -> Floats:
        return np.asarray(points.reshape(len(points), self.points, self.joints) * self._scale)

    def _position(self, joints: Floats) -> Floats:
        return np.asarray((joints - self._t["position_mean"]) / self._t["position_scale"])

    def _linear(self, name: str, x: Floats) -> Floats:
        return np.asarray(x @ self._t[name + ".weight"].T + self._t[name + ".bias"])

    def _look(self, eye: str, image: Pixels, language: Floats) -> Floats:
        """Keypoints of one image: x, y in -1 .. 1 and strength of each, shape (3 * maps,)."""
        x = image.astype(np.float32) / 127.5 - 1.0
        for i, stride in enumerate(_STRIDES):
            x = self._convolve(f"{eye}convolutions.{i}", x, stride)
            if i > 0:
                gain, shift = np.split(self._linear(f"{eye}films.{i - 1}", language), 2)
                x = x * (1.0 + gain) + shift
            x = np.maximum(x, 0.0)
        maps = self._convolve(f"{eye}maps", x, 1)
        return _keypoints(maps)

    def _convolve(self, name: str, x: Floats, stride: int) -> Floats:
        """Convolution of (h, w, c) that keeps the centre: padding of half the kernel."""
        weight = self._t[name + ".weight"]
        size = weight.shape[-1]
        half = size // 2
        x = np.pad(x, ((half, half), (half, half), (0, 0)))
        windows = sliding_window_view(x, (size, size), axis=(0, 1))[::stride, ::stride]
        height, width = windows.shape[:2]
        flat = windows.reshape(height * width, -1)
        found = flat @ weight.reshape(len(weight), -1).T + self._t[name + ".bias"]
        return np.asarray(found.reshape(height, width, -1))


def _keypoints(maps: Floats) -> Floats:
    """Spatial softmax of maps (h, w, p): places, and the mean of each map there."""
    height, width, count = maps.shape
    flat = maps.reshape(-1, count)
    share = np.exp(flat - flat.max(axis=0))
    share /= share.sum(axis=0)
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    y, x = (grid.ravel().astype(np.float32) for grid in np.meshgrid(rows, columns, indexing="ij"))
    return np.concatenate([x @ share, y @ share, (flat * share).sum(axis=0)])


def _silu(x: Floats) -> Floats:
    # Wild inputs would overflow; beyond the bound the result is zero anyway.
    return np.asarray(x / (1.0 + np.exp(np.minimum(-x, 80.0))))


def _normalised(x: Floats) -> Floats:
    """Layer normalisation without weights."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPS))
