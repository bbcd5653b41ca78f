"""Finished episodes in a file of JSON lines, so that an interrupted benchmark goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

from aura_ros.bench.loop.outcome import Outcome

Job = TypeVar("Job")
Result = TypeVar("Result")


class Store(Generic[Job, Result]):
    """The episodes in ``path`` that belong to ``version``; others stay there and are ignored.

    ``kind`` is the frozen dataclass that names an episode, ``read`` makes the dataclass that says
    how one went from its fields. A line that broke off, or is no episode, is ignored too: that
    episode is run again. Raises OSError at once where ``path`` cannot be written.
    """

    def __init__(
        self, path: Path, version: str, kind: type[Job], read: Callable[..., Result]
    ) -> None:
        self._path, self._version, self._kind, self._made = path, version, kind, read
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()  # what cannot be written is told before the first episode
        self.outcomes: dict[Job, Result] = dict(self._read())

    def add(self, job: Job, outcome: Result) -> None:
        """Keep one finished episode, at once."""
        entry = {"version": self._version, "job": vars(job), "outcome": asdict(outcome)}  # type: ignore[call-overload]
        with self._path.open("a") as file:
            # First an end of line: the file may end in the middle of one.
            file.write(("\n" if self._is_open() else "") + json.dumps(entry) + "\n")
        self.outcomes[job] = outcome

    def _is_open(self) -> bool:
        if not self._path.stat().st_size:
            return False
        with self._path.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) != b"\n"

    def _read(self) -> Iterator[tuple[Job, Result]]:
        for line in self._path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                if entry["version"] == self._version:
                    yield self._kind(**entry["job"]), self._made(**entry["outcome"])
            except (ValueError, KeyError, TypeError):
                continue


def outcome_of(**fields: Any) -> Outcome:
    """An outcome from the fields that JSON kept."""
    return Outcome(**fields | {"violations": tuple(fields["violations"])})
