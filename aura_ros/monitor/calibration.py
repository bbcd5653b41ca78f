"""Thresholds from successful episodes, with a false-alarm rate that holds.

Scores are scaled robustly and fused by their maximum; the threshold is the
ceil((n + 1)(1 - alpha))-th smallest of the n episodes' maxima (split conformal prediction), and
infinite where that exceeds n: then too few episodes were seen, and the monitor says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aura_ros.types import Array, digest_of


class CalibrationError(ValueError):
    """A calibration file that cannot be used here."""


@dataclass(frozen=True)
class Calibration:
    """Centre and scale of each score, thresholds of their fused maximum.

    ``robot`` is the digest of the robot's description; ``episodes`` how many successes were
    seen; ``alpha`` the false-alarm rate per episode; ``source`` the digest of the scores.
    """

    robot: str
    score_names: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    alpha: float
    episodes: int
    alarm: float
    warn: float
    source: str

    def fuse(self, scores: Array) -> float:
        """Largest scaled score of shape (s,); NaN if all are missing."""
        scaled = (scores - np.array(self.centres)) / np.array(self.scales)
        return float(np.nanmax(scaled)) if np.isfinite(scaled).any() else float("nan")

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


def threshold(maxima: Sequence[float], alpha: float) -> float:
    """The order statistic that holds a false-alarm rate of ``alpha``; infinite if n is small."""
    rank = math.ceil((len(maxima) + 1) * (1 - alpha))
    return float(sorted(maxima)[rank - 1]) if rank <= len(maxima) else math.inf


def calibrate(
    episodes: Sequence[Array], score_names: Sequence[str], robot: str, alpha: float
) -> Calibration:
    """Calibrate on successful ``episodes``, each (T, s) of raw scores.

    The first half of the episodes gives centre and scale, the second half the thresholds.
    """
    if not 0 < alpha < 1:
        raise CalibrationError(f"alpha is {alpha}; it must be between 0 and 1")
    if len(episodes) < 4:
        raise CalibrationError(f"{len(episodes)} successful episodes; at least 4 are needed")
    if not all(np.isfinite(episode).any() for episode in episodes):
        raise CalibrationError("an episode has no score at all: record it again or leave it out")
    half = len(episodes) // 2
    pooled = np.concatenate(episodes[:half])
    centres = np.nanmedian(pooled, axis=0)
    scales = np.maximum(1.4826 * np.nanmedian(np.abs(pooled - centres), axis=0), 1e-6)
    shape = Calibration(
        robot,
        tuple(score_names),
        tuple(centres.tolist()),
        tuple(scales.tolist()),
        alpha,
        len(episodes) - half,
        math.inf,
        math.inf,
        digest_of(*(np.asarray(e) for e in episodes)),
    )
    maxima = [np.nanmax([shape.fuse(row) for row in episode]) for episode in episodes[half:]]
    fields = asdict(shape) | {
        "alarm": threshold(maxima, alpha),
        "warn": threshold(maxima, min(2 * alpha, 0.5)),
    }
    return Calibration(**fields)


def load_calibration(path: Path, robot: str, score_names: Sequence[str]) -> Calibration:
    """Read a file made by :func:`calibrate`; refuse one made for something else."""
    try:
        fields: Mapping[str, Any] = json.loads(path.read_text())
        names = ("score_names", "centres", "scales")
        calibration = Calibration(**{**fields, **{n: tuple(fields[n]) for n in names}})
        _check_numbers(calibration)
    except FileNotFoundError:
        raise CalibrationError(f"{path} does not exist: make it with `aura calibrate`") from None
    except (ValueError, TypeError, KeyError) as error:
        raise CalibrationError(f"{path} is no calibration file: {error}") from error
    if calibration.robot != robot:
        raise CalibrationError(
            f"{path} was made for another robot description: calibrate again with this one"
        )
    if calibration.score_names != tuple(score_names):
        raise CalibrationError(
            f"{path} calibrates {list(calibration.score_names)}, the monitor has "
            f"{list(score_names)}: calibrate again"
        )
    return calibration


def _check_numbers(calibration: Calibration) -> None:
    """Raise ValueError where a score could not be fused or a threshold not be exceeded."""
    names, centres, scales = calibration.score_names, calibration.centres, calibration.scales
    if not len(names) == len(centres) == len(scales):
        raise ValueError("score_names, centres and scales differ in length")
    if not np.isfinite([*centres, *scales]).all() or min(scales, default=0.0) <= 0:
        raise ValueError("centres must be finite, scales positive")
    if math.isnan(calibration.alarm) or math.isnan(calibration.warn):
        raise ValueError("a threshold is not a number")
