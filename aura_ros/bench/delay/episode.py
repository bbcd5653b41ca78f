"""One episode: an executor, the embedded robot, and a policy that is late."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from aura_ros.bench.delay.experiment import Conditions, Job
from aura_ros.bench.delay.policy import DelayedPolicy
from aura_ros.bench.execution.executor import Executor, Setup
from aura_ros.bench.loop.outcome import Outcome
from aura_ros.bench.loop.run import run_episode
from aura_ros.sim.expert import Expert
from aura_ros.sim.model import HOME, STEP_NS
from aura_ros.sim.world import World
from aura_ros.types import Array


def run_job(job: Job, conditions: Conditions, make: Callable[[Setup], Executor]) -> Outcome:
    """Run one episode from the robot's home with a fresh executor; the same every time."""
    robot, world = conditions.load(), _world(job.task)
    world.reset(job.seed, job.target)
    executor = make(Setup(robot, conditions.timing.tick_ns, conditions.in_flight, HOME))
    policy = DelayedPolicy(_expert(job.task, job.target), robot, job, conditions)
    driver = _Driver(world, executor, policy, conditions.in_flight)
    return run_episode(_Body(world), driver, robot, HOME, conditions.timing, str(job))


class _Body:
    """The embedded robot without its cameras."""

    step_ns = STEP_NS

    def __init__(self, world: World) -> None:
        self._world = world
        self.step = world.step

    @property
    def velocity(self) -> Array:
        return self._world.joint_velocity

    @property
    def success(self) -> bool:
        return self._world.success

    @property
    def lost(self) -> bool:
        return self._world.lost


class _Driver:
    """Chunks of the late policy, executed."""

    def __init__(
        self, world: World, executor: Executor, policy: DelayedPolicy, in_flight: int
    ) -> None:
        self._world, self._executor, self._policy = world, executor, policy
        self._in_flight = in_flight

    def command(self, now_ns: int) -> Array:
        world, executor, policy = self._world, self._executor, self._policy
        for chunk in policy.arrived(now_ns):
            executor.receive(chunk, now_ns)
        wants = executor.wants(now_ns, policy.in_flight)
        if wants and policy.in_flight < self._in_flight:
            told = executor.asked(now_ns)
            policy.ask(now_ns, world.joint_position, world.object_poses(), told)
        return executor.command(now_ns)

    @property
    def requests(self) -> int:
        return self._policy.requests

    @property
    def failures(self) -> int:
        return self._policy.failures

    @property
    def refused(self) -> dict[str, int]:
        return {}


@lru_cache(maxsize=4)
def _world(task: str) -> World:
    return World(task)


@lru_cache(maxsize=8)
def _expert(task: str, target: int) -> Expert:
    return Expert(task, target)
