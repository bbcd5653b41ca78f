"""Misbehaviour on demand: what a robot's sensors and gripper do when they fail. Pure."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

import numpy as np

from aura_ros.sim.render import Pixels
from aura_ros.types import NS, Array

T = TypeVar("T")

CAMERA_FAULTS = ("none", "frozen", "black")


@dataclass(frozen=True)
class Faults:
    """The faults that act now. The default is none.

    ``cameras`` maps a camera's name to one of ``CAMERA_FAULTS``; a frozen one repeats its
    last frame with fresh stamps. ``latency_s`` delays observations, their stamps stay.
    ``joint_noise`` is the standard deviation added to measured positions [rad or m].
    ``slip`` lets the cube slide out of the gripper.
    """

    cameras: dict[str, str] = field(default_factory=dict)
    drop_joint_states: bool = False
    latency_s: float = 0.0
    joint_noise: float = 0.0
    slip: bool = False

    def active(self) -> tuple[str, ...]:
        """Names of the faults that act."""
        cameras = [f"camera_{n}={k}" for n, k in sorted(self.cameras.items()) if k != "none"]
        others = ("drop_joint_states", "latency_s", "joint_noise", "slip")
        return (*cameras, *(name for name in others if getattr(self, name)))


class CameraFault:
    """Passes the frames of one camera on, as its fault allows."""

    def __init__(self) -> None:
        self._last: Pixels | None = None

    def apply(self, image: Pixels, kind: str) -> Pixels:
        """The frame to publish in place of ``image``; ``kind`` is one of CAMERA_FAULTS."""
        if kind == "black":
            return np.zeros_like(image)
        if kind != "frozen" or self._last is None or self._last.shape != image.shape:
            self._last = image
        return self._last


def noisy(position: Array, deviation: float, rng: np.random.Generator) -> Array:
    """Positions with Gaussian noise of the given standard deviation."""
    return position + rng.normal(0.0, deviation, position.shape) if deviation else position


class DelayLine(Generic[T]):
    """Holds items back until they are due. First in, first out among equal times."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, T]] = []
        self._number = count()

    def push(self, item: T, now_ns: int, latency_s: float) -> None:
        """Hold ``item`` back for ``latency_s``."""
        due = now_ns + round(latency_s * NS)
        heapq.heappush(self._waiting, (due, next(self._number), item))

    def pop_due(self, now_ns: int) -> list[T]:
        """The items that are due, oldest first."""
        due = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            due.append(heapq.heappop(self._waiting)[2])
        return due
