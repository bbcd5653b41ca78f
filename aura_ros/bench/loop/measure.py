"""Running the episodes that are not finished yet, and writing what came of all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from aura_ros.bench.loop.pool import outcomes
from aura_ros.bench.loop.store import Store
from aura_ros.figures import commit, machine

Job = TypeVar("Job")
Conditions = TypeVar("Conditions")
Result = TypeVar("Result")

EPISODES, CELLS, TABLE = "episodes.jsonl", "cells.json", "table.txt"


def finished(
    run: Callable[[Job, Conditions], Result],
    jobs: Sequence[Job],
    conditions: Conditions,
    store: Store[Job, Result],
    say: Callable[[str], None],
    workers: int | None = None,
) -> dict[Job, Result]:
    """The outcomes of all ``jobs``; those that ``store`` holds are not run again.

    ``workers``: processes, by default one a core; 0 runs in this one.
    """
    left = [job for job in jobs if job not in store.outcomes]
    say(f"{len(left)} episodes to run, {len(jobs) - len(left)} finished before")
    for job, outcome in track(outcomes(run, left, conditions, workers), "episodes", len(left)):
        store.add(job, outcome)
    return store.outcomes


def write(
    out: Path,
    made_by: str,
    cells: list[dict[str, Any]],
    text: Callable[[int], str],
    width: int,
    say: Callable[[str], None],
) -> None:
    """Every cell as JSON with the code's version, commit and machine; the tables as a text that
    is ``width`` characters wide, and said as wide as the terminal."""
    document = {"commit": commit(), "machine": machine(), "version": made_by, "cells": cells}
    out.mkdir(parents=True, exist_ok=True)
    (out / CELLS).write_text(json.dumps(document, indent=1) + "\n")
    (out / TABLE).write_text(text(width))
    say(escape(text(Console().width)))
