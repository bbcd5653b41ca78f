"""One episode in simulated time: an executor, the embedded robot, and a policy that is late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from aura_ros.bench.delay import judge
from aura_ros.bench.delay.experiment import Conditions, Job
from aura_ros.bench.delay.policy import DelayedPolicy
from aura_ros.bench.execution.executor import Executor, Setup
from aura_ros.sim.expert import Expert
from aura_ros.sim.model import HOME, STEP_NS
from aura_ros.sim.world import World
from aura_ros.types import NS, Array

DONE, LATE, LOST = "done", "time limit", "cube lost"


@dataclass(frozen=True)
class Outcome:
    """How an episode went.

    ``done_s``: when the task was done [s], None if it was not, for the reason ``ended``.
    ``stalls``, ``stalled_s``: rests after the first motion and before that. ``violations``:
    limits that the commands broke, ``worst``: how far, as ratios. ``peak_acceleration``
    [rad/s^2] is the measured one of the arm. ``failures``: requests that the policy could not
    answer.
    """

    done_s: float | None
    ended: str
    stalls: int
    stalled_s: float
    violations: tuple[str, ...]
    worst: dict[str, float]
    peak_acceleration: float
    requests: int
    failures: int


def run_episode(job: Job, conditions: Conditions, make: Callable[[Setup], Executor]) -> Outcome:
    """Run one episode from the robot's home with a fresh executor; the same every time."""
    robot, world = conditions.load(), _world(job.task)
    if conditions.tick_ns % STEP_NS:
        raise ValueError(f"tick_ns is {conditions.tick_ns}: it must be a multiple of {STEP_NS}")
    world.reset(job.seed, job.target)
    executor = make(Setup(robot, conditions.tick_ns, conditions.in_flight, HOME))
    policy = DelayedPolicy(_expert(job.task, job.target), robot, job, conditions)
    loop = _Loop(job, conditions, world, executor, policy)
    loop.run()
    commands = np.array(loop.commands)
    arm = np.array([robot.group_of(i).kind == "joints" for i in range(len(HOME))])
    tick_s = conditions.tick_ns / NS
    rests = judge.stalls(commands[: loop.done_tick], tick_s, robot.limits.velocity)
    worst = judge.worst_ratios(commands, HOME, tick_s, robot.limits)
    return Outcome(
        done_s=None if loop.done_tick is None else loop.done_tick * tick_s,
        ended=loop.ended,
        stalls=len(rests),
        stalled_s=float(rests.sum()),
        violations=judge.violated(commands, worst, robot.limits),
        worst=worst,
        peak_acceleration=judge.peak_acceleration(np.array(loop.velocity)[:, arm], STEP_NS / NS),
        requests=policy.requests,
        failures=policy.failures,
    )


class _Loop:
    """The loop itself, and what it noted: commands every tick, velocities every step."""

    def __init__(
        self,
        job: Job,
        conditions: Conditions,
        world: World,
        executor: Executor,
        policy: DelayedPolicy,
    ) -> None:
        self._job, self._conditions = job, conditions
        self._world, self._executor, self._policy = world, executor, policy
        self.commands: list[Array] = []
        self.velocity: list[Array] = []
        self.done_tick: int | None = None
        self.ended = LATE

    def run(self) -> None:
        """Until the task is done and has settled, is out of reach, or time is up."""
        conditions = self._conditions
        last = round(conditions.limit_s * NS / conditions.tick_ns)
        settle = round(conditions.settle_s * NS / conditions.tick_ns)
        tick = 0
        while self.done_tick is not None or tick < last:
            # Simulated time begins at 1 s: zero means "no stamp" to some.
            self._tick(NS + tick * conditions.tick_ns)
            tick += 1
            self._look(tick)
            if self.done_tick is not None and tick - self.done_tick >= settle:
                self.ended = DONE
                return
            if self._world.lost:
                self.done_tick, self.ended = None, LOST
                return

    def _tick(self, now_ns: int) -> None:
        world, executor, policy = self._world, self._executor, self._policy
        for chunk in policy.arrived(now_ns):
            executor.receive(chunk, now_ns)
        wants = executor.wants(now_ns, policy.in_flight)
        if wants and policy.in_flight < self._conditions.in_flight:
            told = executor.asked(now_ns)
            policy.ask(now_ns, world.joint_position, world.object_poses(), told)
        command = executor.command(now_ns)
        if not np.isfinite(command).all():
            raise ValueError(f"{self._job}: the command {command} is not finite")
        self.commands.append(np.array(command))
        for _ in range(self._conditions.tick_ns // STEP_NS):
            world.step(command)
            self.velocity.append(world.joint_velocity)

    def _look(self, tick: int) -> None:
        """Note since when the task is done; one that is undone again was not."""
        if not self._world.success:
            self.done_tick = None
        elif self.done_tick is None:
            self.done_tick = tick


@lru_cache(maxsize=4)
def _world(task: str) -> World:
    return World(task)


@lru_cache(maxsize=8)
def _expert(task: str, target: int) -> Expert:
    return Expert(task, target)
