"""Smoothing inside one chunk: a polynomial through its rows.

Zhao et al., "VLA-RAIL: A Real-Time Asynchronous Inference Linker for VLA Models and Robots"
(arXiv:2512.24673); Open-RAIL, ``client/core/intra_chunk_smoother.py`` (degree 3 or 4).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aura_ros.types import Array


def smoothed(rows: Array, degree: int, smooth: NDArray[np.bool_]) -> Array:
    """``rows`` (H, n) on the least-squares polynomial of ``degree``, joint by joint.

    Only columns ``smooth`` (n,): grippers step. Joints that turn without end must be unwrapped.
    Chunks of at most ``degree`` + 1 rows stay as they are.
    """
    return np.where(smooth, projection(len(rows), degree) @ rows, rows)


@lru_cache(maxsize=16)
def projection(count: int, degree: int) -> Array:
    """Matrix (count, count) that projects evenly spaced values on polynomials of ``degree``."""
    powers = np.vander(np.linspace(-1.0, 1.0, count), degree + 1, increasing=True)
    basis, _ = np.linalg.qr(powers)
    return np.asarray(basis @ basis.T)
