"""Files of a log: ``NAME.000001.log``, ``NAME.000002.log`` and so on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PATTERN = re.compile(r"(?P<name>.+)\.(?P<number>\d{6,})\.log")


def file_of(directory: Path, name: str, number: int) -> Path:
    """The file ``number`` of the log ``name``."""
    return directory / f"{name}.{number:06d}.log"


def files_of(directory: Path, name: str) -> Mapping[int, Path]:
    """The files of one log by their number, in order."""
    return logs_in(directory).get(name, {})


def logs_in(directory: Path) -> Mapping[str, Mapping[int, Path]]:
    """Every log in a directory: its files by their number, in order."""
    found: dict[str, dict[int, Path]] = {}
    for path in directory.iterdir():
        match = PATTERN.fullmatch(path.name)
        if match:
            found.setdefault(match["name"], {})[int(match["number"])] = path
    return {name: dict(sorted(files.items())) for name, files in sorted(found.items())}
