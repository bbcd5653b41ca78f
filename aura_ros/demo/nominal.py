"""Episodes of the demonstration in simulated time: its policy, its guard, and no fault."""

from __future__ import annotations

import atexit
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from aura_ros.bench.closed_loop.chain import Chain, Rates, Tap
from aura_ros.bench.closed_loop.embedded import EmbeddedPlant
from aura_ros.bench.guard.tap import Decisions
from aura_ros.bench.loop.late import Late
from aura_ros.bench.loop.outcome import Timing
from aura_ros.bench.loop.run import run_episode
from aura_ros.demo.settings import CAMERA_RATE, GUARD
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.risk.recorder import Recorder
from aura_ros.guard.rules.built import build
from aura_ros.guard.rules.load import load_rules
from aura_ros.pipeline import Output
from aura_ros.policy.demo import DemoBackend, load_demo
from aura_ros.policy.shipped import shipped
from aura_ros.robot.urdf_source import urdf_of
from aura_ros.types import NS, Now, Response

JITTER = 0.2
TIMING = Timing(limit_s=40.0, settle_s=0.0)


@dataclass(frozen=True)
class Job:
    """One episode: a scene of a task, and how long the policy's answers take [ms]."""

    task: str
    seed: int
    latency_ms: int = 200


@dataclass(frozen=True)
class Played:
    """How it went: whether the task was ``done``, what the guard decided against motion
    (``against``: decision or mode, and the check), and what it heard, as ``Episode.record``."""

    done: bool
    against: tuple[tuple[str, str], ...]
    heard: tuple[dict[str, Any], ...]


def play(job: Job, rules: str) -> Played:
    """Run one episode behind a guard by ``rules``, a name in config/guard or a path, to the task's
    success; the same every time."""
    plant, noted = _plant(job.task), _Noted()
    plant.reset(job.seed)
    robot, recorder = plant.robot, Recorder(plant.robot)
    late: Late[Response] = Late(job.latency_ms * NS // 1000, JITTER, job.seed)
    chain = Chain(
        plant,
        _backend(job.task),
        late,
        plant.instruction,
        Rates(images_ns=round(NS / CAMERA_RATE)),
        {"guard": guard_by(rules, plant, recorder)},
        noted,
    )
    outcome = run_episode(plant, chain, robot, plant.rest, TIMING, str(job))
    against = tuple((decision, check) for _, decision, check in noted.decisions.against)
    heard = tuple(episode.record() for episode in recorder.take())
    return Played(outcome.done_s is not None, against, heard)


def guard_by(rules: str, plant: EmbeddedPlant, recorder: Recorder) -> Guard:
    """The demonstration's guard by ``rules``; what it hears, ``recorder`` hears too."""
    loaded = load_rules(rules)

    def made(robot: Any, settings: Any) -> Any:
        checks = build(robot, settings, loaded, lambda: urdf_of(plant.robot.name))
        return replace(checks, watches=(*checks.watches, recorder))

    return Guard(plant.robot, GuardConfig(**GUARD), rules=made)


class _Noted(Tap):
    """Notes what the guard decided."""

    def __init__(self) -> None:
        self.decisions = Decisions()

    def note(self, said: Output, now: Now) -> None:
        if said.room == "guard":
            self.decisions.hear(said.value, now)


@lru_cache(maxsize=4)
def _plant(task: str) -> EmbeddedPlant:
    plant = EmbeddedPlant(task)
    atexit.register(plant.close)
    return plant


@lru_cache(maxsize=1)
def _backend(task: str) -> DemoBackend:
    return load_demo(shipped("demo"), _plant(task).robot)
