"""Episodes by system, task and latency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from aura_ros.bench.delay.experiment import Job
from aura_ros.bench.loop.outcome import Outcome

Cell = tuple[str, str, int]
"""System, task and latency [ms]."""


def cells(outcomes: Mapping[Job, Outcome]) -> dict[Cell, dict[int, Outcome]]:
    """Outcomes by cell and seed."""
    by_cell: dict[Cell, dict[int, Outcome]] = defaultdict(dict)
    for job, outcome in outcomes.items():
        by_cell[job.system, job.task, job.latency_ms][job.seed] = outcome
    return dict(by_cell)
