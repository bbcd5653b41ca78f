"""Drives the chain over recorded values: teacher-forced, deterministic, at recorded times.

States are the recorded ones, whatever the chain commands, so planned is not compared with
measured, and a recording may begin in the midst of motion: the first plan need not wait for
rest. The chain ticks and commands on grids that begin with the first message; at the same
time the message comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, runtime_checkable

from aura_ros.fuser.config import FuserConfig
from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.mode import MOVING
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.rules.load import Rules
from aura_ros.memory.memory import Memory
from aura_ros.monitor.calibration import Calibration
from aura_ros.monitor.monitor import Monitor
from aura_ros.pipeline import Pipeline, Room, answer
from aura_ros.policy.backend import Backend, declared_of
from aura_ros.policy.interpretation import make_actions
from aura_ros.policy.policy import Policy, PolicyConfig
from aura_ros.replay.clock import RosClock
from aura_ros.replay.faults.fault import Fault
from aura_ros.replay.faults.room import FaultyPolicy
from aura_ros.replay.missing import NoBackend, no_urdf
from aura_ros.robot.description import Robot
from aura_ros.types import (
    NS,
    ActionChunk,
    ClockJump,
    GuardStatus,
    Instruction,
    Now,
    PolicyFeatures,
    Tick,
)

# Values that come from a recorded chain: they are decisions although nothing here made them.
RECORDED_DECISIONS = (ActionChunk, PolicyFeatures)

Sink = Callable[[Any, Now], None]


@dataclass(frozen=True)
class Rates:
    """Grids of recorded time [s]: ticks of the rooms, commands, requests to the policy.

    A policy that takes 0.2 s for a chunk asks no faster than the default. Commands are
    written at 40 Hz: motion between them is in the committed plans.
    """

    tick_period: float = 0.05
    command_period: float = 0.025
    request_period: float = 0.2


@runtime_checkable
class Jumping(Backend, Protocol):
    """A backend that goes with the recording's time: it must hear where that jumps."""

    def jump(self, log_ns: int) -> None:
        """The recording looped at ``log_ns``."""


@dataclass
class Engine:
    """Takes recorded values in order; hands every decision to ``sink``.

    ``backend`` answers in place of the policy, in the layout that it declares; None where
    recorded chunks are replayed. ``urdf`` is read where its rows are poses that joints reach, and
    by checks of geometry. ``instruction`` is given to it where none was recorded. No instruction
    is given before the guard is armed: as with a robot, the first chunk comes when motion is
    possible. ``rules`` are the guard's (None: those of the package), ``fault`` is what goes wrong.
    Raises ValueError where layout, backend and robot do not fit, or the guard could not be armed.
    """

    robot: Robot
    backend: Backend | None
    sink: Sink
    calibration: Calibration | None = None
    instruction: str = "replay"
    rates: Rates = field(default_factory=Rates)
    urdf: Callable[[], bytes] = no_urdf
    rules: Rules | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        self._clock = RosClock()
        self._pipeline = Pipeline(
            self._rooms(),
            CommandLoop(self.robot.limits, self.robot.rotations),
            partial(answer, self.backend or NoBackend()),
        )
        self._began_ns: int | None = None
        self._commands = 0
        self._per_tick = max(round(self.rates.tick_period / self.rates.command_period), 1)
        # Recorded chunks have been told already: another word would end their episode.
        is_told = bool(self.instruction) and self.backend is not None
        self._waiting = Instruction(self.instruction) if is_told else None
        self._armed = False

    def _rooms(self) -> dict[str, Any]:
        config = PolicyConfig(request_period=self.rates.request_period)
        guard = GuardConfig(tracking_error=math.inf, auto_arm=True)
        policy: dict[str, Room] = {}
        if self.backend is not None:
            actions = make_actions(self.robot, "", self.backend, self.urdf)
            declared = declared_of(self.backend)
            policy["policy"] = Policy(self.robot, config, actions=actions, declared=declared)
            if self.fault is not None:
                policy["policy"] = FaultyPolicy(policy["policy"], self.fault)
        return {
            **policy,
            "memory": Memory(),
            "monitor": Monitor(self.calibration),
            "guard": Guard(self.robot, guard, rules=self._checks),
            "fuser": Fuser(self.robot, FuserConfig(rest_speed=math.inf)),
        }

    def _checks(self, robot: Robot, settings: Callable[[], GuardConfig]) -> Checks:
        checks = build(robot, settings, self.rules, self.urdf)
        if checks.missing:
            raise ValueError(f"the guard cannot be armed: {'; '.join(checks.missing)}")
        return checks

    def feed(self, log_ns: int, value: Any) -> None:
        """Take one recorded value that was logged at ``log_ns``."""
        self.run_until(log_ns)
        value = self._as_it_comes(value, self._clock.now(log_ns))
        if value is None:
            return
        stamp_ns = getattr(value, "stamp_ns", None)
        if stamp_ns is not None and self._clock.jumped(log_ns, stamp_ns):
            if isinstance(self.backend, Jumping):
                self.backend.jump(log_ns)
            self._step(ClockJump(), log_ns)
        if isinstance(value, Instruction) and not self._armed:
            self._waiting = value
        else:
            self._step(value, log_ns)

    def _as_it_comes(self, value: Any, now: Now) -> Any:
        """What the fault makes of a value; None: nothing comes."""
        if self.fault is None:
            return value
        if isinstance(value, ActionChunk):
            return self.fault.answered(value, now)
        return self.fault.sensed(value, now)

    def run_until(self, log_ns: int) -> None:
        """All ticks and commands that are due before ``log_ns``."""
        if self._began_ns is None:
            self._began_ns = log_ns
        period = round(self.rates.command_period * NS)
        while (due := self._began_ns + self._commands * period) < log_ns:
            if self._commands % self._per_tick == 0:
                self._tick(due)
            now = self._clock.now(due)
            command = self._pipeline.command(now)
            if command is not None:
                self.sink(command, now)
            self._commands += 1

    def _tick(self, log_ns: int) -> None:
        self._step(Tick(), log_ns)
        if self._armed and self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._step(waiting, log_ns)

    def _step(self, value: Any, log_ns: int) -> None:
        now = self._clock.now(log_ns)
        if isinstance(value, RECORDED_DECISIONS):
            self.sink(value, now)
        for said in self._pipeline.step(value, now):
            if isinstance(said.value, GuardStatus):
                self._armed = said.value.mode in MOVING
            self.sink(said.value, now)
