"""The gate without parameters: write when recall misses the value by more than a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aura_ros.memory.state import State, Vector
from aura_ros.settings import setting


@dataclass(frozen=True)
class ErrorThresholdGate:
    """Opens on a relative recall error above ``threshold``."""

    threshold: float = setting(0.5, "relative recall error above which is written", 0.0, 10.0)

    def error(self, state: State, key: Vector, value: Vector) -> float:
        """Norm of the recall error over the norm of the value."""
        scale = float(np.linalg.norm(value)) or 1.0
        return float(np.linalg.norm(value - state.recall(key))) / scale

    def opens(self, error: float) -> bool:
        """Write?"""
        return error > self.threshold
