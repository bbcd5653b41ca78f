"""Options that several commands share, looked at before the work and not after it."""

import os
from pathlib import Path
from typing import Annotated, Optional, TypeAlias, TypeVar

import typer

T = TypeVar("T")
# typer 0.9, which distributions ship, reads neither `T | None` nor annotations that are put off.
Maybe: TypeAlias = Optional[T]  # noqa: UP045


def folder(path: Path) -> Path:
    """A directory for results, there or not. Raises typer.BadParameter."""
    for found in (path, *path.absolute().parents):
        if found.exists() or found.is_symlink():
            break
    if not found.is_dir():
        raise typer.BadParameter(f"{found} is no directory: give another path")
    if not os.access(found, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"{found} may not be written to: give another path")
    return path


def file(path: Path | None) -> Path | None:
    """A file for results, there or not. Raises typer.BadParameter."""
    if path is None:
        return None
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a directory: give the path of a file")
    if path.exists() and not os.access(path, os.W_OK):
        raise typer.BadParameter(f"{path} may not be written to: give another path")
    folder(path.parent)
    return path


RobotOption = Annotated[str, typer.Option(help="a name in config/robots, or a file")]
LimitsOption = Annotated[Maybe[str], typer.Option(help="tighter limits of the robot")]
JsonOption = Annotated[
    Maybe[Path], typer.Option("--json", callback=file, help="write the figures here")
]
