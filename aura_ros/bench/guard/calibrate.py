"""The calibration of what our guard watches of the policy, from development seeds alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aura_ros.bench.guard import rules
from aura_ros.bench.guard.arms import Arm, ours
from aura_ros.bench.guard.episode import play, scene_of
from aura_ros.bench.guard.experiment import (
    DEVELOPMENT_SEED,
    NONE,
    OURS,
    Conditions,
    Job,
    version,
)
from aura_ros.bench.loop.measure import finished
from aura_ros.bench.loop.store import Store
from aura_ros.figures import version as package_version
from aura_ros.guard.risk.fit import fit
from aura_ros.guard.risk.recorder import Recorder, episode_of
from aura_ros.sim.tasks import TASKS

RECORDS, CALIBRATION = "calibration.jsonl", "calibration.json"
FIRST_SEED = DEVELOPMENT_SEED + 10_000
"""Apart from those that anything else was chosen on."""


@dataclass(frozen=True)
class Recorded:
    """What the guard heard in one episode, as :meth:`Episode.record` gives it."""

    episodes: list[dict[str, Any]]


def record(job: Job, conditions: Conditions) -> Recorded:
    """One nominal episode behind our guard, recorded."""
    scene = scene_of(job.task)
    recorder = Recorder(scene.robot)
    play(job, conditions, Arm(ours(scene.robot, conditions, recorder)))
    return Recorded([episode.record() for episode in recorder.take()])


def calibrated(
    conditions: Conditions,
    out: Path,
    seeds: int,
    say: Callable[[str], None],
    workers: int | None = None,
) -> Conditions:
    """``conditions`` with rules that name a calibration, made from ``seeds`` scenes of every task.

    Finished episodes of the same version are not run again.
    """
    plain = replace(conditions, rules=str(rules.write(out / "rules_uncalibrated.yaml")))
    placed = range(FIRST_SEED, FIRST_SEED + seeds)
    jobs = [Job(OURS, NONE, 0, task, seed) for seed in placed for task in TASKS]
    store = Store(out / RECORDS, version(plain), Job, Recorded)
    say("episodes of development seeds calibrate the guard")
    recorded = finished(record, jobs, plain, store, say, workers)
    episodes = [episode_of(kept) for job in jobs for kept in recorded[job].episodes]
    path = (out / CALIBRATION).resolve()
    robot = scene_of(jobs[0].task).robot
    fit(episodes, robot, seeds=(placed[0], placed[-1]), version=package_version()).save(path)
    return replace(
        conditions,
        rules=str(rules.write(out / "rules.yaml", str(path))),
        calibration=str(path),
    )
