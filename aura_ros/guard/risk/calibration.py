"""One file with what every watch of the policy was calibrated to.

JSON with the digest of the robot and of what it was made from; refused for another robot.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from aura_ros.guard.entry import Setup, Unavailable
from aura_ros.guard.named_file import FileName
from aura_ros.guard.ood.debounce import DebouncedLimit
from aura_ros.guard.ood.embedding import EmbeddingShape
from aura_ros.guard.ood.texts import KnownTexts
from aura_ros.guard.ood.uncertainty import GroupLimits
from aura_ros.guard.risk.conformal import CalibrationError
from aura_ros.guard.risk.fit_session import SessionRisk
from aura_ros.robot.spec import Field
from aura_ros.types import digest_of

FORMAT = "aura_ros guard calibration 1"
REMEDY = "make it with `aura calibrate --guard`"
OPTION = Field(
    FileName(REMEDY),
    "file of the guard's calibration, as a path from the folder of this file",
    None,
)


@dataclass(frozen=True)
class GuardCalibration:
    """What each watch is held to; None: no episode showed it.

    ``robot`` is the digest of the robot's description, ``alpha`` the false-alarm rate an episode
    that was asked for, ``episodes`` how many were used, ``source`` the digest of them.
    """

    robot: str
    alpha: float
    episodes: int
    source: str
    session_risk: SessionRisk
    instruction: KnownTexts | None = None
    embedding: EmbeddingShape | None = None
    sensitivity: DebouncedLimit | None = None
    uncertainty: GroupLimits | None = None

    def text(self) -> str:
        """As JSON, with a digest of itself."""
        record = _plain(self)
        return json.dumps({"format": FORMAT, "digest": _digest(record)} | record, indent=1) + "\n"

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.text())


def load(path: Path, robot: str) -> GuardCalibration:
    """Read a file; ``robot`` is the digest of the robot. Raises CalibrationError."""
    try:
        stat = path.stat()
        calibration = _read(path, stat.st_mtime_ns, stat.st_size)
    except FileNotFoundError:
        raise CalibrationError(f"{path} does not exist: {REMEDY}") from None
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error}") from error
    if calibration.robot != robot:
        raise CalibrationError(
            f"{path} was made for another robot description: {REMEDY} for this one"
        )
    return calibration


def part_of(setup: Setup, name: str) -> Any:
    """The part ``name`` of the calibration that a check's options name.

    Raises Unavailable where none is configured or it lacks that part, CalibrationError where the
    file cannot be used.
    """
    configured = setup.options.get("calibration")
    if configured is None:
        raise Unavailable(f"no calibration: {REMEDY} and name it in the option `calibration`")
    path = Path(configured)
    part = getattr(load(path, setup.robot.digest), name)
    if part is None:
        raise Unavailable(f"{path} has no part {name}: too few episodes showed any")
    return part


@lru_cache(maxsize=8)
def _read(path: Path, mtime_ns: int, size: int) -> GuardCalibration:
    """The file as it was at that time; read once for all watches."""
    try:
        record = json.loads(path.read_text())
        if record.pop("format", None) != FORMAT:
            raise ValueError(f"its format is not {FORMAT!r}")
        if record.pop("digest", None) != _digest(record):
            raise ValueError("it was changed after it was made")
        calibration = _typed(GuardCalibration, record)
        assert isinstance(calibration, GuardCalibration)
        return calibration
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CalibrationError(f"{path} is no calibration of a guard: {error}; {REMEDY}") from error


def _digest(record: Mapping[str, Any]) -> str:
    return digest_of(json.dumps(record, sort_keys=True))


def _plain(value: Any) -> Any:
    """Dataclasses as tables, arrays and tuples as lists, infinity as null."""
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _typed(kind: Any, value: Any) -> Any:
    """The value of type ``kind`` that _plain made ``value`` of. Raises ValueError, TypeError."""
    if isinstance(kind, types.UnionType):
        return None if value is None else _typed(typing.get_args(kind)[0], value)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        if set(value) != set(hints):
            raise ValueError(f"{set(value) ^ set(hints)} is missing or unknown")
        return typing.cast(Any, kind)(**{k: _typed(hints[k], v) for k, v in value.items()})
    if typing.get_origin(kind) is tuple:
        return tuple(value)
    if kind is str or kind is int:
        return kind(value)
    array = np.array(value, dtype=np.float64)
    if kind is float:
        return float(np.where(np.isnan(array), np.inf, array))
    return np.where(np.isnan(array), np.inf, array)
