"""All demonstrations in memory, normalised, by index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aura_ros.policy.demo_network import BUCKETS, buckets_of
from aura_ros.train.artifact import Normalisation

# A scale below this [rad, m or per s] is rounding, not motion.
_LEAST_SCALE = 1e-3
_LEAST_SHARE = 0.15


class Dataset:
    """The observations of ``files``; N in all, K labels each."""

    def __init__(
        self, files: Sequence[Path], normalisation: Normalisation, instructions: Sequence[str]
    ) -> None:
        arrays = _joined(files)
        n = normalisation
        self._images: NDArray[np.uint8] = arrays["images"]
        self._bags = bags(instructions)
        self._instruction: NDArray[np.int64] = arrays["instruction"]
        points = control_points(arrays, n.basis, n.lead) / n.point_scale
        numbers = {
            "measured": (arrays["measured"] - n.position_mean) / n.position_scale,
            "position": (arrays["position"] - n.position_mean) / n.position_scale,
            "velocity": arrays["velocity"] / n.velocity_scale,
            "ahead": arrays["ahead"][..., None],
            "points": points.reshape(*points.shape[:2], -1),
            "layout": arrays["layout"],
        }
        self._numbers = {
            name: torch.from_numpy(np.ascontiguousarray(value, np.float32))
            for name, value in numbers.items()
        }

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, chosen: NDArray[np.int64]) -> dict[str, Tensor]:
        """The observations ``chosen`` (b,) with all their labels."""
        found = {name: value[chosen] for name, value in self._numbers.items()}
        found["images"] = torch.from_numpy(self._images[chosen])
        found["bags"] = self._bags[self._instruction[chosen]]
        return found


def normalisation(
    files: Sequence[Path], basis: NDArray[np.float32], lead: NDArray[np.float32]
) -> Normalisation:
    """The scales of the data in ``files``, for chunks of the spline ``basis``, ``lead``."""
    arrays = _joined(files, leave_out=("images",))
    points = control_points(arrays, basis, lead)
    spread = points.std(axis=(0, 1))
    # Early points hardly move: unscaled they would weigh as much as all others.
    spread = np.maximum(spread, _LEAST_SHARE * spread.max(axis=0))
    position, velocity = (
        arrays[name].reshape(-1, points.shape[-1]) for name in ("position", "velocity")
    )
    return Normalisation(
        basis,
        lead,
        position.mean(axis=0),
        np.maximum(position.std(axis=0), _LEAST_SCALE),
        np.maximum(velocity.std(axis=0), _LEAST_SCALE),
        np.maximum(spread, _LEAST_SCALE),
    )


def control_points(
    arrays: dict[str, NDArray[Any]], basis: NDArray[np.float32], lead: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Free control points (N, K, m, n) of the labels' rows."""
    line = lead[:, None] * arrays["velocity"][:, :, None]
    curves = arrays["rows"] - arrays["position"][:, :, None] - line
    return np.asarray(np.linalg.pinv(basis) @ curves, dtype=np.float32)


def bags(instructions: Sequence[str]) -> Tensor:
    """Shares of the hash buckets in each instruction, (instructions, BUCKETS)."""
    found = torch.zeros(len(instructions), BUCKETS)
    for row, text in zip(found, instructions, strict=True):
        buckets = torch.from_numpy(buckets_of(text))
        row.index_add_(0, buckets, torch.full((len(buckets),), 1 / len(buckets)))
    return found


def _joined(files: Sequence[Path], leave_out: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Arrays of all files by name, each filled in place: twice the images may not fit."""
    counts = [len(_array(path, "instruction")) for path in files]
    ends = np.cumsum(counts)
    with np.load(files[0], allow_pickle=False) as first:
        names = set(first.files) - {"digest", "success", *leave_out}
        joined = {n: np.empty((ends[-1], *first[n].shape[1:]), first[n].dtype) for n in names}
    for path, end, count in zip(files, ends, counts, strict=True):
        for name, array in joined.items():
            array[end - count : end] = _array(path, name)
    return joined


def _array(path: Path, name: str) -> NDArray[Any]:
    with np.load(path, allow_pickle=False) as file:
        found: NDArray[Any] = file[name]
    return found
