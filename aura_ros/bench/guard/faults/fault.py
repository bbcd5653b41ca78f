"""What a fault is: something that goes wrong at one place of the chain, from some time on."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aura_ros.bench.guard.scene import Scene
from aura_ros.memory.memory import Memory
from aura_ros.pipeline import Room
from aura_ros.types import NS, ActionChunk, Now, Request

SEVERITIES = (0, 1, 2)


class Kind(enum.Enum):
    """What a fault strikes. ``HARD`` kinds must always be caught."""

    KINEMATIC = "kinematic"
    INTEGRITY = "integrity"
    WORLD = "world"
    SLOW = "slow"
    WORDS = "words"


HARD = (Kind.KINEMATIC, Kind.INTEGRITY)


@dataclass(frozen=True)
class Draw:
    """What an episode's fault is made from: where it happens, how severe it is (0, 1, 2), when
    it begins at the earliest [ns], its own random numbers, and for how long it lasts [s]."""

    scene: Scene
    severity: int
    onset_ns: int
    rng: np.random.Generator
    lasts_s: float = math.inf


class Fault:
    """Nothing goes wrong. Subclasses override where they strike.

    ``began_ns`` is when something was first changed, None before that.
    """

    def __init__(self, draw: Draw) -> None:
        self.scene, self.severity, self.rng = draw.scene, draw.severity, draw.rng
        self.onset_ns, self._lasts_s = draw.onset_ns, draw.lasts_s
        self.began_ns: int | None = None
        self.prepare()

    def prepare(self) -> None:
        """Draw what is random."""

    def strikes(self, now: Now) -> bool:
        """Whether it is time; the first time this is so is when the fault begins."""
        if now.ros_ns < self.onset_ns or self.seconds(now) > self._lasts_s:
            return False
        if self.began_ns is None:
            self.began_ns = now.ros_ns
        return True

    def seconds(self, now: Now) -> float:
        """How long the fault has lasted [s]."""
        return (now.ros_ns - (self.began_ns or now.ros_ns)) / NS

    def asked(self, request: Request, now: Now) -> Request:
        """What the policy believes to be asked."""
        return request

    def answered(self, chunk: ActionChunk, now: Now) -> list[Any]:
        """What leaves the policy in place of ``chunk``."""
        return [chunk]

    def memory(self) -> Room:
        """The memory."""
        return Memory()

    def sensed(self, values: list[Any], now: Now) -> list[Any]:
        """What leaves the sensors."""
        return values

    def happen(self, now: Now) -> None:
        """What happens in the world."""


@dataclass(frozen=True)
class FaultClass:
    """A class of faults: its name, what it strikes, its maker, how long an episode goes on after
    its onset [s], and what its three severities are.

    Nothing may be tuned on one that is ``held_out``.
    """

    name: str
    kind: Kind
    make: Callable[[Draw], Fault]
    severities: tuple[str, str, str]
    window_s: float = 2.0
    held_out: bool = False
