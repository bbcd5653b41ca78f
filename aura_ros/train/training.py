"""``aura train``: rounds of demonstrations, each followed by steps of gradient descent.

In the first round experts act, in the others the policy as it is by then, so that it learns to
come back from where it gets by itself. All that is finished is kept: a run that was killed goes on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from aura_ros.figures import commit
from aura_ros.robot.load import load_robot
from aura_ros.train import data
from aura_ros.train.artifact import Normalisation, save_artifact, spline
from aura_ros.train.config import Config, Progress, Say
from aura_ros.train.dataset import Dataset, normalisation
from aura_ros.train.descent import Descent
from aura_ros.train.model import Sizes
from aura_ros.train.suite import Suite
from aura_ros.types import NS, digest_of

CHECKPOINT = "checkpoint.safetensors"
KEEP_EVERY, SAY_EVERY = 500, 20
STILLS = 250
"""Observations of a file of stills."""


class Training:
    """One training in ``folder``; ``run`` begins it or goes on.

    ``workers``: processes that make data, by default one a core; 0 makes them here.
    """

    def __init__(
        self, suite: Suite, config: Config, folder: Path, say: Say, workers: int | None = None
    ) -> None:
        self._suite, self._config = suite, config
        self._folder, self._say, self._workers = folder, say, workers
        self._robot = load_robot(suite.robot)
        folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> Path:
        """Train to the end; the path of the artifact."""
        files = self._demonstrations(0)
        scales = self._scales(files)
        descent = self._descent()
        last = len(self._config.episodes) - 1
        for round_ in range(last + 1):
            if round_:
                files += self._demonstrations(round_)
            self._descend(descent, files, scales, self._config.begin(round_ + 1))
            path = self._folder / (self._suite.artifact if round_ == last else _learner(round_ + 1))
            if not path.exists():
                self._save(path, descent, scales, files)
        return self._folder / self._suite.artifact

    def _demonstrations(self, round_: int) -> list[Path]:
        """The files of a round, made where they are missing."""
        folder, labels = self._folder / "data", self._config.labels
        learner, digest = "", ""
        if round_:
            path = self._folder / _learner(round_)
            learner, digest = str(path), digest_of(path.read_bytes())
        count = math.ceil(self._config.episodes[round_] / data.EPISODES)
        name = self._suite.name
        jobs = [
            data.Job(round_, number, labels, 0, learner, digest, name) for number in range(count)
        ]
        if round_ == 0:
            jobs += self._stills()
        for done, _ in enumerate(data.make(jobs, folder, self._workers), start=1):
            self._say(Progress(f"data {round_}", done, len(jobs)))
        return [folder / job.name for job in jobs]

    def _stills(self) -> list[data.Job]:
        count = math.ceil(self._config.stills / STILLS)
        labels, name = self._config.labels, self._suite.name
        return [data.Job(0, number, labels, STILLS, suite=name) for number in range(count)]

    def _scales(self, files: Sequence[Path]) -> Normalisation:
        robot, points = self._robot, self._config.points
        return normalisation(files, *spline(robot.horizon, robot.row_period_ns / NS, points))

    def _descent(self) -> Descent:
        """The checkpoint's, or a fresh one."""
        sizes = Sizes(len(self._robot.joints), self._config.points, self._suite.layout)
        descent = Descent(self._config, sizes)
        if (self._folder / CHECKPOINT).exists():
            descent.restore(self._folder / CHECKPOINT)
        else:
            for stale in self._folder.glob("*.safetensors"):
                stale.unlink()
        return descent

    def _descend(
        self, descent: Descent, files: Sequence[Path], scales: Normalisation, until: int
    ) -> None:
        """Steps of a round, from wherever ``descent`` is."""
        if descent.step >= until:
            return
        dataset = Dataset(files, scales, self._suite.instructions)
        while descent.step < until:
            loss = descent.descend(dataset)
            is_last = descent.step == until
            if is_last or descent.step % SAY_EVERY == 0:
                words = f"loss {loss:.4f}"
                self._say(Progress("steps", descent.step, self._config.steps, words))
            if is_last or descent.step % KEEP_EVERY == 0:
                descent.keep(self._folder / CHECKPOINT)

    def _save(
        self, path: Path, descent: Descent, scales: Normalisation, files: Sequence[Path]
    ) -> None:
        made_from = {
            "config": asdict(self._config),
            "steps": descent.step,
            "data": data.digest(files),
            "code": commit(),
            "torch": torch.__version__,
        }
        save_artifact(path, descent.average, scales, self._suite, self._robot, made_from)


def _learner(round_: int) -> str:
    """File name of the policy that acts in a round."""
    return f"learner{round_}.safetensors"
