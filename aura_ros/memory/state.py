"""The recurrent state: a fast-weight matrix and a bias, 4,224 bytes whatever the horizon.

Associative memory with the delta rule (Schmidhuber 1992; AURA, arXiv 2606.02775).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import digest_of

KEY_SIZE = 32
VALUE_SIZE = 32
BIAS_RATE = 0.05

Vector = NDArray[np.float32]


def _zeros(*shape: int) -> NDArray[np.float32]:
    array = np.zeros(shape, dtype=np.float32)
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class State:
    """``weights`` (d_v, d_k) and ``bias`` (d_v,), float32. Recall of key k is W k + b."""

    weights: Vector = field(default_factory=lambda: _zeros(VALUE_SIZE, KEY_SIZE))
    bias: Vector = field(default_factory=lambda: _zeros(VALUE_SIZE))

    @property
    def size_bytes(self) -> int:
        """Size of the state [B]: (d_k * d_v + d_v) * 4."""
        return self.weights.nbytes + self.bias.nbytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest_of(self.weights, self.bias)

    @property
    def norm(self) -> float:
        """Frobenius norm of weights and bias together."""
        return float(np.hypot(np.linalg.norm(self.weights), np.linalg.norm(self.bias)))

    def recall(self, key: Vector) -> Vector:
        """What is stored under a unit ``key`` (d_k,): (d_v,)."""
        return np.asarray(self.weights @ key + self.bias)

    def written(self, key: Vector, value: Vector) -> State:
        """The state that recalls ``value`` under ``key`` (to the bias' drift)."""
        bias = self.bias + BIAS_RATE * (value - self.bias)
        error = value - (self.weights @ key + bias)
        weights = self.weights + np.outer(error, key)
        weights.setflags(write=False)
        bias.setflags(write=False)
        return State(weights, bias)


def project(embedding: NDArray[np.float64]) -> tuple[Vector, Vector]:
    """Unit key (d_k,) and value (d_v,) of an embedding (d,), by fixed random projections."""
    to_key, to_value = _projections(len(embedding))
    # Its length has no say; taken out first, so that nothing overflows.
    direction = embedding / (np.abs(embedding).max() or 1.0)
    return _unit(to_key @ direction), _unit(to_value @ direction)


def _projections(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if size not in _CACHE:
        generator = np.random.default_rng(size)
        _CACHE[size] = (
            generator.standard_normal((KEY_SIZE, size)),
            generator.standard_normal((VALUE_SIZE, size)),
        )
    return _CACHE[size]


_CACHE: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}


def _unit(vector: NDArray[np.float64]) -> Vector:
    norm = float(np.linalg.norm(vector))
    return (vector / norm if norm > 0 else vector).astype(np.float32)
