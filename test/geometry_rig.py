"""The embedded robot behind its guard with rules, led by a hand-made policy, in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from chain_values import NS, TICK_NS, at, chunk, joints_at, picture
from geometry_values import HOME, PANDA, PANDA_URDF

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.rules.built import Checks, build
from aura_ros.guard.rules.load import load_rules
from aura_ros.monitor.monitor import Monitor
from aura_ros.motion.jerk import sample
from aura_ros.pipeline import Pipeline
from aura_ros.robot.description import Robot
from aura_ros.types import Array, Plan, Tick, Track, Verdict

COMMAND_NS = NS // 100
ROWS_S = PANDA.row_period_ns / NS * np.arange(PANDA.horizon)


class Led:
    """Guard and fuser of the embedded robot, which follows at once. Every 0.2 s a chunk leads
    along a line between joints towards ``target`` (n,) at ``speed`` [rad/s]."""

    def __init__(self, folder: Path, rules: Mapping[str, Any], target: Array, speed: float) -> None:
        file = folder / "rules.yaml"
        file.write_text(yaml.safe_dump({"checks": dict(rules)}))

        def made(robot: Robot, settings: Callable[[], GuardConfig]) -> Checks:
            return build(robot, settings, load_rules(file), lambda: PANDA_URDF)

        guard = Guard(PANDA, GuardConfig(auto_arm=True), rules=made)
        rooms = {"monitor": Monitor(), "guard": guard, "fuser": Fuser(PANDA)}
        loop = CommandLoop(PANDA.limits, PANDA.rotations)
        self._pipeline = Pipeline(rooms, loop, lambda request: None)
        self._target, self._speed, self._ticks = target, speed, 0
        self._motion: Plan | None = None
        self.position, self.path = HOME.copy(), [HOME.copy()]
        self.verdicts: list[Verdict] = []
        self.chunks = 0

    @property
    def words(self) -> list[tuple[str, str]]:
        """What the guard said of plans."""
        return [(verdict.decision.name, verdict.reason) for verdict in self.verdicts]

    def run(self, seconds: float) -> Led:
        """Go on for so long."""
        for _ in range(round(seconds * NS / COMMAND_NS)):
            self._step(self._ticks * COMMAND_NS / NS)
            self._ticks += 1
        return self

    def _step(self, seconds: float) -> None:
        if (self._ticks * COMMAND_NS) % TICK_NS == 0:
            for value in (Tick(), *(picture(seconds, camera.name) for camera in PANDA.cameras)):
                self._tell(value, seconds)
        self._tell(joints_at(seconds, self.position), seconds)
        if self._ticks >= 40 and self._ticks % 20 == 10:
            self.chunks += 1
            self._tell(chunk(PANDA, seconds, self.chunks, self._rows(seconds)), seconds)
        command = self._pipeline.command(at(seconds))
        if command is not None:
            assert command.passed, command.check
            self.position = command.position
            self.path.append(command.position)

    def _rows(self, seconds: float) -> Array:
        begin = self.position
        if self._motion is not None:
            begin = sample(self._motion, at(seconds).ros_ns).position
        away = self._target - begin
        share = np.minimum(ROWS_S * self._speed / max(np.abs(away).max(), 1e-6), 1.0)
        return np.asarray(begin + away * share[:, None])

    def _tell(self, value: Any, seconds: float) -> None:
        for said in self._pipeline.step(value, at(seconds)):
            if isinstance(said.value, Track):
                self._motion = said.value.plan
            elif isinstance(said.value, Verdict):
                self.verdicts.append(said.value)


def turned(base: float) -> Array:
    """The robot's home with its base turned [rad]."""
    return np.asarray(HOME + np.array([base, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
