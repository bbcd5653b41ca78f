"""Gradient descent: the network, its optimiser and the average of its weights, step by step.

What a step does depends on its number alone (which observations, which noise), so a run that was
killed goes on bit for bit from its last checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from aura_ros.train.artifact import load_checkpoint, save_checkpoint
from aura_ros.train.config import Config
from aura_ros.train.dataset import Dataset
from aura_ros.train.model import DemoModel, Sizes

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")
_LAST_RATE, _GRADIENT = 0.01, 1.0


class Descent:
    """Fresh weights; ``restore`` takes those of a checkpoint.

    ``average`` are the weights that ship: the running mean of those of past steps.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:
        self._config = config
        torch.manual_seed(config.seed)
        self.model = DemoModel(sizes).train()
        self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
        self._optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.rate, weight_decay=config.decay, foreach=True
        )
        self.step = 0

    def descend(self, dataset: Dataset) -> float:
        """One step; its loss."""
        config = self._config
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        generator = np.random.default_rng((config.seed, self.step))
        chosen = generator.integers(len(dataset), size=config.batch)
        noise = torch.Generator().manual_seed(config.seed * 1_000_003 + self.step)
        loss = losses(self.model, dataset.batch(chosen), config, noise)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), _GRADIENT)
        self._optimizer.step()
        self._follow()
        self.step += 1
        return float(loss.detach())

    def _rate(self) -> float:
        config = self._config
        warm = min(1.0, (self.step + 1) / config.warmup)
        falling = 0.5 * (1 + math.cos(math.pi * self.step / config.steps))
        return config.rate * warm * (_LAST_RATE + (1 - _LAST_RATE) * falling)

    @torch.no_grad()
    def _follow(self) -> None:
        # At first over fewer steps, else the random beginning would stay in it for long.
        keep = min(self._config.average, (1 + self.step) / (10 + self.step))
        averages = list(self.average.values())
        torch._foreach_lerp_(averages, list(self.model.state_dict().values()), 1 - keep)

    def keep(self, path: Path) -> None:
        """Write a checkpoint."""
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        for name, parameter in self.model.named_parameters():
            state = self._optimizer.state[parameter]
            tensors |= {f"{moment}.{name}": state[moment] for moment in _MOMENTS}
        save_checkpoint(path, tensors, self.step, self._config.digest)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint. Raises ArtifactError if it was made with other settings."""
        tensors, self.step = load_checkpoint(path, self._config.digest)
        for name, tensor in self.model.state_dict().items():
            tensor.copy_(tensors[f"model.{name}"])
            self.average[name].copy_(tensors[f"average.{name}"])
        for name, parameter in self.model.named_parameters():
            self._optimizer.state[parameter] = {m: tensors[f"{m}.{name}"] for m in _MOMENTS}


def losses(
    model: DemoModel, batch: Mapping[str, Tensor], config: Config, noise: torch.Generator
) -> Tensor:
    """Mean squared error of clean control points, and of the layout of objects.

    Every label sees ``draws`` flow times and noises; the encoder runs once an observation.
    """
    language = batch["bags"] @ model.words.weight
    embedding = model.encode(batch["images"], batch["measured"], language)
    labels = batch["points"].shape[1]
    told = [batch[name].flatten(0, 1) for name in ("position", "velocity", "ahead")]
    condition = model.conditioned(embedding.repeat_interleave(labels, dim=0), *told)
    clean = batch["points"].flatten(0, 1).repeat(config.draws, 1)
    time = torch.rand((len(clean), 1), generator=noise)
    start = torch.randn(clean.shape, generator=noise)
    noisy = torch.lerp(start, clean, time)
    found = model.head(noisy, time, condition.repeat(config.draws, 1))
    layout = functional.mse_loss(model.layout(embedding), batch["layout"])
    return functional.mse_loss(found, clean) + config.layout * layout
