"""``aura train demo``: rounds of demonstrations and steps of gradient descent, resumed anywhere.

What a step does depends on its number alone (which observations, which noise), so a run that was
killed goes on bit for bit from its last checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aura_ros.figures import commit
from aura_ros.robot.load import load_robot
from aura_ros.train import data
from aura_ros.train.artifact import (
    load_checkpoint,
    save_artifact,
    save_checkpoint,
    spline,
)
from aura_ros.train.dataset import Dataset
from aura_ros.train.model import DemoModel, Sizes
from aura_ros.train.scenes import PLACES
from aura_ros.types import NS, digest_of

ARTIFACT, CHECKPOINT = "demo.safetensors", "checkpoint.safetensors"


@dataclass(frozen=True)
class Config:
    """What a training is made from.

    ``episodes`` of each round; the first is the experts', in the others the policy acts as it is
    after the share ``begins`` of ``steps``. ``labels`` told states an observation, ``draws`` of
    noise a label, ``points`` control points of a chunk that are free.
    """

    steps: int = 24_000
    episodes: tuple[int, ...] = (1600, 640, 640)
    begins: tuple[float, ...] = (0.0, 0.4, 0.7)
    labels: int = 2
    draws: int = 2
    points: int = 14
    batch: int = 64
    rate: float = 1e-3
    warmup: int = 500
    decay: float = 1e-4
    average: float = 0.999
    places: float = 1.0
    seed: int = 0

    @property
    def digest(self) -> str:
        """Of all settings."""
        return digest_of(asdict(self))

    def begin(self, round_: int) -> int:
        """Steps before a round."""
        return round(self.begins[round_] * self.steps)


@dataclass(frozen=True)
class Progress:
    """How many of ``total`` files, steps or trials are ``done``, and words on how it goes."""

    what: str
    done: int
    total: int
    words: str = ""


Say = Callable[[Progress], None]


class Training:
    """One training in ``folder``; ``run`` begins or goes on."""

    def __init__(self, config: Config, folder: Path, say: Say, workers: int | None = None) -> None:
        self._config, self._folder, self._say, self._workers = config, folder, say, workers
        self._robot = load_robot("embedded_panda")
        self._step = 0
        folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> Path:
        """Train to the end; the path of the artifact."""
        config = self._config
        jobs: list[data.Job] = []
        for round_ in range(len(config.episodes)):
            jobs += self._jobs(round_)
            files = self._demonstrations(round_, jobs)
            if round_ == 0:
                self._begin(files)
            last = round_ + 1 == len(config.episodes)
            self._descend(files, config.steps if last else config.begin(round_ + 1))
            self._save(self._folder / (ARTIFACT if last else _learner(round_ + 1)), files)
        return self._folder / ARTIFACT

    # --- rounds ---------------------------------------------------------------------------

    def _jobs(self, round_: int) -> list[data.Job]:
        """The files of a round."""
        learner, digest = "", ""
        if round_:
            path = self._folder / _learner(round_)
            learner, digest = str(path), digest_of(path.read_bytes())
        files = math.ceil(self._config.episodes[round_] / data.EPISODES)
        labels = self._config.labels
        return [data.Job(round_, number, labels, learner, digest) for number in range(files)]

    def _demonstrations(self, round_: int, jobs: Sequence[data.Job]) -> list[Path]:
        folder = self._folder / "data"
        for done, _ in enumerate(data.make(jobs, folder, self._workers), start=1):
            self._say(Progress(f"data {round_}", done, len(jobs)))
        return [folder / job.name for job in jobs]

    def _begin(self, files: Sequence[Path]) -> None:
        """Fresh weights with the scales of the first round's data, or a checkpoint."""
        config, robot = self._config, self._robot
        basis, lead = spline(robot.horizon, robot.row_period_ns / NS, config.points)
        self._normalisation = Dataset.scales(files, basis, lead)
        torch.manual_seed(config.seed)
        sizes = Sizes(len(robot.joints), config.points, PLACES)
        self._model = DemoModel(sizes)
        self._average = {k: v.clone() for k, v in self._model.state_dict().items()}
        self._optimizer = torch.optim.AdamW(
            self._model.parameters(), lr=config.rate, weight_decay=config.decay, foreach=True
        )
        if (self._folder / CHECKPOINT).exists():
            self._restore()

    # --- steps ----------------------------------------------------------------------------

    def _descend(self, files: Sequence[Path], until: int) -> None:
        if self._step >= until:
            return
        dataset = Dataset(files, self._normalisation)
        self._model.train()
        begin = self._step
        while self._step < until:
            loss = self._train_step(dataset)
            self._step += 1
            if self._step % 20 == 0 or self._step == until:
                self._say(Progress("steps", self._step, self._config.steps, f"loss {loss:.4f}"))
            if self._step % 500 == 0 or self._step == until:
                self._keep()
        assert self._step > begin

    def _train_step(self, dataset: Dataset) -> float:
        config = self._config
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate_now()
        chosen = np.random.default_rng((config.seed, self._step)).integers(
            len(dataset), size=config.batch
        )
        noise = torch.Generator().manual_seed(config.seed * 1_000_003 + self._step)
        loss = losses(self._model, dataset.batch(chosen), config, noise)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        self._follow()
        return float(loss.detach())

    def _rate_now(self) -> float:
        config, step = self._config, self._step
        warm = min(1.0, (step + 1) / config.warmup)
        return (
            config.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))
        )

    @torch.no_grad()
    def _follow(self) -> None:
        """The average of the weights, which is what ships."""
        keep = min(self._config.average, (1 + self._step) / (10 + self._step))
        now = self._model.state_dict()
        torch._foreach_mul_(list(self._average.values()), keep)
        torch._foreach_add_(list(self._average.values()), list(now.values()), alpha=1 - keep)

    # --- files ----------------------------------------------------------------------------

    def _keep(self) -> None:
        tensors = {f"model.{k}": v for k, v in self._model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self._average.items()}
        for name, parameter in self._model.named_parameters():
            state = self._optimizer.state[parameter]
            tensors |= {f"optimizer.{key}.{name}": value for key, value in state.items()}
        save_checkpoint(self._folder / CHECKPOINT, tensors, self._step, self._config.digest)

    def _restore(self) -> None:
        tensors, self._step = load_checkpoint(self._folder / CHECKPOINT, self._config.digest)
        for name, tensor in self._model.state_dict().items():
            tensor.copy_(tensors[f"model.{name}"])
            self._average[name] = tensors[f"average.{name}"]
        for name, parameter in self._model.named_parameters():
            self._optimizer.state[parameter] = {
                key: tensors[f"optimizer.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")
            }

    def _save(self, path: Path, files: Sequence[Path]) -> None:
        if path.exists() and path.name != ARTIFACT:
            return
        made_from = {
            "config": asdict(self._config),
            "steps": self._step,
            "data": data.digest(files),
            "code": commit(),
            "torch": torch.__version__,
        }
        save_artifact(path, self._average, self._normalisation, self._robot, made_from)


def losses(
    model: DemoModel, batch: dict[str, Tensor], config: Config, noise: torch.Generator
) -> Tensor:
    """Mean squared error of clean control points, and of the places of objects.

    Every label sees ``draws`` flow times and noises; the encoder runs once an observation.
    """
    language = batch["bags"] @ model.words.weight
    embedding = model.encode(batch["images"], batch["measured"], language)
    labels = batch["points"].shape[1]
    flat = {k: batch[k].flatten(0, 1) for k in ("position", "velocity", "ahead", "points")}
    condition = model.conditioned(
        embedding.repeat_interleave(labels, dim=0),
        flat["position"],
        flat["velocity"],
        flat["ahead"],
    ).repeat(config.draws, 1)
    clean = flat["points"].repeat(config.draws, 1)
    time = torch.rand((len(clean), 1), generator=noise)
    start = torch.randn(clean.shape, generator=noise)
    found = model.head(torch.lerp(start, clean, time), time, condition)
    error = torch.nn.functional.mse_loss(found, clean)
    missing = batch["places"].isnan()
    places = (model.places(embedding) - batch["places"]).masked_fill(missing, 0.0)
    return error + config.places * (places**2).mean()


def _learner(round_: int) -> str:
    return f"learner{round_}.safetensors"
