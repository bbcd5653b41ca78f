"""Everything that is wrong with a robot configuration, collected before it is reported."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ABSENT = object()


@dataclass(frozen=True)
class Problem:
    """One problem: where (``key`` path), what was found, what is allowed, what to do."""

    key: str
    value: str
    limit: str
    remedy: str

    def __str__(self) -> str:
        found = f"{self.key} = {self.value}" if self.value else self.key
        return f"{found}: {self.limit}; {self.remedy}"


class RobotConfigError(ValueError):
    """A robot configuration that cannot be used: its ``file`` and all its ``problems``."""

    def __init__(self, file: str, problems: tuple[Problem, ...]) -> None:
        self.file = file
        self.problems = problems
        if len(problems) == 1:
            text = f"{file}: {problems[0]}"
        else:
            lines = "".join(f"\n  {problem}" for problem in problems)
            text = f"{file}: {len(problems)} problems{lines}"
        super().__init__(text)


class Problems:
    """The problems of one file, in the order in which they were found."""

    def __init__(self, file: str | Path) -> None:
        self.file = str(file)
        self._found: list[Problem] = []

    def add(self, key: str, limit: str, remedy: str, value: Any = _ABSENT) -> None:
        """Note a problem at ``key``; ``value`` is left out where something is missing."""
        shown = "" if value is _ABSENT else reprlib.repr(value)
        self._found.append(Problem(key or "file", shown, limit, remedy))

    def under(self, *keys: str) -> bool:
        """True if anything in one of the sections ``keys`` is already known to be wrong."""
        return any(
            problem.key == key or problem.key.startswith((f"{key}.", f"{key}["))
            for problem in self._found
            for key in keys
        )

    def raise_if_any(self) -> None:
        """Raise RobotConfigError with all problems, or return if there is none."""
        if self._found:
            raise RobotConfigError(self.file, tuple(self._found))


def closest(name: object, known: Iterable[str]) -> str:
    """Words that point from a misspelt ``name`` to what is ``known``."""
    names = list(known)
    match = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    if match:
        return f"did you mean {match[0]!r}?"
    return f"known are: {', '.join(names)}" if names else "none is known"
