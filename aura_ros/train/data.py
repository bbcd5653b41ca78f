"""Demonstrations: episodes of shaken experts, or of the policy in training, labelled by experts.

Each observation comes with several told states on the motion under way and the expert's chunk
from each; an expert is stateless, so it can say what to do anywhere. Files are npz without pickle,
one a handful of episodes, and depend on nothing but their job.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aura_ros.bench.fuser.pool import pool
from aura_ros.policy.demo import DemoBackend, load_demo
from aura_ros.robot.description import Robot
from aura_ros.robot.load import load_robot
from aura_ros.sim.tasks import TRAINING_SEED
from aura_ros.train.episode import Act, Episode, Pace, View
from aura_ros.train.scenes import ASSIGNMENTS, Assignment, Stage
from aura_ros.types import NS, Array, JointState, KinematicState, Observation, Request, digest_of

EPISODES = 8
"""Episodes of a file."""
_MOST_AHEAD_S = 0.8
_PIXELS = (224, 192, 224, 96, 224)
# Share of episodes that begin away from home.
_AWAY = 0.3
_ROUND = 100_000
# Standard deviations of what is added to an expert's chunk: x y z [m], yaw [rad], finger [m]; and
# of each joint [rad, m]. Now and then the fingers open or close at the wrong moment.
_TASK_SPREAD = np.array([0.02, 0.02, 0.015, 0.12, 0.001])
_JOINT_SPREAD = np.array([0.01] * 7 + [0.0005])
_FUMBLE, _HALF_OPEN = 0.05, 0.02
# Apart from the placement, which is drawn by the seed alone.
_STREAM = 3


@dataclass(frozen=True)
class Job:
    """One file: episodes of one instruction. ``learner``: the artifact that acts in them, empty
    for the expert; ``labels`` told states an observation."""

    round: int
    number: int
    labels: int
    learner: str = ""
    learner_digest: str = ""

    @property
    def name(self) -> str:
        """File name."""
        return f"round{self.round}_{self.number:05d}.npz"

    @property
    def digest(self) -> str:
        """What the content depends on, besides the code."""
        return digest_of(self.round, self.number, self.labels, self.learner_digest)

    @property
    def assignment(self) -> Assignment:
        """Files take turns."""
        return ASSIGNMENTS[self.number % len(ASSIGNMENTS)]

    @property
    def pixels(self) -> int:
        """Size of the pictures before they are shrunk, so that the policy takes any size."""
        return _PIXELS[self.number // len(ASSIGNMENTS) % len(_PIXELS)]


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
    robot = load_robot("embedded_panda")
    learner = load_demo(Path(job.learner), robot) if job.learner else None
    with Stage(job.assignment, job.pixels) as stage:
        parts = [record(robot, stage, job, index, learner) for index in range(EPISODES)]
    arrays: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) for name in parts[0]
    }
    path = folder / job.name
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, digest=np.array(job.digest), **arrays)
    unfinished.replace(path)
    return path


def record(
    robot: Robot, stage: Stage, job: Job, index: int, learner: DemoBackend | None
) -> dict[str, NDArray[Any]]:
    """Observations of one episode with their labels, by name."""
    seed = (job.round * _ROUND + job.number) * EPISODES + index
    rng = np.random.default_rng((seed, _STREAM))
    recorder = Recorder(robot, stage, job.labels, rng)
    act: Act = recorder.shaken if learner is None else Learner(learner, recorder, stage, rng)
    stage.begin(TRAINING_SEED + seed, rng if rng.random() < _AWAY else None)
    done = Episode(stage, pace_for(rng), act, recorder.see).run()
    return recorder.arrays() | {"success": np.array([done is not None])}


def pace_for(rng: np.random.Generator) -> Pace:
    """A latency, and how often the policy is asked."""
    every = int(rng.choice([1, 1, 1, 2, 4]))
    return Pace(
        latency_s=float(rng.choice([0.0, rng.uniform(0.0, 0.5)], p=[0.2, 0.8])),
        every=every,
    )


class Recorder:
    """Notes views with labels; ``shaken`` is the expert as an act."""

    def __init__(
        self,
        robot: Robot,
        stage: Stage,
        labels: int,
        rng: np.random.Generator,
    ) -> None:
        self._robot, self._stage = robot, stage
        self._labels, self._rng = labels, rng
        self._shake = float(rng.choice([0.0, rng.uniform(0.0, 1.5)], p=[0.2, 0.8]))
        self._notes: list[dict[str, Any]] = []
        self.rows: Array | None = None

    def see(self, view: View) -> None:
        """Note a view with the expert's chunks from several told states."""
        self.rows = self._plan(view, *view.told)
        chunks = [(view.ahead_s, *view.told, self.rows)]
        chunks += [self._elsewhere(view) for _ in range(self._labels - 1)]
        good = [chunk for chunk in chunks if chunk[3] is not None]
        if not good:
            return
        # A label that could not be made is replaced by one that was.
        chosen = [good[i % len(good)] for i in range(self._labels)]
        ahead, position, velocity, rows = (np.array(part) for part in zip(*chosen, strict=True))
        self._notes.append(
            {
                "images": view.images,
                "instruction": ASSIGNMENTS.index(self._stage.assignment),
                "measured": view.measured,
                "places": view.places,
                "ahead": ahead,
                "position": position,
                "velocity": velocity,
                "rows": rows,
            }
        )

    def shaken(self, view: View) -> Array | None:
        """The expert's rows with a bias that grows over the chunk, as a policy's errors do."""
        if self.rows is None:
            return None
        rng, arm = self._rng, self._stage.arm
        task, joints = self._shake * _TASK_SPREAD, self._shake * _JOINT_SPREAD
        bias = arm.rates_of(self.rows[0], rng.normal(0.0, task)) + rng.normal(0.0, joints)
        if rng.random() < _FUMBLE:
            bias[-1] = -np.sign(self.rows[0, -1] - _HALF_OPEN) * _HALF_OPEN
        onset = 1 - np.exp(-((np.arange(len(self.rows)) / 8) ** 2))
        limits = self._robot.limits
        return np.asarray(np.clip(self.rows + onset[:, None] * bias, limits.lower, limits.upper))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All notes, stacked."""
        kinds = {"images": np.uint8, "instruction": np.int64}
        return {
            name: np.array([note[name] for note in self._notes], kinds.get(name, np.float32))
            for name in self._notes[0]
        }

    def _elsewhere(self, view: View) -> tuple[float, Array, Array, Array | None]:
        """Another told state on the motion under way or beside it, and the chunk from there."""
        ahead = float(self._rng.uniform(0.0, _MOST_AHEAD_S))
        position, velocity = view.curve.told(view.time_s + ahead)
        if self._rng.random() < 0.5:
            position = position + self._rng.normal(0.0, [0.015] * 7 + [0.002])
            velocity = velocity + self._rng.normal(0.0, [0.05] * 7 + [0.01])
        position = np.clip(position, self._robot.limits.lower, self._robot.limits.upper)
        return ahead, position, velocity, self._plan(view, position, velocity)

    def _plan(self, view: View, position: Array, velocity: Array) -> Array | None:
        start = position, velocity, np.zeros_like(position)
        period = self._robot.row_period_ns / NS
        try:
            return self._stage.expert.plan(
                view.measured, view.objects, start, self._robot.horizon, period
            )
        except ValueError:
            return None


class Learner:
    """The policy in training as an act; now and then the expert shows the way."""

    def __init__(
        self,
        learner: DemoBackend,
        recorder: Recorder,
        stage: Stage,
        rng: np.random.Generator,
    ) -> None:
        self._learner, self._instruction = learner, stage.assignment.instruction
        self._recorder, self._rng = recorder, rng
        self._expert_share = float(rng.choice([0.0, 0.3], p=[0.7, 0.3]))

    def __call__(self, view: View) -> Array | None:
        """The rows to execute."""
        if self._rng.random() < self._expert_share:
            return self._recorder.shaken(view)
        return answer(self._learner, self._instruction, view)


def answer(policy: DemoBackend, instruction: str, view: View) -> Array:
    """Rows (H, n) of ``policy`` for a view."""
    position, velocity = view.told
    rest = np.zeros_like(position)
    seen = Observation(0, {}, JointState(0, view.measured, rest), instruction)
    told = KinematicState(round(view.ahead_s * NS), position, velocity, rest)
    embedding = policy.embed(list(view.images), view.measured, instruction)
    return policy.act(Request(0, 0, seen, told, None), embedding)


def digest(files: Sequence[Path]) -> str:
    """Of the jobs that ``files`` were made for."""
    jobs = []
    for path in files:
        with np.load(path, allow_pickle=False) as file:
            jobs.append(str(file["digest"]))
    return digest_of(*jobs)
