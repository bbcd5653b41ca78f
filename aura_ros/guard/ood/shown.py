"""Whether a policy still shows its features."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.watch import Judged
from aura_ros.types import ROLLBACK, PolicyFeatures

# Features and chunks come on two topics, in either order.
MOST = 5


class Shown:
    """Counts the policy's chunks since its last features."""

    def __init__(self) -> None:
        self._chunks = 0

    def hear(self, value: Any) -> None:
        """Features and judged chunks."""
        if isinstance(value, PolicyFeatures):
            self._chunks = 0
        elif isinstance(value, Judged) and value.chunk.source != ROLLBACK:
            self._chunks += 1

    @property
    def fault(self) -> str:
        """What is wrong; empty: nothing."""
        if self._chunks <= MOST:
            return ""
        return f"{self._chunks} chunks without features: does the policy node publish them?"
