"""Turns of guard and fuser in simulated time, with the guard's work timed.

Two arms of a humanoid, 14 joints, follow a wave of 50 rows a chunk.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from aura_ros.fuser.fuser import Fuser
from aura_ros.fuser.loop import CommandLoop
from aura_ros.guard.checks import schema
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.context import Context
from aura_ros.guard.watch import Turn, Watch
from aura_ros.pipeline import Pipeline, Room
from aura_ros.robot.description import Limits, Robot
from aura_ros.robot.find import find_config, read_urdf
from aura_ros.robot.load import load_robot
from aura_ros.robot.problems import Problems
from aura_ros.types import (
    NS,
    ActionChunk,
    Array,
    Check,
    Decision,
    Image,
    Instruction,
    JointState,
    Now,
    Proposal,
    Tick,
    Verdict,
)

ROBOT, URDF = "unitree_g1", "g1_description/urdf/g1_29dof_with_hand_rev_1_0.urdf"
ARMS, ROWS = 2, 50
TURN_NS, TICK_NS, STEP_NS = 250_000_000, 50_000_000, 10_000_000
EPISODE = 25
"""Turns after which another instruction begins an episode."""


def two_arms() -> Robot:
    """Both arms of the humanoid, without hands, with a policy of 50 rows."""
    whole = load_robot(ROBOT)
    groups = whole.groups[:ARMS]
    count = sum(len(group.joints) for group in groups)
    limits = Limits(*(getattr(whole.limits, n)[:count] for n in Limits.__dataclass_fields__))
    return replace(whole, groups=groups, limits=limits, horizon=ROWS)


def urdf() -> bytes:
    """The humanoid's URDF. Raises RobotConfigError without example-robot-data."""
    problems = Problems(ROBOT)
    source = dict.fromkeys(("file", "package", "path", "topic")) | {"example_robot_data": URDF}
    found = read_urdf(source, find_config(ROBOT).parent, problems)
    problems.raise_if_any()
    assert found is not None
    return found


class Timed:
    """A guard whose work on chunks and proposals is timed, turn by turn [s]."""

    def __init__(self, guard: Room) -> None:
        self._guard, self.health = guard, guard.health
        self.taken: list[float] = []

    def handle(self, value: Any, now: Now) -> list[Any]:
        """As ``Room.handle``."""
        if not isinstance(value, ActionChunk | Proposal):
            return self._guard.handle(value, now)
        began = time.perf_counter()
        said = self._guard.handle(value, now)
        taken = time.perf_counter() - began
        if isinstance(value, ActionChunk):
            self.taken.append(taken)
        else:
            self.taken[-1] += taken
        return said


class TimedWatch(Watch):
    """A watch whose work on a turn is timed [s]."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.name, self.about = watch.name, watch.about  # type: ignore[misc]
        self.share = watch.share  # type: ignore[method-assign]
        self.taken: list[float] = []

    def hear(self, value: Any, now: Now) -> None:
        """As ``Watch.hear``."""
        began = time.perf_counter()
        self._watch.hear(value, now)
        if isinstance(value, Turn):
            self._watch.checks(now)
            self.taken.append(time.perf_counter() - began)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """As ``Watch.checks``."""
        return self._watch.checks(now)


class Stream:
    """Turns in simulated time: a wave of rows, a robot that follows exactly."""

    def __init__(self, robot: Robot, guard: Room) -> None:
        self._robot, self.guard = robot, Timed(guard)
        rooms: dict[str, Room] = {"guard": self.guard, "fuser": Fuser(robot)}
        self._pipeline = Pipeline(rooms, CommandLoop(robot.limits), lambda request: None)
        self._rng = np.random.default_rng(0)
        self._position = self._rows(NS, 1)[0]
        self._sequence = 0
        self.allowed = 0
        self.baseline: list[float] = []

    def run(self, turns: int) -> None:
        """Run ``turns`` turns, after some without motion."""
        steps = TURN_NS // STEP_NS
        for step in range((turns + 4) * steps):
            now = Now(NS + step * STEP_NS, NS + step * STEP_NS)
            self._sense(step, now)
            if step % steps == 0 and step >= 4 * steps:
                self._turn(step // steps - 4, now)
            command = self._pipeline.command(now)
            self._position = self._position if command is None else command.position

    def _sense(self, step: int, now: Now) -> None:
        still = np.zeros_like(self._position)
        values: list[Any] = [JointState(now.ros_ns, self._position, still)]
        if step % 7 == 0:
            for camera in self._robot.cameras:
                blank = bytes(48)
                picture = Image(camera.name, now.ros_ns, "rgb8", 4, 4, blank, False, step)
                values.append(picture)
        if step * STEP_NS % TICK_NS == 0:
            values.append(Tick())
        for value in values:
            self._pipeline.step(value, now)

    def _turn(self, turn: int, now: Now) -> None:
        if turn % EPISODE == 0:
            self._pipeline.step(Instruction(f"task {turn // EPISODE % 2}"), now)
        self._sequence += 1
        start_ns = now.ros_ns + STEP_NS
        robot = self._robot
        chunk = ActionChunk(
            1, 1 + turn // EPISODE, self._sequence, now.ros_ns - 2 * STEP_NS, start_ns,
            robot.row_period_ns, robot.joints, self._rows(start_ns, ROWS),
        )  # fmt: skip
        began = time.perf_counter()
        schema.check(Context(now, robot, GuardConfig(), chunk))
        self.baseline.append(time.perf_counter() - began)
        said = self._pipeline.step(chunk, now)
        verdicts = (out.value for out in said if isinstance(out.value, Verdict))
        self.allowed += any(verdict.decision == Decision.ALLOW for verdict in verdicts)

    def _rows(self, start_ns: int, count: int) -> Array:
        """A wave around the middle of every joint's range, a tenth of the range high."""
        limits, period_ns = self._robot.limits, self._robot.row_period_ns
        times = (start_ns + period_ns * np.arange(count)) / NS
        middle, reach = (limits.lower + limits.upper) / 2, (limits.upper - limits.lower) / 2
        phase = np.arange(len(middle))
        wave = 0.1 * reach * np.sin(0.8 * times[:, None] + phase)
        noise = 1e-4 * self._rng.standard_normal((1, len(middle)))
        return np.asarray(middle + wave + noise)
