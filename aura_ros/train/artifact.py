"""Files of training: the artifact that ships, and checkpoints. Both are safetensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file as save_tensors
from scipy.interpolate import BSpline
from torch import Tensor

from aura_ros.policy.demo import FORMAT, fit_digest
from aura_ros.robot.description import Robot
from aura_ros.train.suite import Suite
from aura_ros.types import NS

MOST_BYTES = 10_000_000
TRAINING_ONLY = "layout."


class ArtifactError(ValueError):
    """A file that cannot be written or does not belong here: names it and the remedy."""


@dataclass(frozen=True)
class Normalisation:
    """What is shipped besides weights: the spline of a chunk, and the scales of numbers.

    ``basis`` (H, m) of the free control points, ``lead`` (H,) [s] of the told velocity;
    ``position_mean``, ``position_scale``, ``velocity_scale`` (n,), ``point_scale`` (m, n).
    """

    basis: NDArray[np.float32]
    lead: NDArray[np.float32]
    position_mean: NDArray[np.float32]
    position_scale: NDArray[np.float32]
    velocity_scale: NDArray[np.float32]
    point_scale: NDArray[np.float32]

    def tensors(self) -> dict[str, NDArray[Any]]:
        """By name."""
        return dict(vars(self))


def spline(horizon: int, row_period_s: float, points: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """``basis`` (H, points) and ``lead`` (H,) of a clamped cubic B-spline that begins at zero
    with a given velocity: of its control points the first is zero, the second the velocity's
    share, the others are free."""
    pieces = points - 1
    knots = np.concatenate([[0.0] * 3, np.linspace(0.0, 1.0, pieces + 1), [1.0] * 3])
    times = np.linspace(0.0, 1.0, horizon)
    design = BSpline.design_matrix(times, knots, 3).toarray()
    piece_s = (horizon - 1) * row_period_s / pieces
    return design[:, 2:].astype(np.float32), (design[:, 1] * piece_s / 3).astype(np.float32)


def save_artifact(
    path: Path,
    weights: Mapping[str, Tensor],
    normalisation: Normalisation,
    suite: Suite,
    robot: Robot,
    made_from: Mapping[str, Any],
) -> None:
    """Write what the policy needs. Raises ArtifactError where it is over 10 MB."""
    tensors = {
        name: tensor.detach().numpy()
        for name, tensor in weights.items()
        if not name.startswith(TRAINING_ONLY)
    }
    metadata = {
        "format": FORMAT,
        "robot": robot.name,
        "fit": fit_digest(robot),
        "joints": json.dumps(robot.joints),
        "cameras": json.dumps(suite.cameras),
        "image_size": str(suite.image_size),
        "horizon": str(robot.horizon),
        "row_period_s": repr(robot.row_period_ns / NS),
        "instructions": json.dumps(suite.instructions),
        "made_from": json.dumps(made_from, sort_keys=True),
    }
    unfinished = path.with_suffix(".part")
    save_arrays(tensors | normalisation.tensors(), unfinished, metadata)
    if unfinished.stat().st_size > MOST_BYTES:
        raise ArtifactError(
            f"{path} would have {unfinished.stat().st_size} bytes, {MOST_BYTES} are allowed: "
            "train a smaller network"
        )
    unfinished.replace(path)


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], step: int, config: str) -> None:
    """Write the whole state of training after ``step`` steps, all of it or nothing."""
    unfinished = path.with_suffix(".part")
    whole = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_tensors(whole, unfinished, {"step": str(step), "config": config})
    unfinished.replace(path)


def load_checkpoint(path: Path, config: str) -> tuple[dict[str, Tensor], int]:
    """Tensors and steps of a checkpoint. Raises ArtifactError if it was made otherwise."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        if metadata.get("config") != config:
            raise ArtifactError(
                f"{path} was made with other settings: repeat those, or choose another --out"
            )
        tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return tensors, int(metadata["step"])
