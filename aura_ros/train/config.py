"""What a training is made from, and how it tells of its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from aura_ros.types import digest_of


@dataclass(frozen=True)
class Config:
    """Settings of a training; the same ones give the same data in the same order.

    ``stills``: observations of a robot at rest; ``episodes`` of each round. The first round is
    the expert's, in the others the policy acts as it is after the share ``begins`` of ``steps``.
    ``labels`` told states an observation, ``draws`` of noise a label, ``points`` control points
    of a chunk that are free. ``batch`` observations a step; ``rate`` falls along a cosine after
    ``warmup`` steps; ``decay`` of the weights, ``average`` of the weights that ship, ``layout``
    the weight of the loss of where objects are.
    """

    steps: int = 24_000
    stills: int = 20_000
    episodes: tuple[int, ...] = (1200, 640, 640)
    begins: tuple[float, ...] = (0.0, 0.4, 0.7)
    labels: int = 2
    draws: int = 2
    points: int = 14
    batch: int = 64
    rate: float = 1e-3
    warmup: int = 500
    decay: float = 1e-4
    average: float = 0.999
    layout: float = 1.0
    seed: int = 0

    @property
    def digest(self) -> str:
        """Of all settings."""
        return digest_of(asdict(self))

    def begin(self, round_: int) -> int:
        """Steps before a round; before the one after the last, all of them."""
        return round([*self.begins, 1.0][round_] * self.steps)


@dataclass(frozen=True)
class Progress:
    """How many of ``total`` files, steps or trials are ``done``, and words on how it goes."""

    what: str
    done: int
    total: int
    words: str = ""


Say = Callable[[Progress], None]
