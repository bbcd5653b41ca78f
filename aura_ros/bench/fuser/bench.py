"""One cell with one seed: the robot, what the policy knows, and how long all of it takes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from aura_ros.bench.execution.executor import Executor, Setup
from aura_ros.bench.execution.ours import Ours
from aura_ros.bench.execution.record import Record
from aura_ros.bench.fuser.robot import ARM_JOINTS, bench_robot
from aura_ros.bench.fuser.scenario import DURATION_S, START_NS, TICK_NS, Cell
from aura_ros.bench.fuser.simulate import simulate
from aura_ros.bench.fuser.starvation import Bound
from aura_ros.bench.fuser.surrogate import Surrogate
from aura_ros.bench.fuser.truth import Truth
from aura_ros.fuser.config import FuserConfig
from aura_ros.robot.description import Robot
from aura_ros.types import NS, Array


@dataclass(frozen=True)
class Bench:
    """What is the same for all runs of one cell and seed."""

    cell: Cell
    seed: int
    arm_joints: int = ARM_JOINTS
    robot: Robot = field(init=False)
    setup: Setup = field(init=False)
    config: FuserConfig = field(init=False)

    def __post_init__(self) -> None:
        robot = bench_robot(self.cell, self.arm_joints)
        setup = Setup(robot, TICK_NS, self.cell.in_flight, self._rest(robot))
        object.__setattr__(self, "robot", robot)
        object.__setattr__(self, "setup", setup)
        object.__setattr__(self, "config", FuserConfig(max_age=self.cell.max_age_s))

    def _rest(self, robot: Robot) -> Array:
        """Where the truth begins; the gripper begins closed."""
        rest = np.zeros(len(robot.joints))
        rest[: self.arm_joints] = self.truth(None).arm(np.array([START_NS]))[0]
        return rest

    def truth(self, event_s: float | None) -> Truth:
        """The truth with the goal's step at ``event_s``."""
        return Truth(self.cell, self.seed, self.arm_joints, event_s)

    def simulate(
        self, executor: Executor, event_s: float | None = None, duration_s: float = DURATION_S
    ) -> Record:
        """Run ``executor``, with the goal's step at ``event_s`` if there is one."""
        return simulate(executor, Surrogate(self.truth(event_s)), self.robot, duration_s)

    def ours(self) -> Ours:
        """This package's fuser, anew."""
        return Ours(self.setup, self.config)

    @property
    def bound(self) -> Bound:
        """What the fuser needs: see ``starvation.Bound``."""
        robot, config = self.robot, self.config
        knot = robot.knot_period_ns
        return Bound(
            round(config.commit_delay * NS) + knot,
            robot.stop_knots * knot,
            config.min_knots * knot,
            round(config.max_age * NS),
        )
