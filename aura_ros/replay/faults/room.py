"""The policy's room with a fault where its chunks leave it."""

from __future__ import annotations

from typing import Any

from aura_ros.pipeline import Room
from aura_ros.replay.faults.fault import Fault
from aura_ros.types import ActionChunk, Health, Now


class FaultyPolicy:
    """A policy whose chunks are what ``fault`` makes of them."""

    def __init__(self, policy: Room, fault: Fault) -> None:
        self._policy, self._fault = policy, fault

    def handle(self, value: Any, now: Now) -> list[Any]:
        """As ``Room.handle``."""
        said = self._policy.handle(value, now)
        return [self._fault.answered(v, now) if isinstance(v, ActionChunk) else v for v in said]

    def health(self, now: Now) -> Health:
        """As ``Room.health``."""
        return self._policy.health(now)
