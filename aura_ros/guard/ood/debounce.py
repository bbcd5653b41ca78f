"""One wild value is no alarm: k of the last n must be high."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from aura_ros.types import Array

K, N = 3, 5


class Debounced:
    """The k-th largest of the last n values: above a limit exactly where k of them are."""

    def __init__(self, k: int = K, n: int = N) -> None:
        self._k = k
        self._last: deque[float] = deque(maxlen=n)

    def forget(self) -> None:
        """Values begin anew."""
        self._last.clear()

    def take(self, value: float) -> float:
        """The debounced value after ``value``; 0 while there are fewer than k."""
        self._last.append(value)
        return sorted(self._last)[-self._k] if len(self._last) >= self._k else 0.0


def debounced_maximum(values: Array) -> float:
    """Largest debounced value of an episode, from values (m,); NaN where m is below k."""
    window = Debounced()
    found = [window.take(float(value)) for value in values][K - 1 :]
    return float(np.max(found)) if found else float("nan")


@dataclass(frozen=True)
class DebouncedLimit:
    """A limit of a debounced value, and the false-alarm rate an episode that it ``holds``."""

    limit: float
    holds: float
