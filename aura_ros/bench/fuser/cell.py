"""One cell on the console, a line a system: ``python -m aura_ros.bench.fuser.cell NAME``.

Seeds from 1000 on are for development: the benchmark reports 0 to 19.
"""

from __future__ import annotations

import os
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from aura_ros.bench.fuser.job import Outcome
from aura_ros.bench.fuser.pool import run_jobs
from aura_ros.bench.fuser.scenario import CELLS
from aura_ros.parallel import pool

COLUMNS = {
    "rmse": "rmse (mrad)", "lag": "lag (ms)", "starved": "starved (%)",
    "worst_velocity": "v", "worst_acceleration": "a", "worst_jerk": "j",
    "rms_jerk": "RMS jerk",
}  # fmt: skip
SCALE = {"rmse": 1e3, "lag": 1e3, "starved": 1e2}
MORE = ("violations", "starved_inside", "gripper", "refused", "plans", "solve", "tick")


def main(
    names: Annotated[list[str] | None, typer.Argument(help="cells; none: list them")] = None,
    seeds: Annotated[int, typer.Option(min=1)] = 4,
    first: Annotated[int, typer.Option(min=0)] = 1000,
    systems: Annotated[str, typer.Option(help="names, with commas; ours always runs")] = "all",
) -> None:
    """Run cells and print their means."""
    console = Console(width=120)
    if not names:
        console.print(" ".join(CELLS))
        raise typer.Exit(2)
    chosen = None if systems == "all" else [name for name in systems.split(",") if name]
    with pool(min(seeds, os.cpu_count() or 1)) as executor:
        for name in names:
            show(name, run_jobs(executor, [name], range(first, first + seeds), chosen), console)


def show(name: str, outcomes: list[Outcome], console: Console) -> None:
    """Print a table of means over seeds, and below it what only one system has."""
    table = Table("system", *COLUMNS.values(), title=name, title_justify="left", box=None)
    more = []
    for system in dict.fromkeys(o.system for o in outcomes):
        runs = [o for o in outcomes if o.system == system]
        means = {
            key: float(np.mean([o.figures.get(key, 0.0) for o in runs]))
            for key in sorted({key for o in runs for key in o.figures})
        }
        table.add_row(system, *[f"{means[key] * SCALE.get(key, 1.0):.4g}" for key in COLUMNS])
        words = [f"{key}={mean:.3g}" for key, mean in means.items() if key.startswith(MORE)]
        reactions = [reaction for o in runs for reaction in o.reactions_s]
        if reactions:
            p50, p95 = np.percentile(reactions, [50, 95])
            words.append(f"reaction_p50={p50:.3f} reaction_p95={p95:.3f}")
        if words:
            more.append(f"  {system}: {' '.join(words)}")
    console.print(table)
    for line in more:
        console.print(line, soft_wrap=True, highlight=False)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
