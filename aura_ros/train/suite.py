"""What a policy is trained on: a suite of instructions, each with a stage to act on."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aura_ros.policy.demo_network import Pixels
from aura_ros.robot.description import Robot
from aura_ros.train.config import Config
from aura_ros.train.episode import Curve, Pace, View
from aura_ros.types import Array


@dataclass(frozen=True)
class Label:
    """Rows (H, n) of an expert that leave ``position`` with ``velocity``, each (n,), ``ahead_s``
    after the observation; None where the expert knows no way."""

    ahead_s: float
    position: Array
    velocity: Array
    rows: Array | None


class Stage(Protocol):
    """The simulator with one instruction, its expert and its cameras. Closed when done with.

    It renders: make, use and close it in one thread.
    """

    instruction: str
    step_s: float

    def begin(self, seed: int, rng: np.random.Generator | None = None) -> None:
        """Objects placed by ``seed``; the robot where it always begins or, with ``rng``,
        somewhere else."""

    def still(self, seed: int, rng: np.random.Generator) -> Curve:
        """A moment to be observed once, at time 0 of the motion that is returned; objects
        placed by ``seed``. Raises RuntimeError where there is none."""

    def step(self, set_point: Array) -> None:
        """Advance by ``step_s`` with set-points (n,)."""

    @property
    def position(self) -> Array:
        """Measured (n,)."""

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment."""

    def pictures(self) -> Pixels:
        """Images (cameras, s, s, 3) of this moment, at the network's size."""

    def layout(self) -> Array:
        """Where objects and goals are, (layout,), all about as large as 1."""

    def labels(self, view: View, count: int, rng: np.random.Generator) -> list[Label]:
        """What the expert would do, the first time from the told state of ``view``, which is
        the present one, then from others on the motion under way or beside it."""

    def bias(self, rows: Array, shake: float, rng: np.random.Generator) -> Array:
        """An error (n,) as large as ``shake`` says, for an expert that executes ``rows``."""

    def close(self) -> None:
        """Free the renderer."""


@dataclass(frozen=True)
class Suite:
    """``instructions`` take turns in files, and ``pixels`` are the sizes of pictures before
    they are shrunk to ``image_size``. ``others``: for each instruction the one that names the
    other object, empty where there is none. ``stage`` is made of the robot, the number of an
    instruction and pixels. Seeds are the
    first of those that are tried out on and trained on.
    """

    name: str
    robot: str
    artifact: str
    cameras: tuple[str, ...]
    image_size: int
    pixels: tuple[int, ...]
    layout: int
    instructions: tuple[str, ...]
    others: tuple[str, ...]
    development_seed: int
    training_seed: int
    config: Config
    pace: Pace
    stage: Callable[[Robot, int, int], Stage]


_MODULES = {"demo": "aura_ros.train.scenes", "metaworld": "aura_ros.train.metaworld"}


def find_suite(name: str) -> Suite:
    """The suite of that name; ValueError lists the names there are."""
    if name not in _MODULES:
        raise ValueError(f"no policy {name!r} can be trained; there are: {', '.join(_MODULES)}")
    found: Suite = importlib.import_module(_MODULES[name]).SUITE
    return found
