"""Errors of commands as one line on stderr: status 1, after 2 for a wrong command line."""

from __future__ import annotations

import errno
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

REMEDIES = {
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "give another path",
    errno.EEXIST: "give another path",
    errno.EISDIR: "give a file",
    errno.EACCES: "give a path that this user may use",
    errno.EPERM: "give a path that this user may use",
    errno.EROFS: "give a path on another disk",
    errno.ENOSPC: "make room, or give a path on another disk",
}


class Commands(TyperGroup):
    """Commands that end with the words of an error that was foreseen, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what it raises becomes words and an exit status."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise  # typer's own, and a reader who has seen enough
        except (ValueError, RuntimeError, OSError, ImportError) as error:
            console(stderr=True).print(Text(words_of(error), "red"), soft_wrap=True)
            raise typer.Exit(1) from error


def words_of(error: Exception) -> str:
    """What is said of ``error``: its own words, or what the system's mean."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return f"{package} is not installed: `aura doctor` says what needs it and what brings it"
    if isinstance(error, OSError) and error.filename is not None:
        remedy = REMEDIES.get(error.errno or 0)
        words = f"{error.filename}: {error.strerror}"
        return f"{words}: {remedy}" if remedy else words
    return str(error) or type(error).__name__


def console(stderr: bool = False) -> Console:
    """Where commands print; ``:smile:`` in a path stays as it is."""
    return Console(stderr=stderr, emoji=False)
