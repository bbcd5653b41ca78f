"""Listens to an executor behind a limiter: one run shows both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aura_ros.bench.execution.executor import Executor
from aura_ros.bench.execution.record import Record
from aura_ros.types import ActionChunk, Array, KinematicState


class Tap:
    """The executor inside, with its commands kept.

    The limiter changes commands only: it neither asks nor tells anything itself, so the method
    does behind it what it would do alone.
    """

    def __init__(self, inside: Executor) -> None:
        self._inside = inside
        self._commands: list[Array] = []

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """As ``Executor.wants``."""
        return self._inside.wants(now_ns, in_flight)

    def asked(self, now_ns: int) -> KinematicState:
        """As ``Executor.asked``."""
        return self._inside.asked(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """As ``Executor.receive``."""
        self._inside.receive(chunk, now_ns)

    def command(self, now_ns: int) -> Array:
        """As ``Executor.command``."""
        self._commands.append(np.array(self._inside.command(now_ns)))
        return self._commands[-1]

    @property
    def rate(self) -> float:
        """As ``Executor.rate``."""
        return self._inside.rate

    def record(self, behind: Record) -> Record:
        """The run without the limiter; ``behind`` is the one with it."""
        return replace(behind, commands=np.array(self._commands))
