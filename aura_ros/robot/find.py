"""Where robot configurations and URDFs are found: checkout, environment, ROS workspaces."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aura_ros.robot.problems import Problem, Problems, RobotConfigError, closest

CHECKOUT = Path(__file__).resolve().parents[2]
_SOURCES = ("file", "package", "example_robot_data", "topic")


def find_config(name_or_path: str | Path) -> Path:
    """File of a configuration: a path, or the bare name of a file in ``config/robots``.

    Names are looked for in the checkout, the Python environment and the ROS workspaces, in
    that order. Raises RobotConfigError that lists the known names.
    """
    path = Path(name_or_path).expanduser()
    if _is_file(path):
        return path.resolve()
    folders = [share / "config/robots" for share in share_folders()]
    if path.name == str(name_or_path):
        for folder in folders:
            candidate = folder / f"{path.name.removesuffix('.yaml')}.yaml"
            if _is_file(candidate):
                return candidate
    known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
    looked = ", ".join(str(folder) for folder in folders)
    problem = Problem("robot", "", f"no such configuration, neither a file nor in {looked}",
                      f"give a path or a name, {closest(path.stem, known)}")
    raise RobotConfigError(str(name_or_path), (problem,))


def find_share(relative: str) -> Path | None:
    """A shared file of this package (``config/...``, ``msg/...``), None if it is not installed."""
    for share in share_folders():
        if _is_file(share / relative):
            return share / relative
    return None


def read_urdf(source: Mapping[str, Any], base: Path, problems: Problems) -> bytes | None:
    """URDF that the table ``urdf`` of a configuration names, None after a problem was noted.

    ``base`` is the folder of the configuration, from which ``file`` is relative.
    """
    kind = _kind(source, problems)
    if kind is None:
        return None
    if kind == "topic":
        problems.add("urdf.topic", "the URDF comes from a topic, which is not read here",
                     "name a file, which xacro makes, in a copy of this configuration (urdf: "
                     "{file: robot.urdf}), or pass its text as urdf_text", source[kind])
        return None
    candidates, remedy = _candidates(kind, source, base)
    for path in candidates:
        if _is_file(path):
            return path.read_bytes()
    looked = ", ".join(str(path) for path in candidates) or "no folder at all"
    problems.add(f"urdf.{kind}", f"no such file (looked at {looked})", remedy, source[kind])
    return None


def _kind(source: Mapping[str, Any], problems: Problems) -> str | None:
    """The one source that is given, None after a problem was noted."""
    given = [kind for kind in _SOURCES if source[kind] is not None]
    if len(given) != 1:
        problems.add("urdf", f"must name exactly one source, names {len(given)}",
                     f"keep one of {', '.join(_SOURCES)}")
        return None
    if (given[0] == "package") != (source["path"] is not None):
        problems.add("urdf.path", "belongs to urdf.package, and urdf.package needs it",
                     "give both or neither")
        return None
    return given[0]


def _candidates(kind: str, source: Mapping[str, Any], base: Path) -> tuple[list[Path], str]:
    """Paths that may hold the URDF, and the remedy if none does."""
    if kind == "file":
        return [base / source["file"]], "correct the path, relative to the configuration"
    if kind == "package":
        shares = [prefix / "share" / source["package"] for prefix in _ament_prefixes()]
        remedy = "install the package and source its workspace"
        return [share / source["path"] for share in shares], remedy
    roots = [Path(entry) / "cmeel.prefix" for entry in sys.path] + _ament_prefixes()
    robots = [root / "share/example-robot-data/robots" for root in roots]
    present = [folder / source[kind] for folder in robots if folder.is_dir()]
    return present, "correct the path" if present else "pip install example-robot-data"


def _is_file(path: Path) -> bool:
    """True for a file; a path that cannot even be looked up, such as a too long one, is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def share_folders() -> Iterable[Path]:
    """Folders that may hold this package's shared files, the checkout first."""
    shares = [prefix / "share/aura_ros" for prefix in (Path(sys.prefix), *_ament_prefixes())]
    return dict.fromkeys((CHECKOUT, *shares))


def _ament_prefixes() -> list[Path]:
    """Install prefixes of the sourced ROS workspaces."""
    paths = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return [Path(path) for path in paths if path]
