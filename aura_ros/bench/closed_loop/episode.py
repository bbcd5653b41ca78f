"""One episode: a plant, a policy that is late, and one of the arms between them."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from aura_ros.bench.closed_loop.chain import Chain
from aura_ros.bench.closed_loop.direct import Direct
from aura_ros.bench.closed_loop.experiment import FUSER, NAIVE, NAMED, SYNC, Conditions, Job
from aura_ros.bench.closed_loop.plant import Plant
from aura_ros.bench.closed_loop.simulators import make_plant
from aura_ros.bench.execution.executor import Executor, RowExecutor, Setup
from aura_ros.bench.execution.newest import Newest
from aura_ros.bench.execution.synchronous import Synchronous
from aura_ros.bench.execution.upsample import Upsampled
from aura_ros.bench.loop.late import Late
from aura_ros.bench.loop.outcome import Outcome
from aura_ros.bench.loop.run import Driver, run_episode
from aura_ros.policy.demo import DemoBackend, load_demo
from aura_ros.types import NS

EXECUTORS: dict[str, Callable[[Setup], RowExecutor]] = {SYNC: Synchronous, NAIVE: Newest}


def run_job(job: Job, conditions: Conditions) -> Outcome:
    """Run one episode from the robot's rest with a fresh arm; the same every time."""
    plant = plant_of(conditions.sim, job.task)
    plant.reset(job.seed)
    driver = _driver(plant, job, conditions)
    return run_episode(plant, driver, plant.robot, plant.rest, conditions.timing, str(job))


def _driver(plant: Plant, job: Job, conditions: Conditions) -> Driver:
    backend = backend_of(conditions.artifact, conditions.sim, job.task)
    told = plant.instruction if job.told == NAMED else plant.other_instruction
    late = partial(Late, conditions.latency_ms * NS // 1000, conditions.jitter, job.seed)
    if job.arm == FUSER:
        return Chain(plant, backend, late(), told)
    executor = _executor(plant, job.arm, conditions.timing.tick_ns)
    return Direct(plant, backend, late(), told, executor, waits=job.arm == SYNC)


def _executor(plant: Plant, arm: str, tick_ns: int) -> Executor:
    setup = Setup(plant.robot, tick_ns, 1, plant.rest)
    return Upsampled(EXECUTORS[arm](setup), setup)


@lru_cache(maxsize=8)
def plant_of(sim: str, task: str) -> Plant:
    """The plant of this process for a task."""
    plant = make_plant(sim, task)
    atexit.register(plant.close)
    return plant


@lru_cache(maxsize=4)
def backend_of(artifact: Path, sim: str, task: str) -> DemoBackend:
    """The policy of this process, for the robot of a task."""
    return load_demo(artifact, plant_of(sim, task).robot)
