"""The jerk limiter that all methods share: Ruckig toward each of their commands.

Berscheid and Kroeger, "Jerk-limited Real-time Trajectory Generation with Arbitrary Target
States" (RSS 2021).
"""

from __future__ import annotations

import numpy as np
from ruckig import InputParameter, Ruckig, RuckigError, Synchronization, Trajectory

from aura_ros.bench.execution.executor import Executor, Setup
from aura_ros.types import NS, ActionChunk, Array, KinematicState

# Ruckig cannot plan with infinite limits, nor with 1e9: no robot comes near these.
MOST_VELOCITY, MOST_ACCELERATION, MOST_JERK = 1e3, 1e4, 1e6


class Limited:
    """An Executor behind a jerk limiter: its commands as far as the robot's limits let them.

    Every tick, the fastest way to rest at the command (kept inside the position limits) is
    planned anew for each joint from where the last plan is, and followed for one tick. Where
    Ruckig finds none, or the command is not finite, the last plan goes on. Aiming at the
    command's own velocity too was worse on development data: its seams look like velocities.
    """

    def __init__(self, executor: Executor, setup: Setup) -> None:
        size = len(setup.rest)
        self._executor = executor
        self._limits = setup.robot.limits
        self._tick_s = setup.tick_ns / NS
        self._problem = _problem(setup)
        self._otg = Ruckig(size)
        self._plan, self._spare = Trajectory(size), Trajectory(size)
        self._otg.calculate(self._problem, self._plan)
        self._into_plan_s = 0.0
        zero = np.zeros(size)
        self._state = KinematicState(0, setup.rest, zero, zero)

    def wants(self, now_ns: int, in_flight: int) -> bool:
        """As ``Executor.wants``."""
        return self._executor.wants(now_ns, in_flight)

    def asked(self, now_ns: int) -> KinematicState:
        """As ``Executor.asked``: the method does behind the limiter what it does alone."""
        return self._executor.asked(now_ns)

    def receive(self, chunk: ActionChunk, now_ns: int) -> None:
        """As ``Executor.receive``."""
        self._executor.receive(chunk, now_ns)

    def command(self, now_ns: int) -> Array:
        """As ``Executor.command``, within all limits."""
        self._replan(self._executor.command(now_ns))
        self._into_plan_s += self._tick_s
        moved = (np.array(part) for part in self._plan.at_time(self._into_plan_s))
        self._state = KinematicState(now_ns, *moved)
        return self._state.position

    @property
    def rate(self) -> float:
        """As ``Executor.rate``."""
        return self._executor.rate

    def _replan(self, command: Array) -> None:
        problem = self._problem
        problem.current_position = self._state.position
        problem.current_velocity = self._state.velocity
        problem.current_acceleration = self._state.acceleration
        problem.target_position = np.clip(command, self._limits.lower, self._limits.upper)
        try:
            self._otg.calculate(problem, self._spare)
        except RuckigError:
            return
        self._plan, self._spare = self._spare, self._plan
        self._into_plan_s = 0.0


def _problem(setup: Setup) -> InputParameter:
    limits = setup.robot.limits
    problem = InputParameter(len(setup.rest))
    problem.synchronization = Synchronization.No
    problem.current_position = problem.target_position = setup.rest
    problem.max_velocity = np.minimum(limits.velocity, MOST_VELOCITY)
    problem.max_acceleration = np.minimum(limits.acceleration, MOST_ACCELERATION)
    problem.max_jerk = np.minimum(limits.jerk, MOST_JERK)
    return problem
