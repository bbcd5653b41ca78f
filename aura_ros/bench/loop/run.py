"""One episode in simulated time: a driver moves a body until the task is done, or time is up."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from aura_ros.bench.loop import judge
from aura_ros.bench.loop.outcome import DONE, LATE, LOST, Outcome, Timing
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array

# Simulated time begins at 1 s: zero means "no stamp" to some.
BEGIN_NS = NS


class Body(Protocol):
    """What is moved: set-points (n,) in, a step of ``step_ns`` later it has moved."""

    step_ns: int

    def step(self, command: Array) -> None:
        """Advance by a step."""

    @property
    def velocity(self) -> Array:
        """Measured (n,), per second."""

    @property
    def success(self) -> bool:
        """Whether the task is done at this moment."""

    @property
    def lost(self) -> bool:
        """Whether it cannot be done any more."""


class Driver(Protocol):
    """What moves it: the policy and what executes its chunks."""

    def command(self, now_ns: int) -> Array:
        """Set-points (n,) for ``now_ns``; called once every tick, in order."""

    @property
    def requests(self) -> int:
        """Questions to the policy."""

    @property
    def failures(self) -> int:
        """Of those, how many it could not answer."""

    @property
    def refused(self) -> dict[str, int]:
        """What was refused, by reason."""


def run_episode(
    body: Body, driver: Driver, robot: Robot, rest: Array, timing: Timing, name: str
) -> Outcome:
    """Run one episode, from ``rest`` (n,) on; raises ValueError, with its ``name``, for a command
    that is no number."""
    if timing.tick_ns % body.step_ns and body.step_ns % timing.tick_ns:
        raise ValueError(
            f"tick_ns is {timing.tick_ns} and a step takes {body.step_ns} ns: one must be a "
            "multiple of the other"
        )
    loop = _Loop(body, driver, timing, name)
    loop.run()
    commands = np.array(loop.commands)
    arm = np.array([robot.group_of(i).kind != "gripper" for i in range(len(rest))])
    tick_s, step_s = timing.tick_ns / NS, body.step_ns / NS
    rests = judge.stalls(commands[: loop.done_tick], tick_s, robot.limits.velocity)
    worst = judge.worst_ratios(commands, rest, tick_s, robot.limits)
    return Outcome(
        done_s=None if loop.done_tick is None else loop.done_tick * tick_s,
        ended=loop.ended,
        stalls=len(rests),
        stalled_s=float(rests.sum()),
        violations=judge.violated(commands, worst, robot.limits),
        worst=worst,
        peak_acceleration=judge.peak_acceleration(np.array(loop.velocity)[:, arm], step_s),
        requests=driver.requests,
        failures=driver.failures,
        refused=driver.refused,
    )


class _Loop:
    """The loop itself, and what it noted: commands every tick, velocities every step."""

    def __init__(self, body: Body, driver: Driver, timing: Timing, name: str) -> None:
        self._name = name
        self._body, self._driver, self._timing = body, driver, timing
        self.commands: list[Array] = []
        self.velocity: list[Array] = []
        self.done_tick: int | None = None
        self.ended = LATE

    def run(self) -> None:
        """Until the task is done and has settled, is out of reach, or time is up."""
        timing = self._timing
        last = round(timing.limit_s * NS / timing.tick_ns)
        settle = round(timing.settle_s * NS / timing.tick_ns)
        tick = 0
        while self.done_tick is not None or tick < last:
            self._tick(tick)
            tick += 1
            self._look(tick)
            if self.done_tick is not None and tick - self.done_tick >= settle:
                self.ended = DONE
                return
            if self._body.lost:
                self.done_tick, self.ended = None, LOST
                return

    def _tick(self, tick: int) -> None:
        tick_ns, step_ns = self._timing.tick_ns, self._body.step_ns
        now_ns = BEGIN_NS + tick * tick_ns
        command = self._driver.command(now_ns)
        if not np.isfinite(command).all():
            raise ValueError(f"{self._name}: the command {command} is not finite")
        self.commands.append(np.array(command))
        # A body with longer steps than ticks moves at only some of them.
        for _ in range((tick + 1) * tick_ns // step_ns - tick * tick_ns // step_ns):
            self._body.step(command)
            self.velocity.append(self._body.velocity)

    def _look(self, tick: int) -> None:
        """Note since when the task is done; one that is undone again was not."""
        if not self._body.success:
            self.done_tick = None
        elif self.done_tick is None:
            self.done_tick = tick
