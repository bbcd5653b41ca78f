"""The table, the figures and the JSON of the benchmark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from aura_ros.bench.closed_loop.experiment import ARMS, FUSER, NAMED, OTHER, SYNC, Grid, Job
from aura_ros.bench.loop.count import Row, paired, row
from aura_ros.bench.loop.outcome import Outcome
from aura_ros.bench.loop.shown import cell_text, shares, table_text
from aura_ros.figures import Metric

MISLED = "told other"
Cell = tuple[str, str, str]
"""Arm, task, and what the policy is told."""


class Report:
    """Every cell of ``grid`` that has episodes, from the outcomes of its jobs."""

    def __init__(self, grid: Grid, outcomes: Mapping[Job, Outcome]) -> None:
        self.grid = grid
        self._cells: dict[Cell, dict[int, Outcome]] = defaultdict(dict)
        for job in grid.jobs():
            if job in outcomes:
                self._cells[job.arm, job.task, job.told][job.seed] = outcomes[job]
        self._rows = {cell: row(runs.values()) for cell, runs in self._cells.items()}

    def of(self, arm: str, task: str, told: str = NAMED) -> Row | None:
        """One cell, None where nothing ran."""
        return self._rows.get((arm, task, told))

    @property
    def columns(self) -> tuple[tuple[str, str, str], ...]:
        """Title, arm and what is told of each column."""
        arms = tuple((arm, arm, NAMED) for arm in ARMS if arm in self.grid.arms)
        return arms + (((MISLED, FUSER, OTHER),) if self.grid.misled else ())

    def table(self, width: int, title: str) -> str:
        """A line for every task, in a text ``width`` characters wide."""
        table = Table(title=Text(title), box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("task")
        for name, _, _ in self.columns:
            table.add_column(name, justify="right")
        for task in self.grid.tasks:
            table.add_row(task, *(cell_text(self.of(a, task, told)) for _, a, told in self.columns))
        sums = [self._sums(arm, told) for _, arm, told in self.columns]
        table.add_row("stalls of these", *(str(stalls) for stalls, _ in sums))
        table.add_row("broke a limit", *(str(broken) for _, broken in sums))
        return table_text(table, width)

    def figures(self) -> dict[str, Metric]:
        """Success, time, stalls and broken limits by arm, and the fuser against waiting."""
        values: dict[str, Metric] = {"episodes": sum(r.episodes for r in self._rows.values())}
        values["seeds"] = len(self.grid.seeds)
        for arm in self.grid.arms:
            for task in self.grid.tasks:
                found = self.of(arm, task)
                if found is not None:
                    values |= shares(f"{arm}_{task}", found)
            values[f"stalls_{arm}"], values[f"limit_violations_{arm}"] = self._sums(arm)
        return values | self._misled() | self._against_waiting()

    def _misled(self) -> dict[str, Metric]:
        """Success where the instruction names the other object, of each task and of all."""
        runs = [o for (_, _, told), cell in self._cells.items() if told == OTHER
                for o in cell.values()]  # fmt: skip
        if not runs:
            return {}
        every = row(runs)
        values: dict[str, Metric] = {
            "success_wrong_instruction": every.success / every.episodes,
            "success_wrong_instruction_low": every.low,
            "success_wrong_instruction_high": every.high,
        }
        for task in self.grid.tasks:
            found = self.of(FUSER, task, OTHER)
            if found is not None:
                values[f"success_wrong_instruction_{task}"] = found.success / found.episodes
        return values

    def _against_waiting(self) -> dict[str, Metric]:
        """The fuser's success less that of waiting for every answer, in points."""
        values: dict[str, Metric] = {}
        shares = []
        for task in self.grid.tasks:
            ours, waiting = self.of(FUSER, task), self.of(SYNC, task)
            if ours is None or waiting is None:
                continue
            share = ours.success / ours.episodes - waiting.success / waiting.episodes
            values[f"points_above_sync_{task}"] = 100 * share
            shares.append(share)
        if shares:
            values["points_above_sync"] = 100 * sum(shares) / len(shares)
        return values

    def _sums(self, arm: str, told: str = NAMED) -> tuple[int, int]:
        """Stalls in episodes that were done, and episodes that broke a limit.

        Where a policy fails it may rest for ever, which is no matter of how it is executed.
        """
        runs = [o for (who, _, said), cell in self._cells.items() if (who, said) == (arm, told)
                for o in cell.values()]  # fmt: skip
        stalls = sum(run.stalls for run in runs if run.done_s is not None)
        return stalls, sum(bool(run.violations) for run in runs)

    def document(self) -> list[dict[str, Any]]:
        """Every cell with all its figures, and with its episodes by seed."""
        return [self._entry(cell, found) for cell, found in self._rows.items()]

    def _entry(self, cell: Cell, found: Row) -> dict[str, Any]:
        arm, task, told = cell
        runs, ours = self._cells[cell], self._cells.get((FUSER, task, NAMED), {})
        named = {"arm": arm, "task": task, "told": told}
        against = {} if cell == (FUSER, task, NAMED) else {"against_fuser": _paired(runs, ours)}
        episodes = {str(seed): asdict(runs[seed]) for seed in sorted(runs)}
        return named | asdict(found) | against | {"by_seed": episodes}


def _paired(this: Mapping[int, Outcome], ours: Mapping[int, Outcome]) -> dict[str, Any]:
    return asdict(paired(this, ours))
