"""The table, the figures and the JSON of the closed-loop benchmark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from aura_ros.bench.delay.experiment import Grid, Job
from aura_ros.bench.delay.systems import LIMITED, OURS
from aura_ros.bench.loop.count import Row, paired, row
from aura_ros.bench.loop.outcome import Outcome
from aura_ros.bench.loop.shown import cell_text, shares, table_text
from aura_ros.figures import Metric

TITLE = (
    "By the policy's latency: done of all, 95 % interval, median time of those. Over all "
    "latencies: stalls, runs that broke a limit, and the peak measured acceleration [rad/s²] "
    "(median of the runs, worst latency)"
)
Cell = tuple[str, str, int]
"""System, task and latency [ms]."""


class Report:
    """Every cell of ``grid`` that has episodes, from the outcomes of its jobs."""

    def __init__(self, grid: Grid, outcomes: Mapping[Job, Outcome]) -> None:
        self.grid = grid
        self._cells: dict[Cell, dict[int, Outcome]] = defaultdict(dict)
        for job in grid.jobs():
            if job in outcomes:
                self._cells[job.system, job.task, job.latency_ms][job.seed] = outcomes[job]
        self.rows: dict[Cell, Row] = {
            cell: row(runs.values()) for cell, runs in self._cells.items()
        }

    def of(self, system: str, task: str, latency_ms: int) -> Row | None:
        """One cell, None where nothing ran."""
        return self.rows.get((system, task, latency_ms))

    def table(self, width: int) -> str:
        """A line for every task and system, in a text ``width`` characters wide."""
        table = Table(title=Text(TITLE), box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("task")
        table.add_column("system", no_wrap=True)
        for latency in self.grid.latencies_ms:
            table.add_column(f"{latency} ms", justify="right")
        for name in ("stalls", "broken", "peak"):
            table.add_column(name, justify="right")
        for task in self.grid.tasks:
            for system in self.grid.systems:
                found = [self.of(system, task, latency) for latency in self.grid.latencies_ms]
                table.add_row(task, system, *map(cell_text, found), *_sums(found))
            table.add_section()
        return table_text(table, width)

    def figures(self) -> dict[str, Metric]:
        """Ours at every task and latency beside the best of the others, and sums."""
        values: dict[str, Metric] = {"episodes": sum(r.episodes for r in self.rows.values())}
        values["seeds"] = len(self.grid.seeds)
        for task in self.grid.tasks:
            for latency in self.grid.latencies_ms:
                values |= self._compared(task, latency)
        for group, members in self._groups().items():
            values[f"stalls_{group}"] = sum(r.stalls for r in members)
            values[f"limit_violations_{group}"] = sum(r.violating for r in members)
        return values

    def _compared(self, task: str, latency: int) -> dict[str, Metric]:
        where = f"{task}_{latency}ms"
        values: dict[str, Metric] = {}
        ours, others = self.of(OURS, task, latency), self._others(task, latency)
        if ours is not None:
            values |= shares(f"ours_{where}", ours)
        if others:
            best = max(others, key=lambda name: _merit(others[name]))
            values[f"best_baseline_{where}"] = best
            values |= shares(f"best_baseline_{where}", others[best])
        return values

    def _others(self, task: str, latency: int) -> dict[str, Row]:
        found = {name: self.of(name, task, latency) for name in self.grid.systems if name != OURS}
        return {name: row for name, row in found.items() if row is not None}

    def _groups(self) -> dict[str, list[Row]]:
        """Rows of ours, of the others behind the limiter, and of the others as published."""
        groups: dict[str, list[Row]] = {}
        for (system, _, _), found in self.rows.items():
            limited = "limited" if system.endswith(LIMITED) else "published"
            groups.setdefault("ours" if system == OURS else limited, []).append(found)
        return groups

    def document(self) -> list[dict[str, Any]]:
        """Every cell with all its figures, and with its episodes by seed."""
        return [self._entry(cell, found) for cell, found in self.rows.items()]

    def _entry(self, cell: Cell, found: Row) -> dict[str, Any]:
        system, task, latency = cell
        runs, ours = self._cells[cell], self._cells.get((OURS, task, latency), {})
        named = {"system": system, "task": task, "latency_ms": latency}
        against = {} if system == OURS else {"against_ours": asdict(paired(runs, ours))}
        episodes = {str(seed): asdict(runs[seed]) for seed in sorted(runs)}
        return named | asdict(found) | against | {"by_seed": episodes}


def _merit(found: Row) -> tuple[int, float]:
    """Most successes first, then the shortest time."""
    return found.success, -(found.time_s if found.time_s is not None else float("inf"))


def _sums(rows: Iterable[Row | None]) -> tuple[str, str, str]:
    """Stalls, runs that broke a limit, and the largest of the median peak accelerations."""
    found = [row for row in rows if row is not None]
    peak = max((row.peak_acceleration for row in found), default=0.0)
    stalls, broken = sum(r.stalls for r in found), sum(r.violating for r in found)
    return str(stalls), str(broken), f"{peak:.0f}"
