"""What every way of executing chunks offers, so that benchmarks can compare them.

Times are ROS time [ns] and never go back. An executor is a pure function of its calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aura_ros.robot.description import Robot
from aura_ros.types import ActionChunk, Array, KinematicState


@dataclass(frozen=True)
class Setup:
    """What is the same for all: the robot (limits, row period, horizon, knot grid), the period
    of commands [ns], how many requests may be in flight, and where motion begins (n,) at rest.
    """

    robot: Robot
    tick_ns: int
    in_flight: int
    rest: Array


class Executor(Protocol):
    """One way to turn chunks into commands."""

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """Whether to ask the policy now, with ``in_flight`` answers outstanding."""

    def asked(self, now_ns: int) -> KinematicState:
        """A request leaves now: the state that the policy is told; its rows begin at its time."""

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """A chunk arrives; ``chunk.start_ns`` is the time of the state of its request."""

    def command(self, now_ns: int) -> Array:
        """Set-points (n,) for now; called once every tick, in order, after what arrived."""

    @property
    def rate(self) -> float:
        """How fast the last command went along the rows: 1 as recorded, 0 out of rows."""


class RowExecutor(Protocol):
    """A published method: it answers once a row period, without limits of its own.

    ``Upsampled`` in ``upsample`` makes an Executor of it.
    """

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """As ``Executor.wants``; asked once a row period, before ``row``."""

    def asked(self, now_ns: int) -> KinematicState:
        """As ``Executor.asked``."""

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """As ``Executor.receive``."""

    def row(self, now_ns: int) -> Array:
        """The action (n,) of the row period that begins now."""

    @property
    def rate(self) -> float:
        """1 while a row was executed, 0 where the last one was held."""
