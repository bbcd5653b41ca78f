"""What the outcome of an episode depends on, as one digest: equal digests, equal episodes."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from aura_ros.types import digest_of

PACKAGE = Path(__file__).resolve().parents[2]


def version_of(parts: Iterable[str], libraries: Iterable[str], *conditions: Any) -> str:
    """Digest of conditions, libraries, and the code of ``parts``: files, folders of the package."""
    files = sorted(file for part in parts for file in _sources(PACKAGE / part))
    code = [(file.relative_to(PACKAGE).as_posix(), file.read_bytes()) for file in files]
    installed = [(name, _version(name)) for name in libraries]
    return digest_of(*conditions, installed, *code)


def _version(library: str) -> str:
    """Of an installed library; of one that came another way, as from apt, it is not known."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def _sources(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.py"))
