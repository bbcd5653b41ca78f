"""A few cells, for development: ``python -m aura_ros.bench.delay.cell ours --latency 400``.

Seeds from 1000 on, so that nothing is chosen on those that are reported.
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from aura_ros.bench.delay.experiment import Conditions, Grid
from aura_ros.bench.delay.measure import TABLE_WIDTH, run_system
from aura_ros.bench.delay.report import Report
from aura_ros.bench.delay.systems import maker
from aura_ros.bench.loop.pool import outcomes


def main(
    systems: Annotated[list[str], typer.Argument(help="names as in the table")],
    task: Annotated[list[str], typer.Option()] = ["pick_place"],  # noqa: B006
    latency: Annotated[list[int], typer.Option(help="[ms]")] = [100, 200, 400, 800],  # noqa: B006
    seeds: Annotated[int, typer.Option(min=1)] = 4,
    first: Annotated[int, typer.Option(min=0)] = 1000,
    in_flight: Annotated[int, typer.Option(min=1)] = 1,
    target: Annotated[int, typer.Option(min=0, max=1, help="the object that is named")] = 0,
    episodes: Annotated[bool, typer.Option(help="print every episode")] = False,
) -> None:
    """Run them, and print the table."""
    for name in systems:
        maker(name)
    placed = tuple(range(first, first + seeds))
    grid = Grid(tuple(systems), tuple(task), tuple(latency), placed, target)
    console, jobs = Console(width=TABLE_WIDTH), grid.jobs()
    done = dict(track(outcomes(run_system, jobs, Conditions(in_flight=in_flight)), total=len(jobs)))
    for job in jobs if episodes else ():
        console.print(escape(f"{job}: {done[job]}"))
    console.print(escape(Report(grid, done).table(TABLE_WIDTH)))


if __name__ == "__main__":
    typer.run(main)
