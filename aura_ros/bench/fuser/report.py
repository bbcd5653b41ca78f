"""Tables of all cells as JSON and CSV, and the most important of them on the console."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Column, Table

from aura_ros.bench.fuser.job import OURS
from aura_ros.bench.fuser.scenario import CELLS
from aura_ros.bench.fuser.summary import Estimate, Ratio

HEADER = ("cell", "mrad", "best other", "mrad", "ratio", "95 %", "starved (%)")

Estimates = Mapping[str, Mapping[str, Mapping[str, Estimate]]]


def write_json(path: Path, table: Estimates, ratios: Sequence[Ratio], more: Any) -> None:
    """Every cell with its levels, and all figures of all systems as [mean, low, high]."""
    document = {
        "cells": {
            cell: {
                "levels": asdict(CELLS[cell]),
                "systems": {
                    system: {name: _triple(found) for name, found in figures.items()}
                    for system, figures in systems.items()
                },
            }
            for cell, systems in table.items()
        },
        "rmse_ratios": {
            ratio.cell: {"baseline": ratio.baseline, "ratio": _triple(ratio.estimate)}
            for ratio in ratios
        },
        "headline": more,
    }
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")


def write_csv(path: Path, table: Estimates) -> None:
    """A line a figure: cell, system, figure, mean, low, high."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cell", "system", "figure", "mean", "low", "high"])
        for cell, systems in table.items():
            for system, figures in systems.items():
                for name, found in figures.items():
                    writer.writerow([cell, system, name, *(f"{x:.6g}" for x in _triple(found))])


def ratio_table(table: Estimates, ratios: Sequence[Ratio]) -> Table:
    """Our error against the best limited baseline's in every cell, worst first."""
    shown = Table(*(Column(name, no_wrap=True) for name in HEADER), box=None)
    for ratio in ratios:
        ours, theirs = table[ratio.cell][OURS], table[ratio.cell][ratio.baseline]
        found = ratio.estimate
        shown.add_row(
            ratio.cell,
            f"{1e3 * ours['rmse'].value:.2f}",
            ratio.baseline.partition("+")[0],
            f"{1e3 * theirs['rmse'].value:.2f}",
            f"{found.value:.3f}",
            f"{found.low:.2f}-{found.high:.2f}",
            f"{1e2 * ours['starved'].value:.1f}",
        )
    return shown


def _triple(found: Estimate) -> list[float]:
    return [found.value, found.low, found.high]
