"""One file with what every watch of the policy was calibrated to.

JSON with what it was made from and with; refused for another robot and for other limits.
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
from aura_ros.guard.risk.made_with import REMEDY, Body, MadeBy, SamePolicy, differences
from aura_ros.robot.description import Robot
from aura_ros.robot.spec import Field
from aura_ros.types import digest_of

FORMAT = "aura_ros guard calibration 2"
# Of numbers in the file: more than what they were measured to, and a covariance stays one.
DIGITS = 9
# Of what differs from the robot, so many are named.
NAMED = 3
OPTION = Field(
    FileName(REMEDY),
    "file of the guard's calibration, as a path from the folder of this file",
    None,
)


@dataclass(frozen=True)
class GuardCalibration:
    """What each watch is held to; None: no episode showed it.

    ``robot`` and ``policy`` are what it holds for, ``alpha`` the false-alarm rate an episode that
    was asked for, ``episodes`` and ``turns`` how many were used, ``seeds`` the first and the last
    one of their scenes where those have seeds, ``source`` the digest of all episodes and
    ``version`` that of this package.
    """

    robot: Body
    policy: MadeBy
    alpha: float
    episodes: int
    turns: int
    seeds: tuple[int, ...] | None
    source: str
    version: str
    session_risk: SessionRisk
    instruction: KnownTexts | None = None
    embedding: EmbeddingShape | None = None
    sensitivity: DebouncedLimit | None = None
    uncertainty: GroupLimits | None = None

    def text(self) -> str:
        """As JSON, a line a key, with a digest of itself."""
        record = _plain(self)
        record = {"format": FORMAT, "digest": _digest(record)} | record
        lines = (f'"{key}": {json.dumps(value)}' for key, value in record.items())
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(self.text())


def as_written(calibration: GuardCalibration) -> GuardCalibration:
    """The same with numbers as a file has them."""
    written: GuardCalibration = _typed(GuardCalibration, _plain(calibration))
    return written


def load(path: Path, robot: Robot) -> GuardCalibration:
    """Read a file for ``robot``. Raises CalibrationError, also where it was made for another."""
    try:
        stat = path.stat()
        calibration = _read(path, stat.st_mtime_ns, stat.st_size)
    except FileNotFoundError:
        raise CalibrationError(f"{path} does not exist: {REMEDY}") from None
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error.strerror}") from error
    wrong = differences(calibration.robot, robot)
    if wrong:
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        words = f"was made for another robot or other limits: {'; '.join(wrong[:NAMED])}{more}"
        raise CalibrationError(f"{path} {words}: {REMEDY} for {robot.name} as it is now")
    return calibration


def part_of(setup: Setup, name: str) -> tuple[Any, SamePolicy]:
    """The part ``name`` of the calibration that a check's options name, and what tells whether
    chunks come from the policy that it was made with.

    Raises Unavailable where none is configured or it lacks that part, CalibrationError where the
    file cannot be used.
    """
    configured = setup.options.get("calibration")
    if configured is None:
        raise Unavailable(f"no calibration: {REMEDY} and name it in the option `calibration`")
    path = Path(configured)
    calibration = load(path, setup.robot)
    part = getattr(calibration, name)
    if part is None:
        raise Unavailable(f"{path} has no part {name}: too few episodes showed any; {REMEDY} anew")
    return part, SamePolicy(str(path), calibration.policy)


@lru_cache(maxsize=8)
def _read(path: Path, mtime_ns: int, size: int) -> GuardCalibration:
    """The file as it was at that time; read once for all watches."""
    try:
        record = json.loads(path.read_text())
        found = record.pop("format", None)
        if found != FORMAT:
            raise ValueError(f"format is {found!r}, this version reads {FORMAT!r}")
        if record.pop("digest", None) != _digest(record):
            raise ValueError("digest is not that of the rest: it was changed after it was made")
        calibration = _typed(GuardCalibration, record)
        assert isinstance(calibration, GuardCalibration)
        return calibration
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CalibrationError(f"{path} is no calibration of a guard: {error}; {REMEDY}") from error


def _digest(record: Mapping[str, Any]) -> str:
    return digest_of(json.dumps(record, sort_keys=True))


def _plain(value: Any) -> Any:
    """Dataclasses as tables, arrays and tuples as lists, what JSON has no number for as text."""
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else str(float(value))
    return value.item() if isinstance(value, np.generic) else value


def _typed(kind: Any, value: Any) -> Any:
    """The value of type ``kind`` that _plain made ``value`` of. Raises ValueError, TypeError."""
    if isinstance(kind, types.UnionType):
        return None if value is None else _typed(typing.get_args(kind)[0], value)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        if set(value) != set(hints):
            raise ValueError(f"{', '.join(sorted(set(value) ^ set(hints)))} is missing or unknown")
        return typing.cast(Any, kind)(**{k: _typed(hints[k], v) for k, v in value.items()})
    if typing.get_origin(kind) is tuple:
        return tuple(value)
    if kind in (str, int, float):
        return kind(value)
    return np.array(value, dtype=np.float64)
