"""Covariance of few samples in many dimensions (Ledoit and Wolf, J. Multivariate Analysis 2004)."""

from __future__ import annotations

import numpy as np

from aura_ros.types import Array

FLOOR = 1e-12


def shrunk_covariance(samples: Array) -> tuple[Array, Array]:
    """Mean (d,) and covariance (d, d) of samples (n, d), shrunk towards a multiple of the identity
    by the share that minimises the expected squared error, at least 1 / (n + 1), since two samples
    always look alike. Positive definite."""
    n, d = samples.shape
    mean = samples.mean(axis=0)
    centred = samples - mean
    covariance = centred.T @ centred / n
    sphere = max(float(np.trace(covariance)) / d, FLOOR)
    away = float((covariance**2).sum()) - d * sphere**2
    # Sum of ||c c' - S||^2 over the samples, by its parts.
    error = float(((centred**2).sum(axis=1) ** 2).sum()) - n * float((covariance**2).sum())
    share = min(error / n**2 / away, 1.0) if away > FLOOR * sphere**2 else 1.0
    share = max(share, 1 / (n + 1))
    return mean, (1 - share) * covariance + share * sphere * np.eye(d)


def whitening(covariance: Array) -> Array:
    """W (d, d) such that |W (x - mean)| is the Mahalanobis distance of x."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))
