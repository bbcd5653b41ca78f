"""Chance of a run: one stream for each seed, request and purpose.

What one purpose draws changes no other, and every system that asks its k-th question meets
the same delay and the same errors.
"""

from __future__ import annotations

import enum
from functools import lru_cache

import numpy as np

from aura_ros.types import Array

# More than any chunk draws at once: bigger draws begin with the same numbers.
WIDTH = 64


class Purpose(enum.IntEnum):
    """What numbers are drawn for."""

    TRUTH = 0
    EVENT = 1
    TOGGLES = 2
    DELAY = 3
    DELIVERY = 4
    BIAS = 5
    MODE = 6
    GROWTH = 7
    GRIPPER = 8
    BOOTSTRAP = 9


def stream(seed: int, index: int, purpose: Purpose) -> np.random.Generator:
    """The generator of ``purpose`` at request ``index`` of ``seed``."""
    return np.random.default_rng([seed, index, purpose])


# All systems of a cell run one after the other in one process and draw the same numbers.
@lru_cache(maxsize=16_384)
def normal(seed: int, index: int, purpose: Purpose) -> Array:
    """Standard normal numbers, shape (WIDTH,)."""
    return _frozen(stream(seed, index, purpose).standard_normal(WIDTH))


@lru_cache(maxsize=16_384)
def uniform(seed: int, index: int, purpose: Purpose) -> Array:
    """Uniform numbers in [0, 1), shape (WIDTH,)."""
    return _frozen(stream(seed, index, purpose).random(WIDTH))


def _frozen(drawn: Array) -> Array:
    drawn.setflags(write=False)
    return drawn
