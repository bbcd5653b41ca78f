"""Finished episodes in a file of JSON lines, so that an interrupted benchmark goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

from aura_ros.bench.loop.outcome import Outcome

Job = TypeVar("Job")


class Store(Generic[Job]):
    """The episodes in ``path`` that belong to ``version``; others stay there and are ignored.

    ``kind`` is the frozen dataclass that names an episode. A line that broke off, or is no
    episode, is ignored too: that episode is run again.
    """

    def __init__(self, path: Path, version: str, kind: type[Job]) -> None:
        self._path, self._version, self._kind = path, version, kind
        self.outcomes: dict[Job, Outcome] = dict(self._read())

    def add(self, job: Job, outcome: Outcome) -> None:
        """Keep one finished episode, at once."""
        entry = {"version": self._version, "job": vars(job), "outcome": asdict(outcome)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
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

    def _read(self) -> Iterator[tuple[Job, Outcome]]:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        for line in lines:
            try:
                entry = json.loads(line)
                if entry["version"] == self._version:
                    yield self._kind(**entry["job"]), _outcome(entry["outcome"])
            except (ValueError, KeyError, TypeError):
                continue


def _outcome(fields: dict[str, Any]) -> Outcome:
    return Outcome(**fields | {"violations": tuple(fields["violations"])})
