"""Measured figures as JSON, in one shape for the demo, replays and benchmarks."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree

import numpy as np

from aura_ros.robot.find import find_share

Metric: TypeAlias = float | int | str

_CHECKOUT = Path(__file__).resolve().parent.parent


class FigureError(ValueError):
    """A metric that is neither a finite number nor text."""


def write_figures(path: str | Path, name: str, metrics: Mapping[str, Metric]) -> None:
    """Write ``{"name", "commit", "machine", "metrics"}`` to ``path``; its folder is made.

    Raises FigureError naming the metric that is not a finite number, or text.
    """
    document = {
        "name": name,
        "commit": commit(),
        "machine": machine(),
        "metrics": {key: _plain(key, value) for key, value in metrics.items()},
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n")


def version() -> str:
    """Version of this package, or "unknown"."""
    file = find_share("package.xml")
    if file is not None:
        return ElementTree.parse(file).findtext("version") or "unknown"
    try:
        return metadata.version("aura_ros")
    except metadata.PackageNotFoundError:
        return "unknown"


def commit(checkout: Path = _CHECKOUT) -> str:
    """Hash of the checkout's commit, with ``-dirty`` if files differ from it, or "unknown"."""
    if not (checkout / ".git").exists():
        return "unknown"
    asked = [
        "git",
        "-C",
        str(checkout),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return said.stdout.strip()


def machine() -> dict[str, Metric]:
    """What the figures were measured on: processor, cores, Python and numpy."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    try:
        for line in cpuinfo.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def _plain(key: str, value: Any) -> Metric:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise FigureError(f"metric {key} is {value!r}; a number or a text is needed")
    if not math.isfinite(value):
        raise FigureError(f"metric {key} is {value}; leave out what was not measured")
    return int(value) if isinstance(value, (int, np.integer)) else float(value)
