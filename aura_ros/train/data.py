"""Files of demonstrations: npz without pickle, each depending on nothing but its job.

They hold episodes of shaken experts or of the policy in training, and stills: moments that are
observed once, each with objects elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.parallel import pool
from aura_ros.policy.demo import DemoBackend, load_demo
from aura_ros.robot.description import Robot
from aura_ros.robot.load import load_robot
from aura_ros.train.episode import Act, Episode, Pace, view_of
from aura_ros.train.labels import MOST_AHEAD_S, Learner, Recorder
from aura_ros.train.suite import Stage, find_suite
from aura_ros.types import digest_of

EPISODES = 8
"""Episodes of a file."""
# Share of episodes that begin away from home.
_AWAY = 0.3
_ROUND, _STILLS = 1_000_000, 9
# Apart from the placement, which is drawn by the seed alone.
_STREAM = 3


@dataclass(frozen=True)
class Job:
    """One file, of one instruction: ``EPISODES`` episodes or, if there are ``stills``, so many
    single observations, each with objects elsewhere.

    ``learner``: the artifact that acts in the episodes, empty for the expert; ``labels`` told
    states an observation.
    """

    round: int
    number: int
    labels: int
    stills: int = 0
    learner: str = ""
    learner_digest: str = ""
    suite: str = "demo"

    @property
    def name(self) -> str:
        """File name."""
        kind = "stills" if self.stills else f"round{self.round}"
        return f"{kind}_{self.number:05d}.npz"

    @property
    def digest(self) -> str:
        """What the content depends on, besides the code."""
        parts = self.round, self.number, self.labels, self.stills, self.learner_digest
        # There are files from when there was one suite.
        return digest_of(*parts) if self.suite == "demo" else digest_of(self.suite, *parts)

    @property
    def instruction(self) -> int:
        """Number of the instruction: files take turns."""
        return self.number % len(find_suite(self.suite).instructions)

    @property
    def pixels(self) -> int:
        """Size of the pictures before they are shrunk, so that the policy takes any size."""
        suite = find_suite(self.suite)
        return suite.pixels[self.number // len(suite.instructions) % len(suite.pixels)]

    def seed(self, index: int) -> int:
        """Seed of the placement of an episode or a still."""
        most = max(EPISODES, self.stills)
        kind = _STILLS if self.stills else self.round
        return find_suite(self.suite).training_seed + kind * _ROUND + self.number * most + index


def make(jobs: Sequence[Job], folder: Path, workers: int | None = None) -> Iterator[Path]:
    """Write the files that ``folder`` lacks; yields each job's file when it is there.

    ``workers``: processes, by default one a core; 0 writes them here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    for job in jobs:
        path = folder / job.name
        if is_made(path, job):
            yield path
        else:
            missing.append(job)
    if workers == 0:
        yield from (write(job, folder) for job in missing)
        return
    if not missing:
        return
    with pool(workers) as executor:
        running = [executor.submit(write, job, folder) for job in missing]
        try:
            for future in as_completed(running):
                yield future.result()
        finally:
            executor.shutdown(cancel_futures=True)


def is_made(path: Path, job: Job) -> bool:
    """Whether ``path`` holds what ``job`` asks for."""
    if not path.exists():
        return False
    with np.load(path, allow_pickle=False) as file:
        return str(file["digest"]) == job.digest


def write(job: Job, folder: Path) -> Path:
    """Run the episodes of ``job`` and write its file, all of it or nothing."""
    suite = find_suite(job.suite)
    robot = load_robot(suite.robot)
    learner = load_demo(Path(job.learner), robot) if job.learner else None
    with closing(suite.stage(robot, job.instruction, job.pixels)) as stage:
        if job.stills:
            parts = [stills(robot, stage, job)]
        else:
            parts = [record(robot, stage, job, index, learner) for index in range(EPISODES)]
    arrays: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) for name in parts[0]
    }
    path = folder / job.name
    # Of this process: one whose training was killed may not have ended yet.
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    with unfinished.open("wb") as file:
        np.savez(file, digest=np.array(job.digest), **arrays)
    unfinished.replace(path)
    return path


def record(
    robot: Robot, stage: Stage, job: Job, index: int, learner: DemoBackend | None
) -> dict[str, NDArray[Any]]:
    """Observations of one episode with their labels, by name."""
    seed = job.seed(index)
    rng = np.random.default_rng((seed, _STREAM))
    recorder = Recorder(robot, stage, job.instruction, job.labels, rng)
    act: Act = recorder.shaken
    if learner is not None:
        act = Learner(learner, recorder, stage.instruction, rng)
    stage.begin(seed, rng if rng.random() < _AWAY else None)
    pace = pace_for(rng, find_suite(job.suite).pace)
    done = Episode(stage, pace, act, recorder.see).run()
    return recorder.arrays() | {"success": np.array([done is not None])}


def stills(robot: Robot, stage: Stage, job: Job) -> dict[str, NDArray[Any]]:
    """Observations by name: many places, seen once each."""
    rng = np.random.default_rng((job.seed(0), _STREAM))
    recorder = Recorder(robot, stage, job.instruction, job.labels, rng)
    for index in range(job.stills):
        try:
            curve = stage.still(job.seed(index), rng)
        except RuntimeError:
            continue  # the tool stands where the objects would have to
        recorder.see(view_of(stage, curve, 0.0, float(rng.uniform(0.0, MOST_AHEAD_S))))
    return recorder.arrays() | {"success": np.zeros(0, np.bool_)}


def pace_for(rng: np.random.Generator, usual: Pace) -> Pace:
    """A latency, and how often the policy is asked."""
    every = int(rng.choice([1, 1, 1, 2, 4]))
    return replace(
        usual,
        latency_s=float(rng.choice([0.0, rng.uniform(0.0, 0.5)], p=[0.2, 0.8])),
        every=every,
    )


def digest(files: Sequence[Path]) -> str:
    """Of the jobs that ``files`` were made for."""
    jobs = []
    for path in files:
        with np.load(path, allow_pickle=False) as file:
            jobs.append(str(file["digest"]))
    return digest_of(*jobs)
