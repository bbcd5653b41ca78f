"""How far a policy's embedding is from those of calibration (Lee et al., "A Simple Unified
Framework for Detecting Out-of-Distribution Samples", NeurIPS 2018, with one class).

Scaled by dimension, projected at random to few dimensions, which keeps distances (Achlioptas,
"Database-friendly random projections", 2003), then Mahalanobis with a shrunk covariance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aura_ros.guard.ood.debounce import debounced_maximum
from aura_ros.guard.ood.shrinkage import shrunk_covariance, whitening
from aura_ros.guard.risk.conformal import CalibrationError, upper_bound
from aura_ros.types import Array, freeze

MOST = 64
SEED = b"aura_ros guard embedding 1"
# Of the mean scale: a dimension that calibration hardly moved is no reason for an alarm alone.
LEAST_SCALE = 0.05


@dataclass(frozen=True)
class EmbeddingShape:
    """Mean and scale (d,) of embeddings, mean (p,) and covariance (p, p) of their projections,
    the ``limit`` of the debounced distance and the false-alarm rate that it ``holds``."""

    mean: Array
    scale: Array
    projected: Array
    covariance: Array
    limit: float
    holds: float

    def __post_init__(self) -> None:
        freeze(self, "mean", "scale", "projected", "covariance")


class Metric:
    """The distance, with all its steps in one matrix."""

    def __init__(self, shape: EmbeddingShape) -> None:
        white = whitening(shape.covariance)
        self._matrix = white @ projection(len(shape.mean)) / shape.scale
        self._offset = self._matrix @ shape.mean + white @ shape.projected

    def of(self, embedding: Array) -> float:
        """Distance of an embedding (d,)."""
        return float(np.linalg.norm(self._matrix @ embedding - self._offset))


def projection(dimensions: int) -> Array:
    """Signs over a root, (p, d); the identity where d is at most MOST. Always the same."""
    if dimensions <= MOST:
        return np.eye(dimensions)
    data = hashlib.shake_256(SEED).digest(-(-dimensions * MOST // 8))
    bits = np.unpackbits(np.frombuffer(data, np.uint8))[: dimensions * MOST]
    return np.asarray((2.0 * bits - 1.0).reshape(dimensions, MOST).T / np.sqrt(dimensions))


def fit_embedding(episodes: Sequence[Array], alpha: float) -> EmbeddingShape:
    """Calibrate on the embeddings (m, d) of each episode: the first half of the episodes gives
    mean and covariance, the second the limit. Raises CalibrationError."""
    sizes = {episode.shape[1] for episode in episodes}
    if len(sizes) != 1:
        raise CalibrationError(f"embeddings of lengths {sorted(sizes)}: record with one policy")
    half = len(episodes) // 2
    pooled = np.concatenate(episodes[:half])
    if not np.isfinite(pooled).all() or len(pooled) < 2:
        raise CalibrationError("embeddings are too few or not finite: record them again")
    mean, scale = pooled.mean(axis=0), pooled.std(axis=0)
    scale = np.maximum(scale, max(LEAST_SCALE * float(scale.mean()), 1e-9))
    low = ((pooled - mean) / scale) @ projection(len(mean)).T
    projected, covariance = shrunk_covariance(low)
    metric = Metric(EmbeddingShape(mean, scale, projected, covariance, np.inf, 1.0))
    distances = [np.array([metric.of(row) for row in episode]) for episode in episodes[half:]]
    bound = upper_bound(np.array([debounced_maximum(values) for values in distances]), alpha)
    return EmbeddingShape(mean, scale, projected, covariance, bound.limit, bound.holds)
